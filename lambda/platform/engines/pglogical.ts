/**
 * pglogical's stream with Sealift's own rows (decision 24). pglogical cannot start at an LSN of ours, so its subscription is made while
 * it subscribes to nothing, and stopped when slot and origin exist; the slot is made anew with the snapshot that the rows are copied
 * under, and the origin is set to where that begins:
 *
 *   source   node, sets, tables in them ............ slot + snapshot of one point S ... rows under it
 *   target   node, subscription to no set -> ready -> disabled, our sets added ........ origin = S, enabled
 *
 * That is exactly what the native engine does with its subscription, and as exact (facts C17).
 */
import * as z from 'zod';
import { Blocked, NotReady } from '../../errors';
import { guarded, readLedger } from '../ledger';
import { mergeFacts } from '../ledger-sql';
import { connectionFor } from '../make-subscription';
import { pglogicalNode, pglogicalSubscription, replicationRole, streamName } from '../names';
import type { Session } from '../postgres';
import type { World } from '../world';
import type { Engine, FollowerState, Following, Offer } from './engine';
import { addToSet, ensureExtension, ensureNode, ensureSet, ensureUsage } from './pglogical-place';
import * as sql from './pglogical-sql';

/** How long the subscription's worker may take to make slot and origin: its slot waits for writers (facts A12). */
const READY_MS = 60_000;
const STOP_MS = 20_000;
const ASK_MS = 200;

/** pglogical starts a worker that failed again after five seconds at the earliest, and three minutes at the latest (facts C14). */
const RETRY_SECONDS = 5;

const sourceFacts = z.object({ slot: z.string() });
const targetFacts = z.object({ slot: z.string(), startLsn: z.string().optional() });

/** Names of the two sets of a database: of all changes, and of new rows alone. */
export function setNames(migrationId: string, database: string): { readonly all: string; readonly inserts: string } {
  const name = streamName(migrationId, database);
  return { all: name, inserts: `${name}_inserts` };
}

/** The engine. */
export const PGLOGICAL_ENGINE: Engine = {
  name: 'pglogical',
  retrySeconds: RETRY_SECONDS,
  holdsSlot: true,
  outputPlugin: 'pglogical_output',
  slotOf,
  offer,
  joins: true,
  join,
  assertCapacity,
  followerName: pglogicalSubscription,
  enableCommand: (migrationId, database) =>
    `select pglogical.alter_subscription_enable('${pglogicalSubscription(migrationId, database)}')`,
  follow,
  follows,
  wake,
  conclude: async () => undefined,
  state,
};

function slotOf(facts: Readonly<Record<string, unknown>>, _migrationId: string, database: string): string {
  const known = sourceFacts.safeParse(facts.pglogical);
  if (known.success) return known.data.slot;
  throw new Blocked(
    `the ledger of source database ${JSON.stringify(database)} names no slot of pglogical, prepare the source first`,
  );
}

async function offer(session: Session<'source'>, { expected, tables }: Offer): Promise<void> {
  const { migrationId } = expected;
  const { database } = session;
  await ensureExtension(session, expected);
  // Nobody connects by what a provider's node says of itself: subscribers bring their own.
  const own = { name: pglogicalNode(migrationId, 'source'), connection: 'application_name=sealift' };
  const node = await ensureNode(session, expected, own);
  await ensureUsage(session, expected, replicationRole(migrationId));
  const sets = setNames(migrationId, database);
  await ensureSet(session, expected, { name: sets.all, changes: 'all' });
  await ensureSet(session, expected, { name: sets.inserts, changes: 'inserts' });
  const found = await session.query<{ schema: string; name: string }>(sql.tablesOfSets([sets.all, sets.inserts]));
  const there = new Set(found.map(keyOf));
  const wanted = [{ schema: 'sealift', name: 'marker', changes: 'all' as const }, ...tables];
  for (const table of wanted) {
    if (!there.has(keyOf(table))) await addToSet(session, expected, sets[table.changes], table);
  }
  const { slot } = await session.one<{ slot: string }>(
    sql.slotNameFor(node, pglogicalSubscription(migrationId, database)),
  );
  await guarded(session, expected, () => session.execute(mergeFacts(migrationId, { pglogical: { slot } })));
}

function keyOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([schema, name]);
}

interface Subscription {
  readonly status: string;
  readonly slot: string;
  readonly provider: string;
  readonly sets: readonly string[];
  readonly ready: boolean;
  readonly hasOrigin: boolean;
}

async function subscriptionOf(session: Session<'target'>, migrationId: string): Promise<Subscription | null> {
  const { installed } = await session.one<{ installed: boolean }>(sql.extensionFacts);
  if (!installed) return null;
  const name = pglogicalSubscription(migrationId, session.database);
  const [found] = await session.query<Subscription>(sql.subscriptionFacts(name));
  return found ?? null;
}

/**
 * pglogical tries the connection of its own node when a subscription is made, and uses it for an initial copy alone, which there is none
 * of: so the node names the one connection that is needed anyway, and nobody has to be let into the target (facts C21).
 */
async function join(session: Session<'target'>, following: Following): Promise<void> {
  const { world } = following;
  const { migrationId } = world;
  const { database } = session;
  const expected = world.expect('seeding');
  await ensureExtension(session, expected);
  const connection = connectionToSource(session, following);
  const own = { name: pglogicalNode(migrationId, 'target'), connection };
  const node = await ensureNode(session, expected, own);
  if (node !== own.name) {
    throw new Blocked(
      `target database ${JSON.stringify(database)} has pglogical node ${node}, which this migration did not make, and a ` +
        'database has one node: drop it, or configure engine native',
    );
  }
  const name = pglogicalSubscription(migrationId, database);
  const sets = setNames(migrationId, database);
  const found = await subscriptionOf(session, migrationId);
  if (found?.sets.includes(sets.all) === true) return;
  if (found === null) await makeSubscription(session, connection, world);
  const { slot } = await untilReady(session, migrationId);
  await session.execute(sql.disableSubscription(name));
  await untilStopped(session, migrationId);
  await guarded(session, expected, async () => {
    for (const set of [sets.inserts, sets.all]) await session.execute(sql.addSet(name, set));
    await session.execute(mergeFacts(migrationId, { pglogical: { slot } }));
  });
  world.log.fact('pglogical subscription made', { database, subscription: name });
}

async function makeSubscription(session: Session<'target'>, connection: string, world: World): Promise<void> {
  const name = pglogicalSubscription(world.migrationId, session.database);
  await guarded(session, world.expect('seeding'), async () => {
    await session.query(sql.handConnection(connection));
    await session.execute(sql.createSubscription(name));
  });
}

function connectionToSource(session: Session, { world, replication, sourceEndpoint }: Following): string {
  const { replicationConnection } = world.environment.policy;
  return connectionFor(world, session.database, sourceEndpoint, replication, replicationConnection);
}

/** Ends when slot and origin are made, or at the deadline: somebody writes on the source for long, or the target has no worker. */
async function untilReady(session: Session<'target'>, migrationId: string): Promise<Subscription> {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    const found = await subscriptionOf(session, migrationId);
    if (found?.ready === true && found.hasOrigin) return found;
    if (Date.now() > deadline) {
      throw new NotReady(
        `the pglogical subscription of target database ${JSON.stringify(session.database)} is ${found?.status ?? 'gone'} and has ` +
          'no slot yet: it waits for transactions that write on the source, or its worker does not run; it is tried again',
      );
    }
    await pause();
  }
}

/** An origin that a worker holds cannot be set. */
async function untilStopped(session: Session<'target'>, migrationId: string): Promise<void> {
  const deadline = Date.now() + STOP_MS;
  for (;;) {
    const found = await subscriptionOf(session, migrationId);
    const { running } = await session.one<{ running: number }>(sql.applyWorkers);
    if (found?.status === 'disabled' && running === 0) return;
    if (Date.now() > deadline) {
      throw new NotReady(
        `the pglogical worker of target database ${JSON.stringify(session.database)} does not stop, it is tried again`,
      );
    }
    await pause();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ASK_MS));
}

/** A supervisor, and for each database a manager and a worker (manual of pglogical, "Prerequisites"). */
async function assertCapacity(home: Session<'target'>, missing: number): Promise<void> {
  const found = await home.one<{
    workerProcesses: number;
    origins: number;
    conflictResolution: string | null;
    trackCommitTimestamp: string;
  }>(sql.capacity);
  const wrong: string[] = [];
  const workers = 1 + 2 * missing;
  if (found.workerProcesses < workers) {
    wrong.push(`max_worker_processes is ${found.workerProcesses}, ${workers} are needed`);
  }
  if (found.origins < missing) wrong.push(`max_replication_slots is ${found.origins}, ${missing} are needed`);
  if (found.conflictResolution !== 'error') {
    wrong.push(`pglogical.conflict_resolution is ${found.conflictResolution ?? 'not known'}, error is needed`);
  }
  if (found.trackCommitTimestamp !== 'off') {
    wrong.push(`track_commit_timestamp is ${found.trackCommitTimestamp}, off is needed`);
  }
  if (wrong.length === 0) return;
  throw new Blocked(`the ${home.side} cannot follow: ${wrong.join('; ')}; set it in its parameter group and reboot it`);
}

/** The place is kept with the ledger, so that it is set once; setting it twice before the first change flowed is no error. */
async function follow(session: Session<'target'>, startLsn: string, { world }: Following): Promise<boolean> {
  const { migrationId } = world;
  const { database } = session;
  const name = pglogicalSubscription(migrationId, database);
  return guarded(session, world.expect('seeding', 'replicating'), async ({ facts }) => {
    const found = await subscriptionOf(session, migrationId);
    const known = targetFacts.safeParse(facts.pglogical);
    if (found === null || !known.success || known.data.slot !== found.slot) {
      throw new Blocked(
        `the pglogical subscription ${name} of target database ${JSON.stringify(database)} is ` +
          `${found === null ? 'gone' : 'not the one that was made'}, release the migration and start again`,
      );
    }
    const placed = known.data.startLsn === startLsn;
    if (!placed) {
      if (found.status !== 'disabled') {
        throw new Blocked(`pglogical subscription ${name} runs and was not started by this migration, disable it`);
      }
      await session.query(sql.advanceOrigin(found.slot, startLsn));
      await session.execute(mergeFacts(migrationId, { pglogical: { slot: found.slot, startLsn } }));
    }
    if (found.status === 'disabled') await session.execute(sql.enableSubscription(name));
    return !placed;
  });
}

/** What was only joined is disabled. */
async function follows(session: Session<'target'>, migrationId: string): Promise<boolean> {
  const found = await subscriptionOf(session, migrationId);
  if (found === null || found.status === 'disabled') return false;
  const row = await readLedger(session, migrationId);
  return targetFacts.safeParse(row?.facts.pglogical).data?.startLsn !== undefined;
}

/** To change a subscription wakes the manager, which starts what is down. */
async function wake(session: Session<'target'>, migrationId: string): Promise<void> {
  const found = await subscriptionOf(session, migrationId);
  if (found?.status !== 'down') return;
  await session.execute(sql.enableSubscription(pglogicalSubscription(migrationId, session.database)));
}

/** Nobody counts its failures, but it is started again by the clock. */
async function state(session: Session<'target'>, migrationId: string): Promise<FollowerState | null> {
  const found = await subscriptionOf(session, migrationId);
  if (found === null) return null;
  const working = found.status === 'replicating' || found.status === 'initializing';
  return { enabled: found.status !== 'disabled', working, failures: null };
}
