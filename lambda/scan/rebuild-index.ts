/**
 * Builds an index anew beside the old one, without keeping writers out. It cannot run in a transaction: what an earlier attempt left
 * behind is looked for first, and the result is checked (facts A13, H5).
 */
import { Blocked } from '../errors';
import { assertCurrent, type Expectation } from '../platform/ledger';
import type { Session } from '../platform/postgres';
import { sqlStateOf } from '../platform/postgres-error';
import { nameOf } from './findings';
import { isSound } from './index-check';
import type { ScannedIndex, ScannedRelation } from './queue';
import * as sql from './sql/quarantine';
import { indexesOf } from './sql/relations';
import type { AvailableChecks } from './structure';

/** SQLSTATEs of a rebuild that cannot succeed: duplicates in the table, an index of an exclusion, no right to it. */
const IMPOSSIBLE = ['23505', '0A000', '42501', '23P01'];

/**
 * Rebuilds an index that disagrees with its table; answers false when it is sound already. Throws `Blocked` when it cannot be
 * rebuilt or still disagrees afterwards. No row is touched.
 */
export async function rebuildIndex(
  session: Session,
  expected: Expectation,
  relation: ScannedRelation,
  index: ScannedIndex,
  available: AvailableChecks,
): Promise<boolean> {
  await assertCurrent(session, expected);
  await dropLeftovers(session, relation, index);
  if (await isSound(session, relation, index, available)) return false;
  try {
    await session.query(sql.rebuildIndex(index.schema, index.name));
  } catch (error) {
    const state = sqlStateOf(error);
    await dropLeftovers(session, relation, index).catch(() => undefined);
    if (state === undefined || !IMPOSSIBLE.includes(state)) throw error;
    throw refusal(relation, index, `cannot be rebuilt (SQLSTATE ${state})`, error);
  }
  const [rebuilt] = (await session.query<ScannedIndex>(indexesOf([relation.oid]))).filter(
    ({ name }) => name === index.name,
  );
  if (rebuilt === undefined || !(await isSound(session, relation, rebuilt, available))) {
    throw refusal(relation, index, 'still disagrees with its table after it was rebuilt');
  }
  return true;
}

async function dropLeftovers(session: Session, relation: ScannedRelation, index: ScannedIndex): Promise<void> {
  const found = await session.query<{ schema: string; name: string }>(
    sql.leftovers(index.schema, index.name, relation.oid),
  );
  for (const { schema, name } of found) await session.query(sql.dropIndex(schema, name));
}

function refusal(relation: ScannedRelation, index: ScannedIndex, what: string, cause?: unknown): Blocked {
  return new Blocked(
    `index ${nameOf(index)} of table ${nameOf(relation)} ${what}, repair it by hand; no row was removed for it`,
    { cause },
  );
}
