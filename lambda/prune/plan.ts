/**
 * Plans a pruning: counts what is old and what goes with it, decides the boundaries once, and queues the work. A preview does
 * the first in a transaction that is rolled back; planning again within one epoch changes nothing.
 */
import * as z from 'zod';
import type { Input, Output } from '../contract/payloads';
import type { PrunePolicy } from '../contract/prune';
import { Blocked } from '../errors';
import { assertCurrent, guarded, readLedger } from '../platform/ledger';
import { followHome } from '../platform/ledger-follow';
import { mergeFacts } from '../platform/ledger-sql';
import { joinRoles } from '../platform/memberships';
import { call, databases, serverFacts } from '../platform/payload';
import { BEFORE_SEEDING } from '../platform/phases';
import type { Server, Session } from '../platform/postgres';
import { sqlStateOf } from '../platform/postgres-error';
import { endPredecessors } from '../platform/predecessors';
import { calmPulseMs } from '../platform/pulse';
import { enqueue } from '../platform/queue';
import type { World } from '../platform/world';
import { decideEntries, readClock } from './boundary';
import { plannedEntry, refusalOf } from './estimate';
import { cutEntry } from './pieces';
import { modelOf, type PruneFacts, readFacts } from './plan-facts';
import { checkedPolicy, entriesOf } from './policy';
import { previewOn } from './preview';
import { emptyStages, type PruneItem, pruneQueue } from './queue';
import { ownersOf, readStructure } from './read-model';
import { countAllOrphans, countTables } from './survey';
import { warningsOf } from './warnings';

/** Input of `plan-prune`. */
export const planInput = call.extend({
  epoch: z.string().regex(/^\d+$/).nullable(),
  source: serverFacts,
  databases,
  mode: z.enum(['preview', 'decide', 'queue']),
});

/** A count reads whole tables; it ends this long before the Lambda does. */
const LAST_MS = 20_000;

/** Most warnings that travel in a state; all of them are in the evidence. */
const MOST_WARNINGS = 10;

/** Longest wait for a lock: reading asks for none that a writer holds. */
const LOCK_MS = 5_000;

/** Opens the source and plans. */
export async function plan(input: Input<'plan-prune'>, world: World): Promise<Output<'plan-prune'>> {
  return planOn(await world.openSource(input.source), input.databases, input.mode, world);
}

/** What a plan knows of one database. */
export interface PlannedDatabase {
  readonly name: string;
  readonly facts: PruneFacts;
  readonly warnings: readonly string[];
}

/** Plans the pruning of every database; throws `Blocked` for a policy that does not fit them. */
export async function planOn(
  source: Server<'source'>,
  names: readonly string[],
  mode: Input<'plan-prune'>['mode'],
  world: World,
): Promise<Output<'plan-prune'>> {
  const policy = checkedPolicy(world.environment.prune, names);
  const planned: PlannedDatabase[] = [];
  const closed: string[] = [];
  const concerned = names.filter((name) => entriesOf(policy, name).length > 0);
  if (mode === 'preview') {
    const clock = await readClock(await source.home());
    for (const name of concerned) {
      const session = await openUnlessClosed(source, name, world);
      if (session === null)
        closed.push(`database ${JSON.stringify(name)} opens only with the claim and is not counted here`);
      else planned.push(await previewOn(session, policy, clock));
    }
  } else {
    const home = await source.home();
    await endPredecessors(home, world.migrationId, world.step);
    const ledger = await assertCurrent(home, world.expect(...BEFORE_SEEDING));
    const decided = readFacts(ledger, world.epoch);
    const clock = decided?.clock ?? (await readClock(home));
    const calmMs = decided?.calmPulseMs ?? (await calmPulseMs(home));
    for (const name of concerned) {
      await followHome(home, await source.session(name), world.expect(...BEFORE_SEEDING));
      planned.push({ name, ...(await planDatabase(source, name, { mode, policy, clock, calmMs }, world)) });
    }
  }
  return answer(planned, closed, { policy, mode }, world);
}

async function open(source: Server<'source'>, database: string, world: World): Promise<Session<'source'>> {
  return source.another(database, { statementMs: Math.max(LAST_MS, world.remainingMs() - LAST_MS), lockMs: LOCK_MS });
}

/** A database whose owner must be joined to enter it is left out of a preview, which joins nobody for good. */
async function openUnlessClosed(
  source: Server<'source'>,
  name: string,
  world: World,
): Promise<Session<'source'> | null> {
  try {
    return await open(source, name, world);
  } catch (error) {
    if (sqlStateOf(error) !== '42501') throw error;
    return null;
  }
}

async function planDatabase(
  source: Server<'source'>,
  name: string,
  how: {
    readonly mode: 'decide' | 'queue';
    readonly policy: PrunePolicy;
    readonly clock: string;
    readonly calmMs: number;
  },
  world: World,
): Promise<Omit<PlannedDatabase, 'name'>> {
  const session = await open(source, name, world);
  const expected = world.expect(...BEFORE_SEEDING);
  const entries = entriesOf(how.policy, name);
  const structure = await readStructure(session, entries);
  const home = await source.home();
  await guarded(home, expected, async () => joinRoles(home, await ownersOf(session, structure)));
  const known = readFacts(await readLedger(session, world.migrationId), world.epoch);
  const decided = known ?? (await decide(session, structure, entries, how, world));
  const ordered = await readStructure(session, decided.entries);
  const model = modelOf(ordered, decided.entries);
  const warned = async (facts: PruneFacts) => ({ facts, warnings: await warningsOf(session, model, facts) });
  // What was queued is being worked off: another count would be of something else.
  if (known?.before != null) return warned(known);
  const counts = await countTables(session, model, true);
  refuse(decided, counts, how.policy);
  const before = { counts, orphans: how.mode === 'queue' ? await countAllOrphans(session, model) : [] };
  if (how.mode === 'decide') {
    await guarded(session, expected, () => session.execute(mergeFacts(world.migrationId, { prune: decided })));
    return warned({ ...decided, before });
  }
  return warned(await queue(session, model, { ...decided, before }, world));
}

async function decide(
  session: Session,
  structure: Awaited<ReturnType<typeof readStructure>>,
  entries: ReturnType<typeof entriesOf>,
  { policy, clock, calmMs }: { readonly policy: PrunePolicy; readonly clock: string; readonly calmMs: number },
  world: World,
): Promise<PruneFacts> {
  const { timeZone, tolerance } = policy;
  return {
    epoch: world.epoch,
    clock,
    timeZone,
    tolerance,
    calmPulseMs: calmMs,
    entries: await decideEntries(session, structure, entries, { clock, timeZone }),
    before: null,
    stages: [],
  };
}

function refuse(facts: PruneFacts, counts: NonNullable<PruneFacts['before']>['counts'], policy: PrunePolicy): void {
  const refusals = refusalsOf(facts, counts, policy);
  if (refusals.length > 0) throw new Blocked(refusals.join('; '));
}

function refusalsOf(
  facts: PruneFacts,
  counts: NonNullable<PruneFacts['before']>['counts'],
  policy: PrunePolicy,
): string[] {
  return facts.entries.flatMap((entry, index) => {
    const counted = counts[index];
    return counted === undefined ? [] : (refusalOf(entry, counted, policy) ?? []);
  });
}

/** Queues one stage per entry, in the order in which what points goes before what is pointed at. */
async function queue(
  session: Session,
  model: ReturnType<typeof modelOf>,
  facts: PruneFacts,
  world: World,
): Promise<PruneFacts> {
  const stages = facts.entries.map((_, entry) => ({ entry, round: 0 }));
  const pieces: PruneItem[][] = [];
  for (const [index, entry] of facts.entries.entries()) {
    const counted = facts.before?.counts[index];
    pieces.push(
      counted === undefined || counted.old === 0 ? [] : await cutEntry(session, model, entry, index, counted),
    );
  }
  const queued = { ...facts, stages };
  await guarded(session, world.expect(...BEFORE_SEEDING), async (row) => {
    // Another call may have queued meanwhile, and workers may have begun.
    if (readFacts(row, world.epoch)?.before != null) return;
    await session.execute(emptyStages);
    for (const [stage, items] of pieces.entries()) await session.execute(enqueue(pruneQueue(stage), items));
    await session.execute(mergeFacts(world.migrationId, { prune: queued }));
  });
  return readFacts(await readLedger(session, world.migrationId), world.epoch) ?? queued;
}

async function answer(
  planned: readonly PlannedDatabase[],
  closed: readonly string[],
  { policy, mode }: { readonly policy: PrunePolicy; readonly mode: Input<'plan-prune'>['mode'] },
  world: World,
): Promise<Output<'plan-prune'>> {
  const entries = planned.flatMap(({ facts }) =>
    facts.entries.flatMap((entry, index) => {
      const counted = facts.before?.counts[index];
      return counted === undefined ? [] : [plannedEntry(entry, counted)];
    }),
  );
  const unconfirmed = planned.flatMap(({ facts }) => refusalsOf(facts, facts.before?.counts ?? [], policy));
  const refusals = [...closed, ...unconfirmed];
  const warnings = planned.flatMap((one) => one.warnings);
  const instants = planned.flatMap(({ facts }) => facts.entries.map(({ instant }) => instant)).sort();
  const rows = entries.reduce((sum, entry) => sum + entry.rows, 0);
  const clock = planned[0]?.facts.clock ?? '';
  const report = await world.keepEvidence(`prune-${mode}`, { mode, clock, policy, refusals, databases: planned });
  world.log.fact('pruning planned', { mode, rows, tables: entries.length });
  const workers = Array.from({ length: policy.workers }, (_, index) => index);
  return {
    rows,
    clock,
    newestBoundary: instants.at(-1) ?? null,
    entries,
    refusals,
    warnings: warnings.slice(0, MOST_WARNINGS),
    workers,
    report,
  };
}
