/**
 * Gives the source back, or finishes the way forward: which of the two, the target's ledger decides, never the error that led
 * here (style section 3). The door on the target is closed first, so that no cutover that still runs can flip afterwards.
 */
import * as z from 'zod';
import type { CutoverFacts } from '../contract/cutover';
import type { Input, Output } from '../contract/payloads';
import { CutoverAborted, NotReady, PastTheFlip } from '../errors';
import { isTurned, readLedger } from '../platform/ledger';
import { HOME_DATABASE } from '../platform/names';
import { call, databases, serverFacts } from '../platform/payload';
import type { Server, Session } from '../platform/postgres';
import { endPredecessors } from '../platform/predecessors';
import { removeWayBack } from '../platform/way-back';
import type { World } from '../platform/world';
import { sendCanary } from './canary';
import { finishForward } from './forward';
import { liftFence, type Verdict } from './lift-fence';
import { settleOn } from './settle';
import { hostsOf, type Stage } from './stage';

/** Input of `give-back`. */
export const giveBackInput = call.extend({
  epoch: z.string().regex(/^\d+$/).nullable(),
  source: serverFacts,
  target: serverFacts.nullable(),
  databases,
  reason: z.string(),
});

/** What became of a migration whose cutover did not end well. */
export interface GivenBack {
  readonly outcome: 'given-back' | 'finished';
  readonly detail: string;
}

/** What giving back is made of beside the servers. */
export type GiveBackInput = Pick<Input<'give-back'>, 'epoch' | 'databases' | 'source' | 'target'>;

/** Opens the servers, gives back, and keeps what was done as evidence. */
export async function giveBack(input: Input<'give-back'>, world: World): Promise<Output<'give-back'>> {
  const source = await world.openSource(input.source);
  // A target that does not answer is no reason to keep the source fenced, unless it may have flipped: the source knows.
  const target = await world.openTargetIfThere(input.target);
  const result = await giveBackOn(source, target, input, world);
  world.log.fact('cutover ended', { outcome: result.outcome });
  if (result.outcome === 'finished' && target !== null && input.target !== null) {
    await sendCanary(world, { source: input.source, target: input.target }, target);
  }
  const report = await world.keepEvidence('give-back', { ...result, reason: input.reason });
  return { ...result, report };
}

/**
 * Ends what a killed cutover left running, then gives back what the cutover called with `epoch` began, or completes and
 * settles it when it had flipped; without an epoch, what the calling execution began. `target` is null when it does not
 * answer. Throws `Blocked` and changes nothing when the ledger has moved on, `NotReady` when only the target could tell.
 */
export async function giveBackOn(
  source: Server<'source'>,
  target: Server<'target'> | null,
  input: GiveBackInput,
  world: World,
): Promise<GivenBack> {
  const sourceHome = await source.home();
  await endPredecessors(sourceHome, world.migrationId, 'cutover');
  const targetHome = target === null ? null : await target.home();
  if (targetHome !== null) await endPredecessors(targetHome, world.migrationId, 'cutover');
  const verdict = await liftFence(world, { sourceHome, targetHome }, input.epoch);
  if (verdict.outcome === 'given-back') {
    await closeWayBack({ source, target }, verdict, input.databases, world);
    return { outcome: verdict.outcome, detail: verdict.detail };
  }
  await finish(world, { sourceHome, targetHome }, input, verdict);
  if (target !== null) await settleOn(source, target, input.databases, world);
  return { outcome: 'finished', detail: verdict.detail };
}

/**
 * A way back that was prepared for a flip that did not happen goes again. It is looked for only where the configuration asks for
 * one and the ledger stands where giving back left it: whatever began since then is not ours to take away.
 */
async function closeWayBack(
  { source, target }: { readonly source: Server<'source'>; readonly target: Server<'target'> | null },
  { epoch }: Verdict & { outcome: 'given-back' },
  databases: readonly string[],
  world: World,
): Promise<void> {
  if (epoch === null || world.environment.policy.rollback.windowHours === 0) return;
  const row = await readLedger(await source.home(), world.migrationId);
  if (row === null || row.epoch !== epoch || isTurned(row)) return;
  await removeWayBack({ source, target }, databases, world.migrationId);
}

async function finish(
  world: World,
  homes: { readonly sourceHome: Session<'source'>; readonly targetHome: Session<'target'> | null },
  { source, target }: Pick<GiveBackInput, 'source' | 'target'>,
  verdict: Verdict & { outcome: 'flipped' },
): Promise<CutoverFacts> {
  const { sourceHome, targetHome } = homes;
  if (targetHome === null || target === null) throw new PastTheFlip('a target that is not known has flipped');
  return finishForward({ world, sourceHome, targetHome, hosts: await hostsOf(world, { source, target }) }, verdict.row);
}

/**
 * Gives the source back within the cutover's own invocation; the state machine does the same for one that is killed. Sessions
 * of its own, because those of the cutover may be what failed. Answers when the flip had happened after all, else throws.
 */
export async function giveBackAfter(stage: Stage, error: unknown): Promise<CutoverFacts> {
  if (error instanceof PastTheFlip) throw error;
  const { world, instances } = stage;
  let flipped = false;
  try {
    const sourceHome = await stage.source.another(HOME_DATABASE);
    const targetHome = await stage.target.another(HOME_DATABASE).catch((unreachable: unknown) => {
      if (unreachable instanceof NotReady) return null;
      throw unreachable;
    });
    const verdict = await liftFence(world, { sourceHome, targetHome }, stage.epoch);
    flipped = verdict.outcome === 'flipped';
    if (verdict.outcome === 'flipped') return await finish(world, { sourceHome, targetHome }, instances, verdict);
    // The step `give-back` does it again: what fails here is no reason to tell anything else than why the cutover failed.
    const sides = { source: stage.source, target: targetHome === null ? null : stage.target };
    await closeWayBack(sides, verdict, stage.names, world).catch(() => undefined);
  } catch (second) {
    if (flipped) throw second;
    const both = new AggregateError(
      [error, second],
      'the cutover failed, and giving the source back did not succeed yet',
    );
    // Whoever is called next asks the ledgers again: which side of the flip it is, is not known here.
    throw aborted(both);
  }
  throw aborted(error);
}

/** What to throw for an error before the flip: `CutoverAborted`, with the reason in words. */
function aborted(error: unknown): CutoverAborted {
  if (error instanceof CutoverAborted) return error;
  const reason = error instanceof Error ? error.message : 'an unknown failure';
  return new CutoverAborted(`the cutover failed before the flip: ${reason}`, { cause: error });
}
