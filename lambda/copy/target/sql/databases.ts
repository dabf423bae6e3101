/** Databases of the source, and the statements that make them on the target. */
import type { Statement } from '../../../platform/postgres';
import { ident, literal } from '../../../platform/quote';

/** A database of the source. */
export interface SourceDatabase {
  readonly name: string;
  readonly owner: string;
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  /** `c`: the operating system's, `i`: ICU's, `b`: PostgreSQL's own (from 17). */
  readonly provider: string;
  /** Locale of ICU or of PostgreSQL's own provider; null with the operating system's. */
  readonly locale: string | null;
  /** Rules of an ICU collation, from 16; null without. */
  readonly rules: string | null;
  /** -1 without one. */
  readonly connectionLimit: number;
  readonly comment: string | null;
}

/** The databases named; JSON hides what a version lacks. */
export function sourceDatabases(names: readonly string[]): Statement {
  return {
    text: `select d.datname as name, pg_get_userbyid(d.datdba) as owner, pg_encoding_to_char(d.encoding) as encoding,
        d.datcollate as collate, d.datctype as ctype, coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') as provider,
        coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') as locale,
        to_jsonb(d) ->> 'daticurules' as rules, d.datconnlimit as "connectionLimit",
        shobj_description(d.oid, 'pg_database') as comment
      from pg_database d where d.datname = any($1) order by d.datname`,
    values: [names],
  };
}

/** Those of the databases named that exist. */
export function existingDatabases(names: readonly string[]): Statement {
  return { text: 'select datname as name from pg_database where datname = any($1) order by datname', values: [names] };
}

const PROVIDERS: Readonly<Record<string, string>> = { c: 'libc', i: 'icu', b: 'builtin' };

/** Makes a database as its source is, empty; outside a transaction. Providers came with 15. */
export function createDatabase(database: SourceDatabase, major: number): Statement {
  const { name, owner, encoding, collate, ctype, provider, locale, rules } = database;
  const locality = [
    `lc_collate ${literal(collate)}`,
    `lc_ctype ${literal(ctype)}`,
    ...(major >= 15 ? [`locale_provider ${PROVIDERS[provider] ?? literal(provider)}`] : []),
    ...(provider === 'i' && locale !== null ? [`icu_locale ${literal(locale)}`] : []),
    ...(provider === 'b' && locale !== null ? [`builtin_locale ${literal(locale)}`] : []),
    ...(rules !== null ? [`icu_rules ${literal(rules)}`] : []),
  ].join(' ');
  return {
    text: `create database ${ident(name)} owner ${ident(owner)} template template0 encoding ${literal(encoding)} ${locality}`,
  };
}

/** What can be set on a database that is there. */
export function adaptDatabase({ name, connectionLimit, comment }: SourceDatabase): Statement[] {
  return [
    { text: `alter database ${ident(name)} connection limit ${connectionLimit}` },
    { text: `comment on database ${ident(name)} is ${comment === null ? 'null' : literal(comment)}` },
  ];
}

/** Roles that own something in one of the databases, or one of the databases. */
export function ownersIn(names: readonly string[]): Statement {
  return {
    text: `select distinct pg_get_userbyid(s.refobjid) as owner
      from pg_shdepend s left join pg_database d on d.oid = s.dbid
      where s.refclassid = 'pg_authid'::regclass and s.deptype = 'o'
        and (d.datname = any($1)
          or (s.classid = 'pg_database'::regclass
            and s.objid in (select oid from pg_database where datname = any($1))))
      order by owner`,
    values: [names],
  };
}

/** The address that the server has where this session reached it; null over a Unix socket. */
export const ownAddress: Statement = { text: 'select host(inet_server_addr()) as address' };

/** Who the session is. */
export const currentUser: Statement = { text: 'select current_user as name' };
