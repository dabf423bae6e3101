/** Counts what a pruning is about: the same before and after, so that both can be compared. */
import type { Session } from '../platform/postgres';
import { type Edge, type Model, nameOf, reachedFrom, relation } from './model';
import type { CountedOrphans, CountedTable } from './plan-facts';
import * as sql from './sql/count';

/** Most ways from a child to a root that a count follows; a database with more is a web, and its children are counted too low. */
const MOST_WAYS = 50;

/** Counts the table of every retention, in their order; with `children`, the rows that would go with its old ones, by table. */
export async function countTables(session: Session, model: Model, children: boolean): Promise<CountedTable[]> {
  const counted: CountedTable[] = [];
  for (const retention of model.retentions.values()) {
    const root = relation(model, retention.table);
    const found = await session.one<{
      total: string;
      old: string;
      least: string | null;
      greatest: string | null;
      bytes: string;
      indexes: number;
    }>(sql.countOld(root, retention));
    const going: CountedTable['going'] = [];
    if (children && Number(found.old) > 0) {
      for (const [table, ways] of waysTo(model, root.oid)) {
        const [way = [], ...others] = ways;
        // Where a row may be counted twice, on two ways or through a pointer to what is not unique, it is looked for instead.
        const joined = others.length === 0 && way.every(({ declared }) => declared);
        const { rows, largest = 0 } = await session.one<{ rows: string; largest?: number }>(
          joined
            ? sql.countGoingOneWay(model, table, way, root, retention)
            : sql.countGoing(model, table, ways, retention),
        );
        going.push({ relation: nameOf(relation(model, table)), rows: Number(rows), largest });
      }
    }
    counted.push({
      relation: nameOf(root),
      total: Number(found.total),
      old: Number(found.old),
      bytes: Number(found.bytes),
      indexes: found.indexes,
      least: found.least,
      greatest: found.greatest,
      going,
    });
  }
  return counted;
}

/** By table, the ways on which its rows go with those of `root`: edges from the table up, no table twice. */
export function waysTo(model: Pick<Model, 'edges'>, root: string): Map<string, Edge[][]> {
  const ways = new Map<string, Edge[][]>();
  const begun: { readonly table: string; readonly way: readonly Edge[] }[] = [{ table: root, way: [] }];
  let followed = 0;
  for (const { table, way } of begun) {
    for (const edge of model.edges) {
      const seen = edge.child === root || way.some(({ child }) => child === edge.child);
      if (!edge.takes || edge.parent !== table || seen || followed === MOST_WAYS) continue;
      followed += 1;
      const longer = [edge, ...way];
      ways.set(edge.child, [...(ways.get(edge.child) ?? []), longer]);
      begun.push({ table: edge.child, way: longer });
    }
  }
  return ways;
}

/** Rows that point at nothing, for every edge from or to a table whose rows can go. */
export async function countAllOrphans(session: Session, model: Model): Promise<CountedOrphans[]> {
  const reached = reachedFrom(model, [...model.retentions.keys()]);
  const counted: CountedOrphans[] = [];
  for (const edge of model.edges) {
    if (!reached.includes(edge.parent) && !reached.includes(edge.child)) continue;
    const { orphans } = await session.one<{ orphans: string }>(sql.countOrphans(model, edge));
    counted.push({
      from: nameOf(relation(model, edge.child)),
      to: nameOf(relation(model, edge.parent)),
      columns: [...edge.columns],
      orphans: Number(orphans),
    });
  }
  return counted;
}
