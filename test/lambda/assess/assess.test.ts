import { Client } from 'pg';
import { CHECKS, type CheckId, OF_HOSTS } from '../../../lambda/assess/check';
import { ensureLedger } from '../../../lambda/platform/ledger';
import { upsertMigration } from '../../../lambda/platform/ledger-sql';
import { Session } from '../../../lambda/platform/postgres';
import { AssessedSource, EXECUTION, MASTER, MIGRATION_ID, OUR_STREAM } from './assessed-source';

/** What every report about an instance of RDS answers, once. */
const OF_ANY_INSTANCE = Object.keys(CHECKS)
  .filter((id) => !OF_HOSTS.includes(id as CheckId))
  .sort();

let source: AssessedSource;
beforeAll(async () => {
  source = await AssessedSource.start(17);
});
afterAll(() => source?.close());

describe('assess on a healthy source', () => {
  it('passes every documented check once, lists the databases, and writes nothing', async () => {
    const before = await source.fingerprint();
    const { output, report } = await source.assess();
    expect(report.checks.filter((check) => check.verdict !== 'pass')).toEqual([]);
    expect(report.checks.map((check) => check.id).sort()).toEqual(OF_ANY_INSTANCE);
    expect(output).toMatchObject({ verdict: 'pass', blocks: [], report: { bucket: 'evidence', key: 'assess' } });
    expect(output.databases.map(({ name, tables, estimatedRows }) => ({ name, tables, estimatedRows }))).toEqual([
      { name: 'Odd "name"', tables: 2, estimatedRows: 50 },
      { name: 'app', tables: 2, estimatedRows: 50 },
    ]);
    expect(output.databases.every(({ bytes }) => bytes > 1_000_000)).toBe(true);
    expect(await source.fingerprint()).toEqual(before);
  });

  it('passes every check on the copy road too, and speaks of no snapshot there', async () => {
    const { report } = await source.assess({ copy: {} });
    expect(report.checks.filter((check) => check.verdict !== 'pass')).toEqual([]);
    expect(report.checks.map((check) => check.id).sort()).toEqual(OF_ANY_INSTANCE);
    expect(JSON.stringify(report.checks)).not.toMatch(/the snapshot|a restore/);
    expect(JSON.stringify(report.prediction)).not.toMatch(/snapshot|restore/i);
  });

  it('says on the copy road what becomes of what a snapshot would carry', async () => {
    await source.admin('app', 'select lo_create(4711)');
    const check = async (largeObjects: 'ignore' | 'copy') =>
      (await source.assess({ copy: {}, policy: { largeObjects } })).check('large-objects');
    expect(await check('ignore')).toMatchObject({ remedy: expect.stringContaining('none of them arrives') });
    expect(await check('copy')).toMatchObject({ remedy: expect.stringContaining('before its fence') });
    await source.admin('app', 'select lo_unlink(4711)');
    const left = (await source.assess({ copy: {}, policy: { excludeDatabases: ['app'] } })).check('databases-left-out');
    expect(left.remedy).toContain('do not arrive at all');
  });

  it('keeps no password in its report', async () => {
    const { report } = await source.assess();
    expect(JSON.stringify(report)).not.toContain(MASTER.password);
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
    await source.admin('app', `select pg_create_logical_replication_slot('${OUR_STREAM}', 'pgoutput')`);

    const held = await source.assess();
    expect(held.check('running-migration')).toMatchObject({ verdict: 'block', detail: expect.stringContaining(other) });
    expect(held.check('existing-slots').verdict).toBe('pass');
    expect((await source.assess({ execution: other })).output.verdict).toBe('pass');
    expect((await source.assess({ takeOver: other })).output.verdict).toBe('pass');
    await home.execute(upsertMigration({ ...row, phase: 'live', execution: '' }));
    expect((await source.assess()).check('running-migration').verdict).toBe('block');

    await source.admin('app', `select pg_drop_replication_slot('${OUR_STREAM}')`);
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

async function openHome(): Promise<Session> {
  return Session.open('source', {
    endpoint: { host: '127.0.0.1', port: source.server.port },
    database: 'postgres',
    credentials: MASTER,
    applicationName: `sealift/${MIGRATION_ID}/test/`,
    trustedCa: source.server.caPem,
  });
}
