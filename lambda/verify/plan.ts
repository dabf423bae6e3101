/**
 * Plans the verification: opens the tap of every database, waits until the target stands behind it, then queues every range of
 * every table. Planning again within one epoch changes nothing while its taps can still be read.
 */
import type { Input, Output } from '../contract/payloads';
import { guarded } from '../platform/ledger';
import { followSource, moveEverywhere } from '../platform/ledger-follow';
import { mergeFacts } from '../platform/ledger-sql';
import { joinRoles } from '../platform/memberships';
import { bothSides, claimedCall, databases } from '../platform/payload';
import type { Server, Session } from '../platform/postgres';
import { endPredecessors } from '../platform/predecessors';
import { emptyQueue, enqueue } from '../platform/queue';
import type { World } from '../platform/world';
import { passBarrier, raiseBarrier } from '../proof/barrier';
import { dropTap, openTap, tapIsOpen } from '../proof/change-tap';
import { beginPendingKeys } from '../proof/pending-keys';
import { pinSettings } from '../proof/row-hash';
import { listTables } from '../proof/tables';
import { NOT_PLANNED, type PlanFacts, readPlan } from './plan-facts';
import { VERIFY_QUEUE, type WorkItem } from './queue';
import { cutTable } from './ranges';
import { ownersOfClosedSequences } from './sql';

/** Input of `plan-verification`. */
export const planInput = claimedCall.extend({ ...bothSides, databases });

/** Longest wait for the target to pass the tap's beginning. */
const BARRIER_MS = 120_000;

/** Opens both servers and plans. */
export async function plan(input: Input<'plan-verification'>, world: World): Promise<Output<'plan-verification'>> {
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  return planOn(source, target, input.databases, world);
}

/**
 * Plans the verification of every database and returns how much there is to do and the workers' numbers. From here on the
 * phase is `replicating`: what an earlier verification proved is forgotten with its taps.
 */
export async function planOn(
  source: Server<'source'>,
  target: Server<'target'>,
  names: readonly string[],
  world: World,
): Promise<Output<'plan-verification'>> {
  const [sourceHome, home] = await Promise.all([source.home(), target.home()]);
  await endPredecessors(sourceHome, world.migrationId, world.step);
  await endPredecessors(home, world.migrationId, world.step);
  const expected = world.expect('replicating', 'verified');
  const ledger = await followSource(sourceHome, home, expected);
  const workers = Array.from({ length: world.environment.policy.verifyWorkers }, (_, index) => index);
  const known = readPlan(ledger, world.epoch);
  if (known !== null && (await tapsAreOpen(source, names, world))) return { ...known, workers };

  await begin(source, target, names, world);
  const planned = await Promise.all(names.map((database) => planDatabase(world, source, target, database)));
  const items = planned.flat().sort((left, right) => right.table.bytes - left.table.bytes);
  const bytes = items.reduce((sum, item) => sum + (item.range.from === null ? item.table.bytes : 0), 0);
  const facts: PlanFacts = { epoch: world.epoch, items: items.length, bytes };
  await guarded(home, world.expect('replicating'), async () => {
    await home.execute(emptyQueue(VERIFY_QUEUE));
    await home.execute(enqueue(VERIFY_QUEUE, items));
    await home.execute(mergeFacts(world.migrationId, { verification: facts }));
  });
  world.log.fact('verification planned', { items: items.length, bytes });
  return { items: items.length, bytes, workers };
}

/** Nothing counts as proved or planned any more, before the first tap is dropped. */
async function begin(
  source: Server<'source'>,
  target: Server<'target'>,
  names: readonly string[],
  world: World,
): Promise<void> {
  const expected = world.expect('replicating', 'verified');
  await moveEverywhere(source, names, expected, 'replicating');
  const home = await target.home();
  await guarded(home, expected, async () => {
    await home.execute(emptyQueue(VERIFY_QUEUE));
    await home.execute(mergeFacts(world.migrationId, NOT_PLANNED));
  });
  await moveEverywhere(target, names, expected, 'replicating');
  for (const name of names) {
    await holdSequences(await source.home(), await source.session(name), ['select'], world);
    await holdSequences(home, await target.session(name), ['select', 'update'], world);
  }
}

/** A sequence that stands alone belongs to nobody whose tables were joined: the cutover must read and set it all the same. */
async function holdSequences(
  home: Session,
  session: Session,
  privileges: readonly string[],
  world: World,
): Promise<void> {
  const owners = await session.query<{ owner: string }>(ownersOfClosedSequences(privileges));
  if (owners.length === 0) return;
  await guarded(home, world.expect('replicating'), () =>
    joinRoles(
      home,
      owners.map(({ owner }) => owner),
    ),
  );
}

async function tapsAreOpen(source: Server<'source'>, names: readonly string[], world: World): Promise<boolean> {
  const open = await Promise.all(names.map(async (name) => tapIsOpen(await source.session(name), world.migrationId)));
  return !open.includes(false);
}

async function planDatabase(
  world: World,
  sourceServer: Server<'source'>,
  targetServer: Server<'target'>,
  database: string,
): Promise<WorkItem[]> {
  const [source, target] = await Promise.all([sourceServer.another(database), targetServer.another(database)]);
  await Promise.all([pinSettings(source), pinSettings(target)]);
  // A tap of an earlier comparison lists keys since then: begin anew.
  await dropTap(source, world.migrationId);
  await openTap(source, world.migrationId);
  const marker = { kind: 'verify', epoch: world.epoch, execution: world.call.execution };
  await passBarrier({ source, target }, await raiseBarrier(source, marker), BARRIER_MS);
  await beginPendingKeys(target);
  const items: WorkItem[] = [];
  for (const table of await listTables(source)) {
    if (table.root) continue;
    for (const range of await cutTable(source, table)) items.push({ database, table, range });
  }
  await Promise.all([source.close(), target.close()]);
  return items;
}
