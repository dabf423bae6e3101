/** Removes the old rows of one piece, inside the transaction that claimed it. */
import type { Session } from '../platform/postgres';
import { type Removed, type Row, removeTogether } from './closure';
import { type Model, nameOf, type Retention, relation } from './model';
import type { PruneItem, PruneResult } from './queue';
import * as sql from './sql/batch';

type PieceRemoved = Omit<PruneResult, 'ms'>;

/** Removes what is old in the piece; a leaf that is gone since it was planned holds nothing. */
export async function pruneItem(
  session: Session,
  model: Model,
  retention: Retention,
  item: PruneItem,
): Promise<PieceRemoved> {
  const leaf = model.relations.get(item.leaf);
  if (leaf === undefined) return { leaves: [], kept: 0, partition: null };
  if (item.kind === 'blocks') {
    const roots = await session.query<Row>(sql.lockOld(leaf, retention, item.from, item.to));
    return { ...(await removeTogether(session, model, roots)), partition: null };
  }
  await session.query(sql.lockPartition(leaf));
  const { rows, young } = await session.one<{ rows: number; young: number }>(sql.countPartition(leaf, retention));
  if (young > 0) return { ...(await removeOld(session, model, retention, item.leaf)), partition: null };
  const root = relation(model, retention.table);
  await session.execute(sql.detachPartition(root, leaf));
  await session.execute(sql.dropPartition(leaf));
  return { leaves: [{ relation: nameOf(root), rows, old: rows }], kept: 0, partition: nameOf(leaf) };
}

/** A partition by whose bounds everything is old, and which holds what is not: values without an age, such as infinity. */
async function removeOld(session: Session, model: Model, retention: Retention, oid: string): Promise<Removed> {
  const roots = await session.query<Row>(sql.lockOld(relation(model, oid), retention, 0, null));
  return removeTogether(session, model, roots);
}
