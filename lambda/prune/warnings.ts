/** What of a plan will be slow or large, said beforehand. */
import type { Session } from '../platform/postgres';
import { cascadeOf } from './cascade';
import { familyWarnings } from './estimate';
import { type Edge, type Model, nameOf, reachedFrom, relation } from './model';
import type { PruneFacts } from './plan-facts';
import { bytesOf } from './sql/count';

/** A table smaller than this is read in no time, index or not. */
const LEAST_READ_BYTES = 8 * 2 ** 20;

/** Warnings about the counted entries of one database. */
export async function warningsOf(session: Session, model: Model, facts: PruneFacts): Promise<string[]> {
  const warnings: string[] = [];
  const retentions = [...model.retentions.values()];
  for (const [index, entry] of facts.entries.entries()) {
    const [counted, table] = [facts.before?.counts[index], retentions[index]?.table];
    if (counted === undefined || table === undefined || counted.old === 0) continue;
    warnings.push(...familyWarnings(entry, counted));
    const root = relation(model, table);
    if (root.leaves.some((leaf) => cascadeOf(model, relation(model, leaf)) === null)) {
      warnings.push(
        `rows of ${nameOf(root)} are followed one by one, several times slower than one DELETE, because something keeps rows ` +
          'below it, tables go with each other, or a trigger on DELETE stands between',
      );
    }
    for (const edge of model.edges) {
      if (edge.indexed || !reachedFrom(model, [table]).includes(edge.parent)) continue;
      const { bytes } = await session.one<{ bytes: string }>(bytesOf(relation(model, edge.child).leaves));
      if (Number(bytes) > LEAST_READ_BYTES) warnings.push(unindexed(model, edge));
    }
  }
  return [...new Set(warnings)];
}

function unindexed(model: Model, { child, parent, columns, declared }: Edge): string {
  const often = declared ? 'for every row that goes, by its foreign key' : 'for every batch';
  return (
    `${nameOf(relation(model, child))} (${columns.join(', ')}) points at ${nameOf(relation(model, parent))} and no index begins ` +
    `with it: the table is read whole ${often}; create one before`
  );
}
