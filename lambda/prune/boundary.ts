/** The boundaries between old and kept: computed once, from the database's clock, on the calendar of a named time zone. */
import type { PruneEntry } from '../contract/prune';
import { Blocked } from '../errors';
import type { Session } from '../platform/postgres';
import { sqlStateOf } from '../platform/postgres-error';
import { dependencyOrder, relation } from './model';
import type { DecidedEntry } from './plan-facts';
import type { Structure } from './read-model';
import { boundaryBefore, boundaryKeeping, databaseClock } from './sql/count';

/** The database's clock; ISO in UTC. */
export async function readClock(session: Session): Promise<string> {
  return (await session.one<{ clock: string }>(databaseClock)).clock;
}

/** Gives every entry its boundary, in the order in which they are worked off: what points before what is pointed at. */
export async function decideEntries(
  session: Session,
  structure: Structure,
  entries: readonly PruneEntry[],
  { clock, timeZone }: { readonly clock: string; readonly timeZone: string },
): Promise<DecidedEntry[]> {
  const byTable = new Map<string, DecidedEntry>();
  for (const [index, entry] of entries.entries()) {
    const root = structure.roots[index];
    if (root === undefined) continue;
    const counted = await counting(session, clock, entry, timeZone, root.type);
    const retention = { ...root, column: entry.column, boundary: counted.boundary };
    const table = relation(structure, root.table);
    const { boundary } =
      entry.keepLast === null
        ? counted
        : await session.one<{ boundary: string }>(boundaryKeeping(table, retention, entry.keepLast));
    byTable.set(root.table, { ...entry, children: copyOf(entry.children), boundary, instant: counted.instant });
  }
  return dependencyOrder([...byTable.keys()], structure.edges).flatMap((table) => byTable.get(table) ?? []);
}

function copyOf(children: PruneEntry['children']): DecidedEntry['children'] {
  return children === 'auto' ? children : [...children];
}

async function counting(
  session: Session,
  clock: string,
  entry: PruneEntry,
  timeZone: string,
  type: Structure['roots'][number]['type'],
): Promise<{ boundary: string; instant: string }> {
  try {
    return await session.one(boundaryBefore(clock, entry.olderThan, timeZone, type));
  } catch (error) {
    if (sqlStateOf(error) !== '22023') throw error;
    throw new Blocked(`the source does not know time zone ${JSON.stringify(timeZone)}, correct prune.timeZone`, {
      cause: error,
    });
  }
}
