/** Everything that a cutover holds open before the fence: sessions, taps, lists of tables; nothing is opened in the outage. */

import type { BothSides } from '../contract/call';
import type { Approval } from '../contract/cutover';
import type { Input } from '../contract/payloads';
import type { Engine } from '../platform/engines/engine';
import { carrierOf } from '../platform/engines/engines';
import { isTurned, readLedger } from '../platform/ledger';
import type { Server, Session, Timeouts } from '../platform/postgres';
import type { World } from '../platform/world';
import { catalogDigest } from '../proof/catalog-digest';
import { ChangeTap } from '../proof/change-tap';
import type { ChangedKeys } from '../proof/changed-keys';
import type { Pair } from '../proof/compare';
import { readPendingKeys } from '../proof/pending-keys';
import { pinSettings } from '../proof/row-hash';
import type { Settling } from '../proof/settle-keys';
import { listTables, relationOf } from '../proof/tables';
import { sequences as readSequences, type SequenceName } from './sql';
import { planWayBack, type WayBackPlan } from './way-back-plan';

/** What a cutover is made of beside the servers. */
export type CutoverInput = Pick<Input<'cutover'>, 'epoch' | 'databases' | 'source' | 'target' | 'approval'>;

/** One database on both sides. */
export interface DatabaseStage extends Settling {
  readonly name: string;
  /** The slot on the source that carries its changes. */
  readonly slot: string;
  /** How they follow. */
  readonly engine: Engine;
  /** Barrier and comparison. */
  readonly pair: Pair;
  /** Sequences and the slot's confirmation, side by side with the comparison. */
  readonly aside: Pair;
  /** Large objects; null when they are not copied. */
  readonly objects: Pair | null;
  /** The source's catalogue, before it was compared with the target's: it must be the same behind the fence. */
  readonly catalog: string;
  /** The source's sequences, read after `catalog`: whoever makes or drops one later changes that. */
  readonly sequences: readonly SequenceName[];
  /** Keys to be compared under the fence; grows until the gate. */
  readonly pending: ChangedKeys;
}

/** Where the two sides are reached: what the record holds before the switch, and after it. */
export interface Hosts {
  readonly source: string;
  readonly target: string;
  readonly targetPort: number;
  /** Instance identifiers. */
  readonly instances: { readonly source: string; readonly target: string };
}

/** The host names of both sides, in lower case as records hold them. */
export async function hostsOf(world: World, { source, target }: BothSides): Promise<Hosts> {
  const [left, right] = await Promise.all([world.endpointOf(source), world.endpointOf(target)]);
  return {
    source: left.host.toLowerCase(),
    target: right.host.toLowerCase(),
    targetPort: right.port,
    instances: { source: source.instanceId, target: target.instanceId },
  };
}

/** A cutover's world. */
export interface Stage {
  readonly world: World;
  readonly instances: BothSides;
  /** Host names, in lower case as records hold them. */
  readonly hosts: Hosts;
  readonly names: readonly string[];
  readonly source: Server<'source'>;
  readonly target: Server<'target'>;
  readonly sourceHome: Session<'source'>;
  readonly targetHome: Session<'target'>;
  readonly databases: DatabaseStage[];
  /** The epoch of the call; the fence makes it the next one on the source, the flip on the target. */
  readonly epoch: string;
  readonly fencedEpoch: string;
  /** The applications return: see `isTurned`. */
  readonly turned: boolean;
  /** Null when no way back is to be prepared. */
  readonly wayBack: WayBackPlan | null;
  /** Null when nobody was asked. */
  readonly approval: Approval | null;
}

/** Longest wait of a barrier while writes still flow. */
const BARRIER_MS = 60_000;

/** Every large object is read in one statement; the budget ends it in the outage. */
const OBJECT_TIMEOUTS: Timeouts = { statementMs: 200_000, lockMs: 5_000 };

/** The stage of a cutover before its databases are opened. */
export async function openStage(
  source: Server<'source'>,
  target: Server<'target'>,
  input: CutoverInput,
  world: World,
): Promise<Stage> {
  const [sourceHome, targetHome, hosts] = await Promise.all([source.home(), target.home(), hostsOf(world, input)]);
  const row = await readLedger(sourceHome, world.migrationId);
  const turned = row !== null && isTurned(row);
  return {
    world,
    hosts,
    instances: { source: input.source, target: input.target },
    names: input.databases,
    source,
    target,
    sourceHome,
    targetHome,
    databases: [],
    epoch: input.epoch,
    fencedEpoch: nextEpoch(input.epoch),
    turned,
    wayBack: turned ? null : await planWayBack(world, input.target),
    approval: input.approval ?? null,
  };
}

/** Opens the sessions and the tap of every database; the keys left by the verification become pending. */
export async function openDatabases(stage: Stage): Promise<void> {
  stage.databases.push(...(await Promise.all(stage.names.map((name) => openDatabase(stage, name)))));
}

/** Ends the streams of the taps; their slots stay. Never throws. */
export async function closeTaps(stage: Stage): Promise<void> {
  await Promise.all(stage.databases.map(({ tap }) => tap.close()));
}

async function openDatabase(stage: Stage, name: string): Promise<DatabaseStage> {
  const { world } = stage;
  const [pair, aside] = await Promise.all([openPair(stage, name), openPair(stage, name)]);
  const catalog = await catalogDigest(pair.source);
  const sequences = await pair.source.query<SequenceName>(readSequences);
  const tables = await listTables(pair.source);
  const tap = await ChangeTap.follow(stage.source, { database: name, migrationId: world.migrationId, tables });
  return {
    name,
    ...(await carrierOf(pair.source, world.migrationId)),
    pair,
    aside,
    objects: world.environment.policy.largeObjects === 'copy' ? await openPair(stage, name, OBJECT_TIMEOUTS) : null,
    catalog,
    sequences,
    tap,
    tables: new Map(tables.map((table) => [relationOf(table), table])),
    marker: { kind: 'cutover', epoch: stage.epoch, execution: world.call.execution },
    barrierMs: BARRIER_MS,
    pending: await readPendingKeys(pair.target),
  };
}

async function openPair({ source, target }: Stage, name: string, timeouts?: Timeouts): Promise<Pair> {
  const [left, right] = await Promise.all([source.another(name, timeouts), target.another(name, timeouts)]);
  await Promise.all([pinSettings(left), pinSettings(right)]);
  return { source: left, target: right };
}

/** The epoch after `epoch`. */
export function nextEpoch(epoch: string): string {
  return String(BigInt(epoch) + 1n);
}
