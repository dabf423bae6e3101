/** Where the rows are that a unique index refuses: by their places, as a scan names them, and never by what they hold. */
import type { Session } from '../../platform/postgres';
import * as sql from './sql/doubles';
import * as itemSql from './sql/items';
import { findWords, type Token, tokensOf, wordsAt } from './tokens';

/** Says how many keys several rows of the table have, and where two of them are; null when that cannot be found in `ms`. */
export async function tellDoubles(session: Session, statement: string, ms: number): Promise<string | null> {
  const parts = takeApart(statement);
  if (parts === null) return null;
  const { relation, before, behind } = parts;
  try {
    await session.query(itemSql.beginTransaction);
    await session.query(itemSql.itemSettings);
    await session.query(sql.boundLook(ms));
    await session.query(sql.makeLikeness(relation));
    // The server reads the definition, so that nothing here has to understand its keys.
    await session.query(itemSql.dumped(`${before}${sql.LIKENESS}${behind}`));
    const key = await session.one<sql.UniqueKey>(sql.keyOfLikeness);
    const { keys, rows, first, other } = await session.one<sql.Doubles>(sql.countDoubles(relation, key));
    if (first === null) return null;
    return `doubled keys of ${relation} on the target: ${keys}, in ${rows} rows, such as those at ${first} and ${other}`;
  } catch {
    return null;
  } finally {
    await session.query(itemSql.undo).catch(() => undefined);
  }
}

/** The first statement of `text` around the table that it names; null when it makes neither unique index nor key. */
function takeApart(
  text: string,
): { readonly relation: string; readonly before: string; readonly behind: string } | null {
  const tokens = tokensOf(text);
  const isIndex = wordsAt(tokens, 0, 'create', 'unique', 'index');
  if (!isIndex && !wordsAt(tokens, 0, 'alter', 'table')) return null;
  const named = (isIndex ? findWords(tokens, ['on']) : 1) + 1;
  const start = named + (wordsAt(tokens, named, 'only') ? 1 : 0);
  const end = tokens[start + 1]?.value === '.' ? start + 2 : start;
  const [first, last] = [tokens[start], tokens[end]];
  if (first === undefined || last === undefined) return null;
  return {
    relation: text.slice(first.start, last.end),
    before: text.slice(0, first.start),
    behind: text.slice(last.end, endOfFirst(tokens, text)),
  };
}

function endOfFirst(tokens: readonly Token[], text: string): number {
  return tokens.find(({ kind, value }) => kind === 'symbol' && value === ';')?.start ?? text.length;
}
