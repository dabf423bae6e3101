/** Statements by which a server reads the text of a definition and prints it anew; everything that they make is rolled back. */
import { LEDGER_SCHEMA } from '../platform/names';
import type { Statement } from '../platform/postgres';
import { literal } from '../platform/quote';
import { OF_RDS } from '../platform/rds-roles';

/** Begins the transaction in which texts are read. */
export const beginReading: Statement = { text: 'begin' };

/** Takes back everything that was made. */
export const endReading: Statement = { text: 'rollback' };

/** A place to come back to when a role cannot be joined. */
export const beforeJoining: Statement = { text: 'savepoint joining' };

/** Comes back to it. */
export const withoutJoining: Statement = { text: 'rollback to savepoint joining' };

/** Owners of schemas, relations and types of users: whoever reads a text may have to use what is theirs. */
export const ownersOfObjects: Statement = {
  text: `select r.rolname as role from pg_roles r
    where r.rolname !~ '^pg_' and not ${OF_RDS} and r.oid in (
      select nspowner from pg_namespace union select relowner from pg_class union select typowner from pg_type)`,
};

/** SQLSTATE by which a reading takes itself back. */
const TAKEN_BACK = 'SL001';

/**
 * Makes a function that reads one text and returns it as this server prints it; null when it cannot be read. A lock that is
 * not got in time is no answer: it is asked again. An expression is read
 * as part of a view: a row of all of them, so that they need no names and no type. `name` is a plain word.
 */
export function createReader(name: string): Statement {
  const place = `${LEDGER_SCHEMA}.${name}`;
  const thing = literal(`${place}_thing`);
  const reader = `declare
    thing text := ${thing};
    found text;
  begin
    begin
      case reading
      when 'query' then
        execute format('create view %s as %s', thing, body);
        found := pg_get_viewdef(thing::regclass);
      when 'expression' then
        execute format('create view %s as select (row(%s) is null) as it%s', thing, body, ' from ' || relation);
        found := pg_get_viewdef(thing::regclass);
      when 'rule' then
        execute format('create table %s (like %s)', thing, relation);
        execute overlay(body placing ' TO ' || thing from position(' TO ' || relation in body) for length(' TO ' || relation));
        select pg_get_ruledef(r.oid) into found from pg_rewrite r where r.ev_class = thing::regclass;
        found := replace(found, thing, relation);
      when 'domain' then
        execute format('create domain %s as %s constraint "read" check (%s)', thing, relation, body);
        select pg_get_constraintdef(k.oid) into found from pg_constraint k where k.contypid = thing::regtype and k.contype = 'c';
      when 'routine' then
        execute overlay(body placing thing || '(' from position(relation || '(' in body) for length(relation || '('));
        select replace(pg_get_functiondef(p.oid), thing, relation) into found from pg_proc p
          where p.pronamespace = ${literal(LEDGER_SCHEMA)}::regnamespace and p.proname = ${literal(`${name}_thing`)};
      end case;
      raise exception using errcode = ${literal(TAKEN_BACK)};
    exception
      when sqlstate ${literal(TAKEN_BACK)} then null;
      when lock_not_available or deadlock_detected then raise;
      when others then found := null;
    end;
    return found;
  end`;
  return {
    text: `create function ${place}(reading text, relation text, body text) returns text language plpgsql as ${literal(reader)}`,
  };
}

/** A text as `catalogTexts` has it. */
export interface CatalogText {
  readonly name: string;
  readonly reading: string;
  readonly relation: string | null;
  readonly text: string;
}

/** Reads texts with the function of that name; in their order. */
export function readTexts(name: string, texts: readonly CatalogText[]): Statement {
  return {
    text: `select ${LEDGER_SCHEMA}.${name}(t.reading, t.relation, t.body) as text
      from unnest($1::text[], $2::text[], $3::text[]) with ordinality as t(reading, relation, body, place) order by t.place`,
    values: [texts.map(({ reading }) => reading), texts.map(({ relation }) => relation), texts.map(({ text }) => text)],
  };
}
