/**
 * The canary: when the switch is turned and the outage over, it follows the switch anew, as an application does, and must land on
 * the server that flipped. A switch that says the target is not yet a way there: resolvers keep names, groups are closed.
 */

import type { BothSides } from '../contract/call';
import type { CanaryFacts, CutoverFacts } from '../contract/cutover';
import { NotReady, PastTheFlip } from '../errors';
import { knock } from '../platform/knock';
import { readLedger } from '../platform/ledger';
import { HOME_DATABASE } from '../platform/names';
import type { Server } from '../platform/postgres';
import { applicationSwitch, describeSwitch } from '../platform/switch';
import { sideOf } from '../platform/switch-kind';
import type { World } from '../platform/world';
import { isPast } from './flip-facts';
import * as sql from './sql';
import { type Hosts, hostsOf } from './stage';

/** Longest flight beyond the time that a resolver may keep a record: connections, a proxy, a hook that is cold. */
const PATIENCE_MS = 15_000;

/** What the function must have left to say what was found. */
const RESERVE_MS = 10_000;

/** Pause between two attempts. */
const LOOK_MS = 250;

/** A canary is a client of its own: it waits for nobody. */
const TIMEOUTS = { statementMs: 5_000, lockMs: 1_000 } as const;

/** Where the canary is sent. */
interface Flight {
  readonly world: World;
  readonly hosts: Hosts;
  readonly target: Server<'target'>;
  /** Of the flip. */
  readonly epoch: string;
}

/** Sends the canary after a cutover and keeps what it found as evidence, beside the cutover's own facts. */
export async function withCanary(
  world: World,
  sides: BothSides,
  target: Server<'target'>,
  facts: CutoverFacts,
): Promise<CutoverFacts> {
  return { ...facts, canary: await sendCanary(world, sides, target) };
}

/**
 * Follows the switch until the canary lands on the target, as long as a record may be kept and some seconds. Throws `PastTheFlip`
 * with what was found when it does not land, `NotReady` when the function has no time to wait that long.
 */
export async function sendCanary(
  world: World,
  sides: BothSides,
  target: Server<'target'>,
  patienceMs: number = world.environment.policy.recordTtlSeconds * 1000 + PATIENCE_MS,
): Promise<CanaryFacts> {
  const epoch = await epochOfFlip(world, target);
  const flight = { world, hosts: await hostsOf(world, sides), target, epoch };
  const startedAt = performance.now();
  const passedMs = () => Math.round(performance.now() - startedAt);
  // Ends with a landing, or by one of the two clocks.
  for (let looks = 1; ; looks += 1) {
    const { how, found } = await tryOnce(flight);
    if (how !== null) {
      const facts: CanaryFacts = { how, looks, ms: passedMs() };
      world.log.fact('canary landed', { ...facts });
      await world.keepEvidence('canary', { ...facts, epoch, switch: world.environment.switch.kind });
      return facts;
    }
    if (passedMs() >= patienceMs) throw lost(world, found, passedMs());
    if (world.remainingMs() < RESERVE_MS) {
      throw new NotReady(`the canary has not landed on the target yet: ${found}; it is sent again`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function epochOfFlip(world: World, target: Server<'target'>): Promise<string> {
  const row = await readLedger(await target.home(), world.migrationId);
  if (row !== null && isPast(row)) return row.epoch;
  throw new Error(`no canary is sent to a target in phase ${row?.phase ?? 'none'}, it has not flipped`);
}

function lost(world: World, found: string, ms: number): PastTheFlip {
  const { what } = applicationSwitch(world.environment);
  return new PastTheFlip(
    `the target is live and the switch is turned, but the canary that followed ${what} did not land there within ${ms} ms: ` +
      `${found}; look at name resolution, security groups and the switch, and lead the applications to the target`,
  );
}

/** `how` is null when it did not land; `found` says where it ended. */
async function tryOnce(flight: Flight): Promise<{ how: CanaryFacts['how'] | null; found: string }> {
  try {
    const { environment } = flight.world;
    return environment.switch.kind === 'rds-proxy' ? await throughTheProxy(flight) : await toTheServer(flight);
  } catch (error) {
    return { how: null, found: error instanceof Error ? error.message : 'an unknown failure' };
  }
}

/** Nobody but the proxy's own clients can log in: its door must open, and the target alone must stand behind it. */
async function throughTheProxy({ world: { environment }, hosts }: Flight) {
  const followed = applicationSwitch(environment);
  const [{ host, port }, facts] = await Promise.all([followed.follow(), followed.look(hosts)]);
  if (facts.pointsTo !== 'target') return { how: null, found: describeSwitch(facts) };
  if (host === null || port === null) return { how: null, found: 'the proxy has no endpoint' };
  await knock({ host, port, trustedCa: environment.trustedCa });
  return { how: 'proxy' as const, found: 'the proxy' };
}

/** The password goes to the target's own name only, with its certificate verified: who is led elsewhere does not connect. */
async function toTheServer({ world, hosts, target, epoch }: Flight) {
  const { host, port } = await applicationSwitch(world.environment).follow();
  const side = sideOf(host, hosts);
  if (side !== 'target') return { how: null, found: `it was led to ${side === 'source' ? 'the source' : side}` };
  if (port !== null && port !== hosts.targetPort)
    return { how: null, found: `it was led to port ${port} of the target` };
  const session = await target.another(HOME_DATABASE, TIMEOUTS);
  try {
    const row = await readLedger(session, world.migrationId);
    if (row === null || !isPast(row) || row.epoch !== epoch) {
      return { how: null, found: `it landed on a server that did not flip at epoch ${epoch}` };
    }
    const { open } = await session.one<{ open: boolean }>(sql.openToWrites);
    return open ? { how: 'server' as const, found: 'the target' } : { how: null, found: 'the target takes no writes' };
  } finally {
    await session.close();
  }
}
