import { Client } from 'pg';
import { CHECKS, type CheckId } from '../../../lambda/assess/check';
import { ensureLedger } from '../../../lambda/platform/ledger';
import { upsertMigration } from '../../../lambda/platform/ledger-sql';
import { streamName } from '../../../lambda/platform/names';
import { Session } from '../../../lambda/platform/postgres';
import { AssessedSource, type Circumstances, EXECUTION, MASTER, MIGRATION_ID } from './assessed-source';

let source: AssessedSource;
beforeAll(async () => {
  source = await AssessedSource.start(17);
});
afterAll(() => source.close());

/** Makes a check fire, and shows that the cure silences it: whatever stands in the remedy, as a DBA would run it. */
interface Case {
  readonly id: CheckId;
  readonly verdict: 'warn' | 'block';
  /** Part of the detail: the object's name. */
  readonly names: string;
  readonly database?: string;
  readonly ill: readonly string[];
  /** Statements, or `remedy`: what the check itself says, after its `in <database>: ` is taken off. */
  readonly cure: readonly string[] | 'remedy';
  readonly after?: readonly string[];
  readonly circumstances?: Circumstances;
}

const OURS = streamName(MIGRATION_ID, 'app');
const KEYLESS = ['create table keyless (body text)', 'alter table keyless owner to app_owner'];
const DROP_KEYLESS = ['drop table keyless'];
const BLOCKING = { policy: { missingReplicaIdentity: 'block' as const } };

const CASES: readonly Case[] = [
  {
    id: 'prepared-transactions',
    verdict: 'block',
    names: '"the gid"',
    database: 'app',
    ill: ['begin', 'create table never (id int)', `prepare transaction 'the gid'`],
    cure: [`rollback prepared 'the gid'`],
  },
  {
    id: 'existing-slots',
    verdict: 'warn',
    names: 'debezium',
    database: 'app',
    ill: [`select pg_create_logical_replication_slot('debezium', 'pgoutput')`],
    cure: [`select pg_drop_replication_slot('debezium')`],
  },
  {
    id: 'existing-slots',
    verdict: 'block',
    names: OURS,
    database: 'app',
    ill: [`select pg_create_logical_replication_slot('${OURS}', 'pgoutput')`],
    cure: 'remedy',
  },
  {
    id: 'existing-publications',
    verdict: 'warn',
    names: 'app: warehouse',
    database: 'app',
    ill: ['create publication warehouse'],
    cure: ['drop publication warehouse'],
  },
  {
    id: 'existing-publications',
    verdict: 'block',
    names: OURS,
    database: 'app',
    ill: [`create publication ${OURS}`],
    cure: 'remedy',
  },
  {
    id: 'source-subscribes',
    verdict: 'block',
    names: 'app: upstream',
    database: 'app',
    ill: [
      `create subscription upstream connection 'host=nowhere.invalid' publication p with (connect = false, slot_name = none)`,
    ],
    cure: ['drop subscription upstream'],
  },
  {
    id: 'replication-privilege',
    verdict: 'block',
    names: 'create slots',
    ill: [`alter role ${MASTER.username} noreplication`, `revoke rds_replication from ${MASTER.username}`],
    cure: [`grant rds_replication to ${MASTER.username} with admin option`],
    after: [`alter role ${MASTER.username} replication`],
  },
  {
    id: 'replication-privilege',
    verdict: 'block',
    names: 'create roles',
    ill: [`alter role ${MASTER.username} nocreaterole`],
    cure: [`alter role ${MASTER.username} createrole`],
  },
  {
    id: 'subscription-privilege',
    verdict: 'block',
    names: 'create subscriptions',
    ill: ['revoke pg_create_subscription from rds_superuser'],
    cure: 'remedy',
    after: [
      `revoke pg_create_subscription from ${MASTER.username}`,
      'grant pg_create_subscription to rds_superuser with admin option',
    ],
  },
  {
    id: 'signal-privilege',
    verdict: 'block',
    names: 'terminate',
    ill: ['revoke pg_signal_backend from rds_superuser'],
    cure: 'remedy',
    after: [`revoke pg_signal_backend from ${MASTER.username}`, 'grant pg_signal_backend to rds_superuser'],
  },
  {
    id: 'activity-privilege',
    verdict: 'block',
    names: 'see other sessions',
    ill: ['revoke pg_read_all_stats from rds_superuser', 'revoke pg_monitor from rds_superuser'],
    cure: 'remedy',
    after: [`revoke pg_read_all_stats from ${MASTER.username}`, 'grant pg_read_all_stats, pg_monitor to rds_superuser'],
  },
  {
    id: 'login-roles',
    verdict: 'block',
    names: 'superusers: boss',
    ill: ['create role boss login superuser'],
    cure: ['drop role boss'],
  },
  {
    id: 'login-roles',
    verdict: 'block',
    names: 'may not alter: stranger',
    ill: ['create role stranger login'],
    cure: 'remedy',
    after: ['drop role stranger'],
  },
  {
    id: 'table-owners',
    verdict: 'block',
    names: 'stranger of 1 objects in app',
    database: 'app',
    ill: ['create role stranger', 'create table theirs (id int primary key)', 'alter table theirs owner to stranger'],
    cure: 'remedy',
    after: ['drop table theirs', 'drop role stranger'],
  },
  {
    id: 'database-privileges',
    verdict: 'block',
    names: 'connect on closed',
    ill: ['create database closed', 'revoke connect on database closed from public'],
    cure: 'remedy',
    after: ['drop database closed'],
  },
  {
    id: 'origin-functions',
    verdict: 'block',
    names: 'pg_replication_origin_advance',
    database: 'app',
    ill: ['revoke execute on function pg_replication_origin_advance(text, pg_lsn) from rds_superuser'],
    cure: 'remedy',
    after: [
      `revoke execute on function pg_replication_origin_advance(text, pg_lsn) from ${MASTER.username}`,
      'grant execute on function pg_replication_origin_advance(text, pg_lsn) to rds_superuser',
    ],
  },
  {
    id: 'databases-left-out',
    verdict: 'warn',
    names: 'shut (accepts no connections)',
    ill: ['create database shut allow_connections false'],
    cure: ['drop database shut'],
  },
  {
    id: 'replica-identity',
    verdict: 'warn',
    names: 'app: "public"."keyless", it has no primary key',
    database: 'app',
    ill: KEYLESS,
    cure: ['alter table keyless replica identity full'],
    after: DROP_KEYLESS,
  },
  {
    id: 'replica-identity',
    verdict: 'block',
    names: '"public"."keyless"',
    database: 'app',
    circumstances: BLOCKING,
    ill: KEYLESS,
    cure: ['alter table keyless add column id int primary key'],
    after: DROP_KEYLESS,
  },
  {
    id: 'replica-identity',
    verdict: 'block',
    names: 'their owners are stranger',
    database: 'app',
    ill: ['create role stranger', 'create table keyless (body text)', 'alter table keyless owner to stranger'],
    cure: ['alter table keyless replica identity full'],
    after: [...DROP_KEYLESS, 'drop role stranger'],
  },
  {
    id: 'replica-identity',
    verdict: 'block',
    names: 'its replica identity is NOTHING',
    database: 'app',
    circumstances: BLOCKING,
    ill: ['alter table keyed replica identity nothing'],
    cure: ['alter table keyed replica identity default'],
  },
  {
    id: 'replica-identity',
    verdict: 'block',
    names: 'its primary key is deferrable',
    database: 'app',
    circumstances: BLOCKING,
    ill: ['create table keyless (id int primary key deferrable)'],
    cure: DROP_KEYLESS,
  },
  {
    id: 'replica-identity',
    verdict: 'block',
    names: 'only a partial unique index',
    database: 'app',
    circumstances: BLOCKING,
    ill: ['create table keyless (id int not null)', 'create unique index on keyless (id) where id > 0'],
    cure: DROP_KEYLESS,
  },
  {
    id: 'replica-identity',
    verdict: 'block',
    names: 'its replica identity index is missing or unusable',
    database: 'app',
    circumstances: BLOCKING,
    ill: [
      'create table keyless (id int not null)',
      'create unique index keyless_id on keyless (id)',
      'alter table keyless replica identity using index keyless_id',
      `update pg_index set indisvalid = false where indexrelid = 'keyless_id'::regclass`,
    ],
    cure: ['reindex index keyless_id'],
    after: DROP_KEYLESS,
  },
  {
    id: 'replica-identity',
    verdict: 'block',
    names: '"public"."parted_1", it has no primary key',
    database: 'app',
    circumstances: BLOCKING,
    ill: [
      'create table parted (id int) partition by range (id)',
      'create table parted_1 partition of parted for values from (0) to (9)',
    ],
    cure: ['alter table parted add primary key (id)'],
    after: ['drop table parted'],
  },
  {
    id: 'replica-identity-types',
    verdict: 'block',
    names: '"public"."keyless" column "body" of type json',
    database: 'app',
    ill: ['create table keyless (body json)', 'alter table keyless owner to app_owner'],
    cure: ['alter table keyless alter column body type jsonb'],
    after: DROP_KEYLESS,
  },
  {
    id: 'replica-identity-types',
    verdict: 'block',
    names: '"public"."keyless" column "body" of type json',
    database: 'app',
    ill: ['create table keyless (code text, body json)', 'create unique index on keyless (code)'],
    cure: ['alter table keyless alter column code set not null', 'alter table keyless owner to app_owner'],
    after: DROP_KEYLESS,
  },
  {
    id: 'replica-identity',
    verdict: 'warn',
    names: 'it has no primary key, but has the unique index "keyless_code_idx"',
    database: 'app',
    ill: [
      'create table keyless (code text not null, body json)',
      'create unique index on keyless (code)',
      'alter table keyless owner to app_owner',
    ],
    cure: DROP_KEYLESS,
  },
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
    id: 'replica-identity-types',
    verdict: 'block',
    names: '"places" of type places',
    database: 'app',
    ill: [
      'create domain places as point[]',
      'create table keyless (id int primary key, places places)',
      'alter table keyless replica identity full',
    ],
    cure: ['alter table keyless replica identity default'],
    after: [...DROP_KEYLESS, 'drop domain places'],
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

describe('assess on a healthy source', () => {
  it('passes every documented check once, lists the databases, and writes nothing', async () => {
    const before = await source.fingerprint();
    const { output, report } = await source.assess();
    expect(report.checks.filter((check) => check.verdict !== 'pass')).toEqual([]);
    expect(report.checks.map((check) => check.id).sort()).toEqual(Object.keys(CHECKS).sort());
    expect(output).toMatchObject({ verdict: 'pass', blocks: [], report: { bucket: 'evidence', key: 'assess' } });
    expect(output.databases.map(({ name, tables, estimatedRows }) => ({ name, tables, estimatedRows }))).toEqual([
      { name: 'Odd "name"', tables: 2, estimatedRows: 50 },
      { name: 'app', tables: 2, estimatedRows: 50 },
    ]);
    expect(output.databases.every(({ bytes }) => bytes > 1_000_000)).toBe(true);
    expect(await source.fingerprint()).toEqual(before);
  });

  it('keeps no password in its report', async () => {
    const { report } = await source.assess();
    expect(JSON.stringify(report)).not.toContain(MASTER.password);
  });
});

describe('assess fires, and is silent after the remedy:', () => {
  it.each(CASES.map((each) => [`${each.id} ${each.verdict}s, naming ${each.names}`, each] as const))(
    '%s',
    async (_title, each) => {
      const { id, database = 'postgres', circumstances = {}, after = [] } = each;
      await source.admin(database, ...each.ill);
      const ill = await source.assess(circumstances);
      expect(ill.check(id)).toMatchObject({ verdict: each.verdict, detail: expect.stringContaining(each.names) });
      expect(ill.check(id).remedy).not.toBe('');
      expect(ill.output.blocks.some((check) => check.id === id)).toBe(each.verdict === 'block');
      await source.admin(database, ...(each.cure === 'remedy' ? statementsOf(ill.check(id).remedy) : each.cure));
      expect((await source.assess(circumstances)).check(id)).toMatchObject({ verdict: 'pass', remedy: '' });
      await source.admin(database, ...after);
    },
  );

  it('and changes nothing when a keyless table belongs to a role that the master user cannot join', async () => {
    await source.admin('app', 'create role stranger', 'create table keyless (body text)');
    await source.admin('app', 'alter table keyless owner to stranger');
    const before = await source.fingerprint();
    const { output } = await source.assess();
    expect(output.blocks.map(({ id }) => id).sort()).toEqual(['replica-identity', 'table-owners']);
    expect(await source.fingerprint()).toEqual(before);
    await source.admin('app', 'drop table keyless', 'drop role stranger');
  });

  it('and leaves the source as healthy as it was', async () => {
    expect((await source.assess()).report.checks.filter((check) => check.verdict !== 'pass')).toEqual([]);
  });
});

describe('assess of sessions and executions', () => {
  it('blocks while an application uses the master user, whoever it says it is', async () => {
    const server = source.server;
    const session = new Client({
      host: 'localhost',
      port: server.port,
      database: 'app',
      user: MASTER.username,
      password: MASTER.password,
      application_name: 'billing',
      ssl: { ca: server.caPem },
    });
    await session.connect();
    const { detail, verdict } = (await source.assess()).check('master-user-sessions');
    await session.end();
    expect(verdict).toBe('block');
    expect(detail).toContain('1 of "billing" in app');
    expect((await source.assess()).check('master-user-sessions').verdict).toBe('pass');
  });

  it('warns while a table is locked against readers', async () => {
    const session = await source.server.admin('app');
    await session.query('begin; lock table keyed in access exclusive mode');
    const { detail, verdict } = (await source.assess()).check('table-locks');
    await session.end();
    expect(verdict).toBe('warn');
    expect(detail).toContain('app: "public"."keyed" by pid');
  });

  it('blocks while another execution holds the migration and names it, unless it is taken over or free', async () => {
    const other = EXECUTION.replace(/one$/, 'two');
    const home = await openHome();
    const row = { migrationId: MIGRATION_ID, side: 'source', epoch: '1', systemIdentifier: '1' } as const;
    await ensureLedger(home);
    await home.execute(upsertMigration({ ...row, phase: 'replicating', execution: other }));
    await source.admin('app', `select pg_create_logical_replication_slot('${OURS}', 'pgoutput')`);

    const held = await source.assess();
    expect(held.check('running-migration')).toMatchObject({ verdict: 'block', detail: expect.stringContaining(other) });
    expect(held.check('existing-slots').verdict).toBe('pass');
    expect((await source.assess({ execution: other })).output.verdict).toBe('pass');
    expect((await source.assess({ takeOver: other })).output.verdict).toBe('pass');
    await home.execute(upsertMigration({ ...row, phase: 'live', execution: '' }));
    expect((await source.assess()).check('running-migration').verdict).toBe('block');

    await source.admin('app', `select pg_drop_replication_slot('${OURS}')`);
    await home.execute({ text: 'drop schema sealift cascade' });
    await home.close();
  });
});

describe('assess of settings', () => {
  it('blocks without logical WAL, slots and senders, warns of few workers, and says that a reboot is downtime', async () => {
    await source.restart({
      wal_level: 'replica',
      max_replication_slots: 3,
      max_wal_senders: 1,
      max_logical_replication_workers: 1,
    });
    const { check } = await source.assess();
    expect(check('wal-level')).toMatchObject({ verdict: 'block', remedy: expect.stringContaining('downtime') });
    expect(check('replication-slots')).toMatchObject({
      verdict: 'block',
      detail: '4 slots are needed, 3 of max_replication_slots = 3 are free',
      remedy: expect.stringContaining('at least 4'),
    });
    expect(check('wal-senders')).toMatchObject({ verdict: 'block', remedy: expect.stringContaining('at least 2') });
    expect(check('logical-workers')).toMatchObject({ verdict: 'warn', remedy: expect.stringContaining('at least 2') });
    await source.restart({ max_slot_wal_keep_size: -1, max_replication_slots: 4, max_wal_senders: 2 });
    const enough = await source.assess();
    expect(enough.check('wal-level').verdict).toBe('pass');
    expect(enough.check('replication-slots').verdict).toBe('pass');
    expect(enough.check('wal-senders').verdict).toBe('pass');
    expect(enough.check('slot-retention')).toMatchObject({ verdict: 'warn', detail: expect.stringContaining('-1') });
    expect((await source.assess({ policy: { slotSafeBytes: 0 } })).check('slot-retention').verdict).toBe('warn');
    await source.restart({ max_slot_wal_keep_size: '100MB' });
    expect((await source.assess()).check('slot-retention')).toMatchObject({
      verdict: 'warn',
      remedy: expect.stringContaining('1024 MB'),
    });
    await source.restart();
  });

  it('blocks when every database is excluded and says so of names that do not exist', async () => {
    const { check, output } = await source.assess({ policy: { excludeDatabases: ['app', 'Odd "name"', 'apq'] } });
    expect(check('databases').verdict).toBe('block');
    expect(check('databases-left-out').detail).toContain('apq (excluded but does not exist)');
    expect(output.databases).toEqual([]);
  });

  it('takes database postgres along when it holds relations of users', async () => {
    await source.admin('postgres', 'create table here (id int primary key)');
    expect((await source.assess()).output.databases.map(({ name }) => name)).toContain('postgres');
    await source.admin('postgres', 'drop table here');
  });
});

function statementsOf(remedy: string): readonly string[] {
  return remedy.split('; ').map((statement) => statement.replace(/^in [^:]+: /, ''));
}

async function openHome(): Promise<Session> {
  return Session.open('source', {
    endpoint: { host: '127.0.0.1', port: source.server.port },
    database: 'postgres',
    credentials: MASTER,
    applicationName: `sealift/${MIGRATION_ID}/test/`,
    trustedCa: source.server.caPem,
  });
}
