/** A preview: the counts of a plan, in a transaction that is rolled back, so that nothing is changed. */
import type { PrunePolicy } from '../contract/prune';
import { joinRolesForNow } from '../platform/memberships';
import type { Session } from '../platform/postgres';
import { decideEntries } from './boundary';
import { modelOf, type PruneFacts } from './plan-facts';
import { entriesOf } from './policy';
import { ownersOf, readStructure } from './read-model';
import { beginReading, endReading } from './sql/preview';
import { countTables } from './survey';
import { warningsOf } from './warnings';

/** Counts what the policy matches in the database of `session`, and closes it. */
export async function previewOn(
  session: Session,
  policy: PrunePolicy,
  clock: string,
): Promise<{ readonly name: string; readonly facts: PruneFacts; readonly warnings: readonly string[] }> {
  const entries = entriesOf(policy, session.database);
  const { timeZone, tolerance } = policy;
  await session.execute(beginReading);
  try {
    const structure = await readStructure(session, entries);
    await joinRolesForNow(session, await ownersOf(session, structure));
    const decided = await decideEntries(session, structure, entries, { clock, timeZone });
    const model = modelOf(await readStructure(session, decided), decided);
    const before = { counts: await countTables(session, model, true), orphans: [] };
    // A preview removes nothing, and needs no measure for it.
    const facts = { epoch: '0', clock, timeZone, tolerance, calmPulseMs: 0, entries: decided, before, stages: [] };
    return { name: session.database, facts, warnings: await warningsOf(session, model, facts) };
  } finally {
    await session.execute(endReading).catch(() => undefined);
    await session.close();
  }
}
