/**
 * Concludes a pruning: queues again what moved away from its workers, reclaims and analyzes the tables, counts as before, and
 * judges. Whatever differs more than it may ends as `Blocked`, with both figures, after everything is kept as evidence.
 */

import { PHASES } from '../contract';
import type { Input, Output } from '../contract/payloads';
import { Blocked, NotReady } from '../errors';
import { withAdvisoryLock } from '../platform/advisory-lock';
import { assertCurrent, readLedger } from '../platform/ledger';
import { moveEverywhere } from '../platform/ledger-follow';
import { claimedCall, databases, serverFacts } from '../platform/payload';
import { BEFORE_SEEDING } from '../platform/phases';
import type { Server, Session } from '../platform/postgres';
import { endPredecessors } from '../platform/predecessors';
import type { World } from '../platform/world';
import { concludeTables, type DatabaseOutcome } from './outcome';
import { modelOf, readFacts } from './plan-facts';
import { stageResults } from './queue';
import { readStructure } from './read-model';
import { type StageResult, sweepAgain } from './sweep';

/** Input of `conclude-prune`. */
export const concludeInput = claimedCall.extend({ source: serverFacts, databases });

/** Statements read or reclaim whole tables; they end this long before the Lambda does. */
const LAST_MS = 30_000;

/** Longest wait for a lock: VACUUM waits for what changes the table's definition. */
const LOCK_MS = 5_000;

/** Most tables that travel in a state; all of them are in the evidence (fault 15). */
const TABLES_IN_STATE = 40;

/** Opens the source and concludes. */
export async function conclude(input: Input<'conclude-prune'>, world: World): Promise<Output<'conclude-prune'>> {
  return concludeOn(await world.openSource(input.source), input.databases, world);
}

/** Says what went; moves the migration to `pruned`. Throws `NotReady` while pieces are open, `Blocked` for a difference. */
export async function concludeOn(
  source: Server<'source'>,
  names: readonly string[],
  world: World,
): Promise<Output<'conclude-prune'>> {
  const home = await source.home();
  await endPredecessors(home, world.migrationId, world.step);
  return withAdvisoryLock(home, `sealift/${world.migrationId}/conclude-prune`, async () => {
    const expected = world.expect(...BEFORE_SEEDING);
    await assertCurrent(home, expected);
    const sessions = await openPlanned(source, names, world);
    const swept: string[] = [];
    for (const session of sessions) if (await sweepAgain(session, world)) swept.push(session.database);
    const outcomes: DatabaseOutcome[] = [];
    if (swept.length === 0) {
      for (const session of sessions) outcomes.push(await concludeTables(session, world, LAST_MS));
    }
    await Promise.all(sessions.map((session) => session.close()));
    if (swept.length > 0) return again(swept, world);
    const answered = await answer(outcomes, world);
    await moveEverywhere(source, names, expected, 'pruned');
    world.metrics.measured({ PhaseReached: PHASES.indexOf('pruned') });
    return answered;
  });
}

/** The databases that a plan of this epoch concerns; every piece of theirs is done. */
async function openPlanned(source: Server<'source'>, names: readonly string[], world: World): Promise<Session[]> {
  const sessions: Session[] = [];
  for (const name of names) {
    const statementMs = Math.max(LAST_MS, world.remainingMs() - LAST_MS);
    const session = await source.another(name, { statementMs, lockMs: LOCK_MS });
    const facts = readFacts(await readLedger(session, world.migrationId), world.epoch);
    if (facts === null) {
      await session.close();
      continue;
    }
    const open = (await session.query<StageResult>(stageResults)).reduce((sum, stage) => sum + stage.open, 0);
    if (open > 0) throw new NotReady(`${open} pieces are not pruned yet, run prune-rows until none is left`);
    // The tables that the policy names must still be there.
    modelOf(await readStructure(session, facts.entries), facts.entries);
    sessions.push(session);
  }
  if (sessions.length > 0) return sessions;
  throw new Blocked(`no pruning was planned at epoch ${world.epoch}, run plan-prune first`);
}

async function again(swept: readonly string[], world: World): Promise<Output<'conclude-prune'>> {
  const report = await world.keepEvidence('prune-again', { databases: swept });
  world.log.fact('pieces queued again', { databases: swept.length });
  return { again: true, rows: 0, tables: [], kept: 0, report };
}

async function answer(outcomes: readonly DatabaseOutcome[], world: World): Promise<Output<'conclude-prune'>> {
  const removed = outcomes.flatMap(({ name, removed: tables }) =>
    tables.map((table) => ({ database: name, ...table })),
  );
  const rows = removed.reduce((sum, table) => sum + table.rows, 0);
  const kept = outcomes.flatMap(({ tables }) => tables).reduce((sum, table) => sum + table.kept, 0);
  const problems = outcomes.flatMap((outcome) => outcome.problems);
  const report = await world.keepEvidence('prune', { rows, kept, problems, databases: outcomes });
  world.log.fact('pruning concluded', { rows, kept, problems: problems.length });
  if (problems.length > 0) {
    throw new Blocked(
      `the pruning did not do what was planned: ${problems.join('; ')}; see ${report.key}, and restore what is missed ` +
        'from the baseline snapshot',
    );
  }
  return { again: false, rows, tables: removed.slice(0, TABLES_IN_STATE), kept, report };
}
