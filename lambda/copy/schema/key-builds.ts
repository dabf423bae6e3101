/**
 * Keys of large tables as PostgreSQL builds them beside other indexes: a unique index, which lets others be built on its table, then
 * a constraint that takes it over. `ADD CONSTRAINT` by itself locks the table for as long as it builds. Manual, "ALTER TABLE",
 * `ADD table_constraint_using_index`.
 */
import { findWords, type Token, tokensOf, wordsAt } from './tokens';

/** The two statements of a key. */
export interface KeyBuild {
  /** `create unique index …`, under the constraint's name. */
  readonly build: string;
  /** `alter table … add constraint … using index …`. */
  readonly take: string;
}

/**
 * The statements that make the key of a dumped `ALTER TABLE ONLY … ADD CONSTRAINT …`; null for what is not taken over as it was: an
 * exclusion, a temporal or a deferrable key, and whatever else is not a plain list of columns. `relation` is the table as SQL.
 */
export function keyBuildOf(statement: string, relation: string): KeyBuild | null {
  const tokens = tokensOf(statement);
  const at = findWords(tokens, ['add', 'constraint']);
  const name = tokens[at + 2];
  const kindAt = at + 3;
  if (at < 0 || name === undefined) return null;
  const primary = wordsAt(tokens, kindAt, 'primary', 'key');
  if (!primary && !wordsAt(tokens, kindAt, 'unique')) return null;
  const distinctAt = kindAt + 1;
  const nulls = !primary && wordsAt(tokens, distinctAt, 'nulls', 'not', 'distinct');
  const opens = primary ? kindAt + 2 : distinctAt + (nulls ? 3 : 0);
  const closes = endOfList(tokens, opens);
  if (closes === null || closes !== tokens.length - 1) return null;
  const columns = statement.slice(tokens[opens]?.start, tokens[closes]?.end);
  const constraint = statement.slice(name.start, name.end);
  return {
    build: `create unique index ${constraint} on only ${relation} using btree ${columns}${nulls ? ' nulls not distinct' : ''}`,
    take: `alter table only ${relation} add constraint ${constraint} ${primary ? 'primary key' : 'unique'} using index ${constraint}`,
  };
}

/** Where a list of nothing but names ends that begins at `opens`. */
function endOfList(tokens: readonly Token[], opens: number): number | null {
  if (tokens[opens]?.value !== '(') return null;
  for (let at = opens + 1; at < tokens.length; at += 2) {
    const [column, behind] = [tokens[at], tokens[at + 1]];
    if (column === undefined || (column.kind !== 'word' && column.kind !== 'name')) return null;
    if (behind?.kind !== 'symbol') return null;
    if (behind.value === ')') return at + 1;
    if (behind.value !== ',') return null;
  }
  return null;
}
