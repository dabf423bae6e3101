/**
 * Which statements of a dump are not run on the target as they are, by rule and never by chance: each rule has a name, a
 * reason and what is lost by it. Who may run what on RDS: its master user is no superuser (facts E8, G2).
 */
import { LEDGER_SCHEMA } from '../../platform/names';
import type { Entry } from './entries';
import { findWords, type Token, wordsAt } from './tokens';

/** What the target is, as far as rules ask. */
export interface TargetTraits {
  /** Whether the master user is a superuser; never on RDS. */
  readonly superuser: boolean;
}

/**
 * What is missing on the target when a rule leaves a statement out: `nothing`, nothing because it is `done otherwise`, or the
 * object itself is `lost` until somebody makes it there.
 */
export type Loss = 'nothing' | 'done otherwise' | 'lost';

/** A statement as rules see it. */
export interface Judged {
  readonly tokens: readonly Token[];
  readonly entry: Entry;
}

/** A rule. */
export interface Rule {
  readonly name: string;
  readonly loss: Loss;
  readonly reason: string;
  readonly applies: (statement: Judged, target: TargetTraits) => boolean;
}

/** Languages whose functions only a superuser makes, on RDS nobody; those in C are native code. */
const UNTRUSTED = ['plperlu', 'pltclu', 'plpythonu', 'plpython2u', 'plpython3u', 'pljavau', 'plr', 'plsh'];
const NATIVE = ['c', 'internal'];

/** Roles that are RDS's own and hold nothing for applications; `rds_superuser` and its like are granted to, but own nothing. */
const RDS_ROLE = /^rds(admin|repladmin|topmgr|proxyadmin|writeforwarduser)$/;
const NO_OWNER = /^(rds.*|pg_(?!database_owner$).*)$/;

/** True when the statement begins with one of these runs of words. */
function begins(...runs: readonly (readonly string[])[]): Rule['applies'] {
  return ({ tokens }) => runs.some((words) => wordsAt(tokens, 0, ...words));
}

/** True where the master user is no superuser and `applies` says so. */
function forSuperusers(applies: Rule['applies']): Rule['applies'] {
  return (statement, target) => !target.superuser && applies(statement, target);
}

/** `create`, `alter` and `comment on` of a kind of object. */
function everyUseOf(...words: readonly string[]): Rule['applies'] {
  return begins(['create', ...words], ['alter', ...words], ['comment', 'on', ...words]);
}

/** Language of a routine; undefined for anything else. */
function languageOf({ tokens, entry }: Judged): string | undefined {
  if (!['FUNCTION', 'PROCEDURE', 'AGGREGATE'].includes(entry.type) || !wordsAt(tokens, 0, 'create')) return undefined;
  const at = findWords(tokens, ['language']);
  return at < 0 ? undefined : tokens[at + 1]?.value;
}

/** The role behind `owner to`; undefined where there is none. */
export function newOwnerOf(tokens: readonly Token[]): string | undefined {
  if (!wordsAt(tokens, 0, 'alter')) return undefined;
  const at = findWords(tokens, ['owner', 'to']);
  return at < 0 ? undefined : tokens[at + 2]?.value;
}

/** The role that a grant is for. */
function granteeOf(tokens: readonly Token[]): string | undefined {
  if (!wordsAt(tokens, 0, 'grant') && !wordsAt(tokens, 0, 'revoke')) return undefined;
  const at = findWords(tokens, [wordsAt(tokens, 0, 'grant') ? 'to' : 'from']);
  return at < 0 ? undefined : tokens[at + 1]?.value;
}

function settingOf(tokens: readonly Token[]): { readonly name: string; readonly value: string } | null {
  if (!wordsAt(tokens, 0, 'set') || wordsAt(tokens, 0, 'set', 'session', 'authorization')) return null;
  return { name: tokens[1]?.value ?? '', value: tokens[3]?.value ?? '' };
}

/** The rules, in the order in which they are asked; the first that applies names the reason. */
export const RULES: readonly Rule[] = [
  {
    name: 'table space',
    loss: 'done otherwise',
    reason: 'RDS keeps every table on one volume, objects are made in the default table space',
    applies: ({ tokens }) => {
      const setting = settingOf(tokens);
      return setting?.name === 'default_tablespace' && setting.value !== "''";
    },
  },
  {
    name: 'table access method',
    loss: 'done otherwise',
    reason: 'the target stores tables as heap',
    applies: ({ tokens }) => {
      const setting = settingOf(tokens);
      return setting?.name === 'default_table_access_method' && setting.value !== 'heap';
    },
  },
  {
    name: 'setting of the dump',
    loss: 'nothing',
    reason: 'the session that makes the schema has settings of its own, and the target may not know pg_dump’s',
    applies: ({ tokens }) =>
      settingOf(tokens) !== null || (wordsAt(tokens, 0, 'select', 'pg_catalog') && wordsAt(tokens, 3, 'set_config')),
  },
  {
    name: 'ledger',
    loss: 'nothing',
    reason: 'the schema is Sealift’s own, the target has one',
    applies: ({ entry }) => entry.schema === LEDGER_SCHEMA || isSchema(entry, LEDGER_SCHEMA),
  },
  {
    name: 'schema of pglogical',
    loss: 'done otherwise',
    reason: 'the extension makes it',
    applies: ({ entry }) => entry.schema === 'pglogical' || isSchema(entry, 'pglogical'),
  },
  {
    name: 'schema public',
    loss: 'done otherwise',
    reason: 'every new database has it',
    applies: begins(['create', 'schema', 'public']),
  },
  {
    name: 'extension',
    loss: 'done otherwise',
    reason: 'extensions are made by a rule of their own, as far as the target allows them',
    applies: everyUseOf('extension'),
  },
  {
    name: 'publication',
    loss: 'lost',
    reason: 'its consumers follow the source; make it on the target when they move',
    applies: everyUseOf('publication'),
  },
  {
    name: 'subscription',
    loss: 'lost',
    reason: 'two subscriptions of one publication would share a slot; make it on the target after the cutover',
    applies: everyUseOf('subscription'),
  },
  {
    name: 'event trigger',
    loss: 'lost',
    reason: 'it would fire for what the migration itself makes; make it on the target after the cutover',
    applies: everyUseOf('event', 'trigger'),
  },
  {
    name: 'security label',
    loss: 'lost',
    reason: 'RDS has no provider of security labels',
    applies: begins(['security', 'label']),
  },
  {
    name: 'user mapping',
    loss: 'lost',
    reason: 'it may hold a password, which is neither kept nor carried; make it on the target by hand',
    applies: everyUseOf('user', 'mapping'),
  },
  {
    name: 'language',
    loss: 'lost',
    reason: 'languages come with extensions, and RDS allows no other',
    applies: ({ entry }) => entry.type === 'PROCEDURAL LANGUAGE',
  },
  {
    name: 'untrusted language',
    loss: 'lost',
    reason: 'RDS has none of the languages that may leave the database; write it anew in a trusted one',
    applies: (statement) => UNTRUSTED.includes(languageOf(statement) ?? ''),
  },
  {
    name: 'native code',
    loss: 'lost',
    reason: 'only a superuser makes functions of a library, and RDS has none but its extensions’',
    applies: forSuperusers((statement) => NATIVE.includes(languageOf(statement) ?? '')),
  },
  {
    name: 'base type',
    loss: 'lost',
    reason: 'only a superuser makes types with functions of their own for input and output',
    applies: forSuperusers(({ entry, tokens }) => entry.type === 'SHELL TYPE' || isBaseType(tokens)),
  },
  {
    name: 'operator class',
    loss: 'lost',
    reason: 'only a superuser makes operator classes and families',
    applies: forSuperusers(everyUseOf('operator', 'class')),
  },
  {
    name: 'operator family',
    loss: 'lost',
    reason: 'only a superuser makes operator classes and families',
    applies: forSuperusers(everyUseOf('operator', 'family')),
  },
  {
    name: 'text search code',
    loss: 'lost',
    reason: 'only a superuser makes parsers and templates of text search',
    applies: forSuperusers(
      (statement, target) =>
        everyUseOf('text', 'search', 'parser')(statement, target) ||
        everyUseOf('text', 'search', 'template')(statement, target),
    ),
  },
  {
    name: 'cast without function',
    loss: 'lost',
    reason: 'only a superuser declares two types to be stored alike',
    applies: forSuperusers(
      ({ tokens }) => wordsAt(tokens, 0, 'create', 'cast') && findWords(tokens, ['without', 'function']) > 0,
    ),
  },
  {
    name: 'access method',
    loss: 'lost',
    reason: 'only a superuser makes access methods',
    applies: forSuperusers(everyUseOf('access', 'method')),
  },
  {
    name: 'foreign data wrapper',
    loss: 'lost',
    reason: 'only a superuser makes foreign data wrappers, and RDS has those of its extensions',
    applies: forSuperusers(everyUseOf('foreign', 'data', 'wrapper')),
  },
  {
    name: 'grant of RDS',
    loss: 'nothing',
    reason: 'the role is RDS’s own, which the target grants itself',
    applies: ({ tokens, entry }) =>
      RDS_ROLE.test(granteeOf(tokens) ?? '') ||
      (entry.type === 'DEFAULT ACL' && RDS_ROLE.test(entry.owner ?? '')) ||
      (isOfSystem(entry) && granteeOf(tokens) === 'rds_superuser'),
  },
  {
    name: 'object of the system',
    loss: 'lost',
    reason: 'PostgreSQL’s own objects belong to RDS on the target',
    applies: forSuperusers(({ entry }) => isOfSystem(entry)),
  },
  {
    name: 'owner of RDS',
    loss: 'done otherwise',
    reason: 'what belongs to a role of RDS or of PostgreSQL belongs to the master user on the target',
    applies: forSuperusers(({ tokens }) => NO_OWNER.test(newOwnerOf(tokens) ?? '')),
  },
];

function isOfSystem({ schema }: Entry): boolean {
  return schema === 'pg_catalog' || schema === 'information_schema';
}

function isSchema(entry: Entry, schema: string): boolean {
  return entry.schema === null && (entry.name === schema || entry.name === `SCHEMA ${schema}`);
}

/** `create type name (input = …`: a composite type says `as`. */
function isBaseType(tokens: readonly Token[]): boolean {
  if (!wordsAt(tokens, 0, 'create', 'type')) return false;
  const open = tokens.findIndex(({ value, kind }) => kind === 'symbol' && value === '(');
  return open > 0 && !wordsAt(tokens, open - 1, 'as') && wordsAt(tokens, open + 1, 'internallength');
}
