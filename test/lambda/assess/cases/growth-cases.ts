/** Cases of the checks of `growth-checks.test.ts`. */
import type { RemedyCase } from '../remedy-case';

/** Tells the planner's statistics of a size that no test can fill. */
const LARGE = `update pg_class set relpages = 20000 where oid = 'keyless'::regclass`;

/** Each fires on a real server and is cured. */
export const GROWTH_CASES: readonly RemedyCase[] = [
  {
    id: 'integer-keys-near-end',
    verdict: 'warn',
    names: 'app: "public"."serials" column "id" of type integer has used 93 %',
    database: 'app',
    ill: [
      'create table serials (id serial primary key)',
      'alter table serials owner to app_owner',
      `select setval('serials_id_seq', 2000000000)`,
    ],
    cure: 'remedy',
    after: ['drop table serials'],
  },
  {
    id: 'integer-keys-near-end',
    verdict: 'warn',
    names: '"Odd "".table" column "Id" of type smallint has used 92 %',
    database: 'Odd "name"',
    ill: [
      'create table "Odd "".table" ("Id" smallint generated always as identity primary key)',
      'alter table "Odd "".table" alter column "Id" restart with 30000',
      'insert into "Odd "".table" default values',
      'alter table "Odd "".table" owner to app_owner',
    ],
    cure: 'remedy',
    after: ['drop table "Odd "".table"'],
  },
  {
    id: 'integer-keys-near-end',
    verdict: 'warn',
    names: '"public"."defaulted" column "id"',
    database: 'app',
    ill: [
      'create sequence counter',
      'alter sequence counter owner to app_owner',
      `create table defaulted (id int primary key default nextval('counter'))`,
      `select setval('counter', 1700000000)`,
    ],
    cure: 'remedy',
    after: ['drop table defaulted', 'drop sequence counter'],
  },
  {
    id: 'sequences-near-end',
    verdict: 'warn',
    names: 'app: "public"."tickets" of type integer has used 80 %',
    database: 'app',
    ill: [
      'create sequence tickets as int maxvalue 1000',
      'alter sequence tickets owner to app_owner',
      `select setval('tickets', 800)`,
    ],
    cure: 'remedy',
    after: ['drop sequence tickets'],
  },
  {
    id: 'sequences-near-end',
    verdict: 'warn',
    names: 'app: "public"."countdown" of type bigint has used 90 %',
    database: 'app',
    ill: [
      'create sequence countdown increment -1 minvalue 1 maxvalue 1000 start 1000',
      'alter sequence countdown owner to app_owner',
      `select setval('countdown', 100)`,
    ],
    cure: 'remedy',
    after: ['drop sequence countdown'],
  },
  {
    id: 'keyless-activity',
    verdict: 'warn',
    names: 'app: "public"."keyless" of 164 MB, 3 writes',
    database: 'app',
    ill: [
      'create table keyless (body text)',
      'alter table keyless replica identity full',
      `insert into keyless values ('a'), ('b'), ('c')`,
      LARGE,
      'select pg_stat_force_next_flush()',
    ],
    cure: 'remedy',
    after: ['drop table keyless'],
  },
  {
    id: 'search-path',
    verdict: 'warn',
    names: '"public"."is_listed"(text) names allowed without a schema',
    database: 'app',
    ill: [
      'create table allowed (code text primary key)',
      `create function is_listed(text) returns boolean language sql stable as 'select exists (select from allowed where code = $1)'`,
      'create table listed (id int primary key, code text check (is_listed(code)))',
    ],
    cure: 'remedy',
    after: ['drop table listed', 'drop function is_listed', 'drop table allowed'],
  },
  {
    id: 'search-path',
    verdict: 'warn',
    names: '"public"."normal"(v text) names cleaned without a schema',
    database: 'app',
    ill: [
      `create function cleaned(text) returns text language sql immutable as 'select lower($1)'`,
      `create function normal(v text) returns text language plpgsql immutable as 'begin return cleaned(v); end'`,
      'create table cities (id int primary key, name text)',
      'create index on cities (normal(name))',
    ],
    cure: 'remedy',
    after: ['drop table cities', 'drop function normal', 'drop function cleaned'],
  },
  {
    id: 'search-path',
    verdict: 'warn',
    names: '"public"."note"() names Odd "place" without a schema',
    database: 'app',
    ill: [
      'create table "select" (id int primary key)',
      'create schema "Far away"',
      'create table "Far away"."Odd ""place""" (id int)',
      `create function note() returns trigger language plpgsql as
        $$ begin insert into "Odd ""place""" select 1; insert into "Far away"."Odd ""place""" select 2; return new; end $$`,
      'create trigger watch before insert on "select" for each row execute function note()',
      'alter table "select" enable replica trigger watch',
      'set session_replication_role = origin',
    ],
    cure: 'remedy',
    after: ['drop table "select"', 'drop function note()', 'drop schema "Far away" cascade'],
  },
  {
    id: 'generated-columns',
    verdict: 'warn',
    names: 'app: "public"."computed" column "twice"',
    database: 'app',
    ill: [
      `create function doubled(int) returns int language sql immutable as 'select 2 * $1'`,
      'create table computed (id int primary key, twice int generated always as (doubled(id)) stored)',
    ],
    cure: ['alter table computed alter column twice set expression as (2 * id)'],
    after: ['drop table computed', 'drop function doubled'],
  },
  {
    id: 'jobs',
    verdict: 'warn',
    names: '1 "purge" of app_writer in app, 0 3 * * *',
    ill: [
      'create schema cron',
      'grant usage on schema cron to rds_superuser',
      `create table cron.job (jobid bigint primary key, schedule text, command text, database text, username text,
        active boolean default true, jobname text)`,
      'grant select, update on cron.job to rds_superuser',
      `insert into cron.job values (1, '0 3 * * *', 'delete from secret', 'app', 'app_writer', true, 'purge')`,
    ],
    cure: 'remedy',
    after: ['drop schema cron cascade'],
  },
];
