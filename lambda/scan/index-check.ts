/**
 * Checks the B-trees of a table. By amcheck where it can be used: order, and every row of the table listed. Beside it, or in its
 * place, each index is compared with its table in one snapshot: rows and a hash of the key, once read from the table and once
 * from the index alone. That finds entries that are missing, entries that lie, and rows whose page is gone.
 */
import type { Session, Statement } from '../platform/postgres';
import { sqlStateOf } from '../platform/postgres-error';
import { damageIn, meetsDamage } from './damage';
import type { BadIndex, IndexesResult, ScannedIndex, ScannedRelation } from './queue';
import * as sql from './sql/digests';
import { checkIndex, toastIndexes } from './sql/structure';
import type { AvailableChecks } from './structure';

/** What one way of checking found of an index: sound, bad, or why it could not be told. */
export type Finding = 'sound' | BadIndex | { readonly unchecked: string };

/** Checks every index of `relation`; `known` is what comparing them while the table was read has found already. */
export async function checkIndexes(
  session: Session,
  relation: ScannedRelation,
  indexes: readonly ScannedIndex[],
  available: AvailableChecks,
  known?: ReadonlyMap<string, Finding>,
): Promise<IndexesResult> {
  const startedAt = Date.now();
  const badIndexes: BadIndex[] = [];
  const unchecked: { name: string; why: string }[] = [];
  let checkedByAmcheck = 0;
  let compared = 0;
  const contents = known ?? (await byComparison(session, relation, indexes));
  for (const index of indexes) {
    const structure = await byAmcheck(session, index, available);
    if (structure === 'sound') checkedByAmcheck += 1;
    const content = contents.get(index.oid) ?? { unchecked: 'it was not looked at' };
    if (content === 'sound') compared += 1;
    const bad = [content, structure].find((found): found is BadIndex => found !== 'sound' && 'reason' in found);
    if (bad !== undefined) badIndexes.push(bad);
    else if (structure !== 'sound' && content !== 'sound' && 'unchecked' in content) {
      unchecked.push({ name: index.name, why: content.unchecked });
    }
  }
  for (const { name, method } of relation.otherIndexes) {
    unchecked.push({ name, why: `nothing checks an index of kind ${method}` });
  }
  badIndexes.push(...(await ofToast(session, relation, available)));
  return { checkedByAmcheck, compared, unchecked, badIndexes, ms: Date.now() - startedAt };
}

/** True when the index is sound now, by every check that can be done. */
export async function isSound(
  session: Session,
  relation: ScannedRelation,
  index: ScannedIndex,
  available: AvailableChecks,
): Promise<boolean> {
  const { badIndexes } = await checkIndexes(session, { ...relation, toastOid: null }, [index], available);
  return badIndexes.length === 0;
}

async function byAmcheck(session: Session, index: ScannedIndex, { btree }: AvailableChecks): Promise<Finding> {
  if (btree === null) return { unchecked: 'amcheck cannot be used' };
  return inTime(async () => {
    const state = await meetsDamage(() => session.query(checkIndex(btree, index.oid)));
    return state === null ? 'sound' : { ...nameOf(index), reason: state, rows: null, entries: null };
  });
}

/** A table of a month is not to fail for one index that takes longer than a worker has. */
async function inTime(work: () => Promise<Finding>): Promise<Finding> {
  try {
    return await work();
  } catch (error) {
    if (sqlStateOf(error) !== '57014') throw error;
    return { unchecked: 'the check takes longer than a worker has' };
  }
}

/** Why indexes cannot be compared with their table, by oid; those that can be are left out. */
export function notComparable(indexes: readonly ScannedIndex[]): Map<string, Finding> {
  const found = new Map<string, Finding>();
  for (const index of indexes) {
    if (isComparable(index)) continue;
    found.set(index.oid, { unchecked: `amcheck cannot be used, and ${index.obstacle ?? 'it has no column'}` });
  }
  return found;
}

/** True when the index can be compared with its table. */
export function isComparable({ obstacle, key }: ScannedIndex): boolean {
  return obstacle === null && key.length > 0;
}

/** Compares every index that can be compared with one reading of the table, all in one snapshot. */
async function byComparison(
  session: Session,
  relation: ScannedRelation,
  indexes: readonly ScannedIndex[],
): Promise<ReadonlyMap<string, Finding>> {
  const found = notComparable(indexes);
  const comparable = indexes.filter(isComparable);
  if (comparable.length === 0) return found;
  await session.transaction(async () => {
    await session.query(sql.readBy('table'));
    const table = await digestTable(session, relation, comparable);
    await session.query(sql.readBy('index'));
    for (const [position, index] of comparable.entries()) {
      found.set(index.oid, await compareOne(session, relation, index, table, `h${position}`));
    }
  }, 'isolation level repeatable read, read only');
  return found;
}

interface TableDigest {
  readonly hash: sql.KeyHash;
  readonly sums: Readonly<Record<string, string>>;
}

/** Null when the table cannot be read to its end, which the reading of its rows tells, or not in time. */
async function digestTable(
  session: Session,
  relation: ScannedRelation,
  indexes: readonly ScannedIndex[],
): Promise<TableDigest | null> {
  const ways: readonly sql.KeyHash[] = session.major >= 14 ? ['record', 'text'] : ['text'];
  for (const hash of ways) {
    const [sums] = (await attempt(session, sql.tableDigest(relation, indexes, hash))).rows;
    if (sums !== undefined) return { hash, sums };
  }
  return null;
}

async function compareOne(
  session: Session,
  relation: ScannedRelation,
  index: ScannedIndex,
  table: TableDigest | null,
  sum: string,
): Promise<Finding> {
  const statement = sql.indexDigests(relation, [index], table?.hash ?? 'text');
  const [plan] = await session.query<{ 'QUERY PLAN': unknown }>(sql.explain(statement));
  if (!readsOnly(plan?.['QUERY PLAN'], [index.name]))
    return { unchecked: 'the server reads another index in its place' };
  const { rows: read, damage } = await attempt(session, statement);
  if (damage !== null) return { ...nameOf(index), reason: damage, rows: null, entries: null };
  const [entries] = read;
  if (entries === undefined) return { unchecked: 'the check takes longer than a worker has' };
  if (table === null) return { unchecked: 'its table cannot be read to its end in time' };
  const { rows = '0', [sum]: hash } = table.sums;
  if (rows === entries.rows0 && hash === entries.h0) return 'sound';
  return { ...nameOf(index), reason: 'differs', rows, entries: entries.rows0 ?? null };
}

/** SQLSTATEs after which there is another way: no hash for a type, no time left. */
const OTHER_WAY = ['42883', '57014'];

/** What fails inside the transaction ends at a savepoint, so that the snapshot can still be used. */
async function attempt(
  session: Session,
  statement: Statement,
): Promise<{ readonly rows: readonly Record<string, string>[]; readonly damage: string | null }> {
  await session.query({ text: 'savepoint looked' });
  try {
    const rows = await session.query<Record<string, string>>(statement);
    await session.query({ text: 'release savepoint looked' });
    return { rows, damage: null };
  } catch (error) {
    const damage = damageIn(error);
    if (damage === null && !OTHER_WAY.includes(sqlStateOf(error) ?? '')) throw error;
    await session.query({ text: 'rollback to savepoint looked' });
    return { rows: [], damage };
  }
}

/** The index of a TOAST table is read with every value; amcheck finds what no value needs. */
async function ofToast(
  session: Session,
  { toastOid }: ScannedRelation,
  available: AvailableChecks,
): Promise<BadIndex[]> {
  if (toastOid === null || available.btree === null) return [];
  const bad: BadIndex[] = [];
  for (const { oid, name } of await session.query<{ oid: string; name: string }>(toastIndexes(toastOid))) {
    const found = await byAmcheck(session, { oid, name, schema: 'pg_toast', key: [], obstacle: null }, available);
    if (found !== 'sound' && 'reason' in found) bad.push(found);
  }
  return bad;
}

/** True when the plan reads each of the indexes by these names once, alone, and nothing else. */
export function readsOnly(plan: unknown, indexes: readonly string[]): boolean {
  const text = typeof plan === 'string' ? plan : JSON.stringify(plan);
  const scans: { type: string; index: unknown }[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const each of node) visit(each);
    else if (typeof node === 'object' && node !== null) {
      const fields = node as Record<string, unknown>;
      const type = fields['Node Type'];
      if (typeof type === 'string' && type.endsWith('Scan') && type !== 'Subquery Scan') {
        scans.push({ type, index: fields['Index Name'] });
      }
      for (const child of Object.values(fields)) visit(child);
    }
  };
  visit(JSON.parse(text));
  const read = scans.map(({ type, index }) => (type === 'Index Only Scan' ? index : null));
  return read.length === indexes.length && indexes.every((index) => read.includes(index));
}

function nameOf({ schema, name }: ScannedIndex) {
  return { schema, name };
}
