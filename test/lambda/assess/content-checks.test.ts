import { AssessedSource } from './assessed-source';
import { firesUntilCured, type RemedyCase } from './remedy-case';

let source: AssessedSource;
beforeAll(async () => {
  source = await AssessedSource.start(17);
});
afterAll(() => source?.close());

const CASES: readonly RemedyCase[] = [
  {
    id: 'extensions',
    verdict: 'warn',
    names: 'app: "public"."of_extension"',
    database: 'app',
    ill: [
      'create extension pg_trgm',
      'create table of_extension (id int)',
      'alter extension pg_trgm add table of_extension',
    ],
    cure: ['alter table of_extension owner to app_owner', 'alter table of_extension add primary key (id)'],
    after: ['drop extension pg_trgm'],
  },
  {
    id: 'unlogged-tables',
    verdict: 'warn',
    names: 'app: "public"."scratch"',
    database: 'app',
    ill: ['create unlogged table scratch (id int primary key)'],
    cure: ['alter table scratch set logged'],
    after: ['drop table scratch'],
  },
  {
    id: 'unlogged-tables',
    verdict: 'block',
    names: 'app: "public"."scratch"',
    database: 'app',
    circumstances: { policy: { unloggedTables: 'block' } },
    ill: ['create unlogged table scratch (id int primary key)'],
    cure: ['drop table scratch'],
  },
  {
    id: 'large-objects',
    verdict: 'block',
    names: '1 in app',
    database: 'app',
    ill: ['select lo_create(4711)'],
    cure: ['select lo_unlink(4711)'],
  },
  {
    id: 'large-objects',
    verdict: 'warn',
    names: '1 in app',
    database: 'app',
    circumstances: { policy: { largeObjects: 'ignore' } },
    ill: ['select lo_create(4711)'],
    cure: ['select lo_unlink(4711)'],
  },
  {
    id: 'foreign-tables',
    verdict: 'warn',
    names: 'app: "public"."elsewhere"',
    database: 'app',
    ill: [
      'create foreign data wrapper nothing_there',
      'create server there foreign data wrapper nothing_there',
      'create foreign table elsewhere (id int) server there',
    ],
    cure: ['drop foreign data wrapper nothing_there cascade'],
  },
  {
    id: 'row-security',
    verdict: 'block',
    names: 'app: "public"."keyed"',
    database: 'app',
    ill: ['alter table keyed enable row level security', 'alter table keyed force row level security'],
    cure: 'remedy',
    after: ['alter table keyed disable row level security'],
  },
  {
    id: 'event-triggers',
    verdict: 'warn',
    names: 'app: watchdog',
    database: 'app',
    ill: [
      `create function bark() returns event_trigger language plpgsql as 'begin end'`,
      'create event trigger watchdog on ddl_command_end execute function bark()',
      'set session_replication_role = replica',
      'create role hound superuser',
      'alter event trigger watchdog owner to hound',
    ],
    cure: ['drop event trigger watchdog'],
    after: ['drop function bark()', 'drop role hound'],
  },
  {
    id: 'replica-triggers',
    verdict: 'warn',
    names: 'trigger "twice"',
    database: 'app',
    ill: [
      `create function again() returns trigger language plpgsql as 'begin return new; end'`,
      'create trigger twice before insert on keyed for each row execute function again()',
      'alter table keyed enable always trigger twice',
    ],
    cure: ['alter table keyed enable trigger twice'],
    after: ['drop trigger twice on keyed', 'drop function again()'],
  },
];

describe('assess fires, and is silent after the remedy:', () => {
  firesUntilCured(() => source, CASES);
});
