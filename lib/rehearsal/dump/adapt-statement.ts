import { escapeIdentifier } from 'pg';
import { type Token, tokensOf, wordsAt } from './sql-tokens';

/** What to do with a statement of a dump before the server sees it. */
export type Adaptation =
  | { readonly action: 'run'; readonly text: string; readonly tokens: readonly Token[] }
  /** Left out; `reason` is one line for the user, null when it changes nothing. */
  | { readonly action: 'skip'; readonly reason: string | null }
  /** Cannot be loaded at all. */
  | { readonly action: 'refuse'; readonly what: string; readonly remedy: string }
  | { readonly action: 'set-role'; readonly role: string | null };

const SKIPPED: readonly { readonly words: readonly string[]; readonly reason: string }[] = [
  { words: ['comment', 'on', 'extension'], reason: 'comments on extensions belong to the owner of the server' },
  { words: ['create', 'database'], reason: 'the database exists already' },
  { words: ['drop', 'database'], reason: 'the database is kept' },
  { words: ['create', 'subscription'], reason: 'a rehearsal connects to no server of yours' },
  { words: ['alter', 'subscription'], reason: 'subscriptions are left out' },
  { words: ['comment', 'on', 'subscription'], reason: 'subscriptions are left out' },
  { words: ['create', 'tablespace'], reason: 'RDS has no tablespaces of its own' },
  { words: ['alter', 'tablespace'], reason: 'RDS has no tablespaces of its own' },
];

/**
 * Translates the statements that a master without superuser cannot run, or that make no sense in another database. Only
 * what pg_dump is known to write is touched; the rest runs as it is.
 */
export function adaptStatement(text: string, tokens: readonly Token[], database: string): Adaptation {
  const skipped = SKIPPED.find(({ words }) => wordsAt(tokens, 0, ...words));
  if (skipped) return { action: 'skip', reason: skipped.reason };
  if (wordsAt(tokens, 0, 'set')) return adaptSetting(text, tokens);
  if (wordsAt(tokens, 0, 'reset', 'session', 'authorization')) return { action: 'set-role', role: null };
  const triggers = triggerSwitch(tokens);
  if (triggers) return { action: 'run', text: triggers, tokens: [] };
  const renamed = renameDatabase(text, tokens, database);
  return { action: 'run', text: renamed, tokens: renamed === text ? tokens : tokensOf(renamed) };
}

function adaptSetting(text: string, tokens: readonly Token[]): Adaptation {
  if (wordsAt(tokens, 1, 'session', 'authorization')) {
    const role = tokens[3];
    if (!role || (role.kind === 'word' && role.value === 'default')) return { action: 'set-role', role: null };
    return { action: 'set-role', role: role.kind === 'string' ? unquoted(role.value) : role.value };
  }
  if (!wordsAt(tokens, 1, 'client_encoding')) return { action: 'run', text, tokens };
  const encoding = unquoted(tokens[3]?.value ?? '').toUpperCase();
  if (encoding === 'UTF8' || encoding === 'UNICODE' || encoding === 'UTF-8') return { action: 'skip', reason: null };
  if (encoding === 'SQL_ASCII') return { action: 'skip', reason: 'client_encoding SQL_ASCII is read as UTF8' };
  return {
    action: 'refuse',
    what: `the dump is in encoding ${encoding}, and only UTF8 can be loaded`,
    remedy: 'dump again with pg_dump --encoding=UTF8',
  };
}

/**
 * `pg_dump --disable-triggers` switches system triggers off, which needs a superuser; on RDS the setting
 * `session_replication_role` does the same for the session, and rds_superuser may set it.
 */
function triggerSwitch(tokens: readonly Token[]): string | null {
  if (!wordsAt(tokens, 0, 'alter', 'table')) return null;
  const at = tokens.findIndex((_, index) => wordsAt(tokens, index, 'trigger', 'all'));
  if (at < 0) return null;
  if (wordsAt(tokens, at - 1, 'disable')) return 'set session_replication_role = replica';
  return wordsAt(tokens, at - 1, 'enable') ? 'reset session_replication_role' : null;
}

/** `pg_dump --create` speaks of the database by its old name. */
function renameDatabase(text: string, tokens: readonly Token[], database: string): string {
  const isAlter = wordsAt(tokens, 0, 'alter', 'database') || wordsAt(tokens, 0, 'comment', 'on', 'database');
  const isGrant = wordsAt(tokens, 0, 'grant') || wordsAt(tokens, 0, 'revoke');
  if (!isAlter && !isGrant) return text;
  const at = tokens.findIndex(
    (_, index) => wordsAt(tokens, index, 'database') && (isAlter || wordsAt(tokens, index - 1, 'on')),
  );
  const name = tokens[at + 1];
  if (at < 0 || !name) return text;
  return `${text.slice(0, name.start)}${escapeIdentifier(database)}${text.slice(name.end)}`;
}

function unquoted(value: string): string {
  return value.startsWith("'") ? value.slice(1, -1).replaceAll("''", "'") : value;
}
