/** Removes the old rows of one piece, inside the transaction that claimed it. */
import type { Session } from '../platform/postgres';
import { type Cascade, cascadeOf } from './cascade';
import { type Removed, type Row, removeTogether } from './closure';
import { accountOf, type Model, nameOf, type Relation, type Retention, relation } from './model';
import type { PruneItem, PruneResult } from './queue';
import * as sql from './sql/batch';

type PieceRemoved = Omit<PruneResult, 'ms'>;

/** Blocks of a leaf; without an end, up to its last one. */
interface Blocks {
  readonly from: number;
  readonly to: number | null;
}

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
    return { ...(await removeOld(session, model, { leaf, retention }, item)), partition: null };
  }
  await session.query(sql.lockPartition(leaf));
  const { rows, young } = await session.one<{ rows: number; young: number }>(sql.countPartition(leaf, retention));
  // By its bounds everything is old, and it holds what is not: values without an age, such as infinity.
  if (young > 0) {
    return { ...(await removeOld(session, model, { leaf, retention }, { from: 0, to: null })), partition: null };
  }
  const root = relation(model, retention.table);
  await session.execute(sql.detachPartition(root, leaf));
  await session.execute(sql.dropPartition(leaf));
  return { leaves: [{ relation: nameOf(root), rows, old: rows }], kept: 0, partition: nameOf(leaf) };
}

interface Place {
  readonly leaf: Relation;
  readonly retention: Retention;
}

async function removeOld(session: Session, model: Model, { leaf, retention }: Place, blocks: Blocks): Promise<Removed> {
  const cascade = cascadeOf(model, leaf);
  if (cascade !== null) return removeCascading(session, model, { leaf, retention, cascade }, blocks);
  const roots = await session.query<Row>(sql.lockOld(leaf, retention, blocks.from, blocks.to));
  return removeTogether(session, model, roots);
}

/** What nothing keeps goes in one statement, whose snapshot is younger than the locks; what is left is followed row by row. */
async function removeCascading(
  session: Session,
  model: Model,
  { leaf, retention, cascade }: Place & { readonly cascade: Cascade },
  blocks: Blocks,
): Promise<Removed> {
  const { below } = cascade;
  const locked = await session.one<sql.Locked>(sql.lockOldAtOnce(leaf, retention, blocks, below));
  if (locked.rows === 0) return { leaves: [], kept: 0 };
  const aged = await countAged(session, model, leaf, { cascade, tids: locked.tids });
  const gone = await session.one<{ rows: number }>(sql.deleteUnkept(model, leaf, cascade, locked.tids));
  const { deleted } = await session.one<Pick<sql.Locked, 'deleted'>>(sql.deletedSoFar(below));
  const leaves = [
    { relation: nameOf(accountOf(model, leaf.oid)), rows: gone.rows, old: gone.rows },
    ...below.map(({ oid }) => {
      const rows = (deleted[oid] ?? 0) - (locked.deleted[oid] ?? 0);
      return { relation: nameOf(accountOf(model, oid)), rows, old: 0 };
    }),
    ...aged,
  ].filter(({ rows, old }) => rows > 0 || old > 0);
  if (gone.rows === locked.rows) return { leaves, kept: 0 };
  // They were counted above as if they went.
  const agedStill = await countAged(session, model, leaf, { cascade, tids: locked.tids });
  const rest = await removeTogether(session, model, await session.query<Row>(sql.stillThere(leaf, locked.tids)));
  return {
    leaves: [...leaves, ...agedStill.map((one) => ({ ...one, old: -one.old })), ...rest.leaves],
    kept: rest.kept,
  };
}

/** Rows that are old themselves among those that go with the locked ones, by table; they are counted as rows with the others. */
async function countAged(
  session: Session,
  model: Model,
  leaf: Relation,
  { cascade, tids }: { readonly cascade: Cascade; readonly tids: string },
): Promise<PruneResult['leaves']> {
  const counted = [];
  for (const aged of cascade.aged) {
    const { rows } = await session.one<{ rows: number }>(sql.countAged(model, leaf, aged, tids));
    counted.push({ relation: nameOf(accountOf(model, aged.table.oid)), rows: 0, old: rows });
  }
  return counted;
}
