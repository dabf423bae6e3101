/** What the target refused, in words that an operator can act on. */
import { Blocked } from '../../errors';
import type { Session } from '../../platform/postgres';
import { PostgresError, sqlStateOf } from '../../platform/postgres-error';
import { tellDoubles } from './doubles';
import type { SchemaItem } from './items';
import * as sql from './sql/items';

/** Unique violation. */
const DOUBLED = '23505';

/** The search for doubled rows ends this long before its Lambda, and after that time at the latest. */
const RESERVE_MS = 10_000;
const MOST_MS = 60_000;

/**
 * Runs the statements of an item one by one, takes them back, and says which of them the target refuses; of a unique index, where
 * its doubled rows are. Closes the session. `remainingMs` is what is left to its Lambda.
 */
export async function refusalOf(
  session: Session,
  payload: SchemaItem,
  error: PostgresError,
  remainingMs: number,
): Promise<Error> {
  let object = payload.objects.join(', ');
  let refused = payload.statements[0] ?? '';
  let cause = error;
  try {
    await session.query(sql.beginTransaction);
    await session.query(sql.itemSettings);
    for (const [index, text] of payload.statements.entries()) {
      object = payload.objects[index] ?? object;
      refused = text;
      await session.query(sql.dumped(text));
    }
    object = payload.objects.join(', ');
  } catch (again) {
    if (again instanceof PostgresError) cause = again;
  } finally {
    await session.query(sql.undo).catch(() => undefined);
  }
  const lookMs = Math.min(MOST_MS, remainingMs - RESERVE_MS);
  const doubles = sqlStateOf(cause) === DOUBLED && lookMs > 0 ? await tellDoubles(session, refused, lookMs) : null;
  await session.close();
  const said = cause.message.replace(/^postgresql refused .*? with SQLSTATE/, 'SQLSTATE');
  return new Blocked(
    `${object} cannot be made in target database ${JSON.stringify(session.database)} ` +
      `(${said}${doubles === null ? '' : `; ${doubles}`}), change it on the source or leave it out, then start again`,
    { cause },
  );
}
