/** Checks of a server that AWS does not manage, on servers of this machine that are misconfigured one by one. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { CHECKS, type CheckId, OF_INSTANCES } from '../../../lambda/assess/check';
import { textOrderOf } from '../../../lambda/assess/checks/host';
import { slotChecks } from '../../../lambda/assess/checks/slots';
import { admission, type HbaRule } from '../../../lambda/assess/client-authentication';
import { explained } from '../../../lambda/assess/enter-host';
import { hbaLine, inPostgresqlConf } from '../../../lambda/assess/remedies';
import type { Inspection, Prediction } from '../../../lambda/contract/assessment';
import { NotReady } from '../../../lambda/errors';
import { PostgresError } from '../../../lambda/platform/postgres-error';
import { POLICY } from '../seed/stage';
import { AssessedSource, HEALTHY_SETTINGS, healthyInspection, MASTER } from './assessed-source';
import { HEALTHY_SURVEY } from './healthy-survey';

const ROLE = 'sealift_guard_replication';

const inspection = (major = 17): Inspection => {
  const managed = healthyInspection(major);
  return {
    ...managed,
    source: { kind: 'server', instanceId: 'shop-onprem', endpoint: managed.source.endpoint },
    surroundings: { ...managed.surroundings, source: null },
  };
};

let source: AssessedSource;
let rules = '';
const hbaFile = () => join(source.server.dataDirectory, 'pg_hba.conf');

beforeAll(async () => {
  source = await AssessedSource.start(17);
  // The master user of a server of one's own is its superuser.
  await source.admin('postgres', `alter role ${MASTER.username} superuser`);
  rules = await readFile(hbaFile(), 'utf8');
});
afterAll(() => source?.close());

async function assess(policy = {}) {
  return source.assess({ copy: {}, inspection: inspection(), policy });
}

async function withRules<T>(text: string, work: () => Promise<T>): Promise<T> {
  const reload = () => source.admin('postgres', 'select pg_reload_conf()', 'select pg_sleep(0.2)');
  await writeFile(hbaFile(), text);
  await reload();
  try {
    return await work();
  } finally {
    await writeFile(hbaFile(), rules);
    await source.server.configure(HEALTHY_SETTINGS);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

describe('assess of a server that AWS does not manage', () => {
  it('answers every check that is for it once, and none that only RDS can answer', async () => {
    const before = await source.fingerprint();
    const { report, documents, output } = await assess();
    const expected = Object.keys(CHECKS).filter((id) => !OF_INSTANCES.includes(id as CheckId));
    expect(report.checks.map(({ id }) => id).sort()).toEqual(expected.sort());
    // The servers of these tests begin as RDS's do.
    expect(report.checks.filter(({ verdict }) => verdict === 'block')).toMatchObject([
      { id: 'reserved-names', detail: expect.stringMatching(/: rdsadmin$/) },
    ]);
    expect(output.sizing.instanceClass.basis).toContain('compare with what the host');
    for (const text of Object.values(documents)) {
      expect(text).toContain('shop-onprem, PostgreSQL 17');
      expect(text).toContain('not managed by AWS');
    }
    expect(JSON.stringify(report.checks)).not.toMatch(/parameter group and|RDS instance|reboot/);
    expect(await source.fingerprint()).toEqual(before);
  });

  it.each<[CheckId, 'warn' | 'block', Record<string, string | number>, RegExp]>([
    ['wal-level', 'block', { wal_level: 'replica' }, /^in postgresql\.conf: wal_level = logical; and restart/],
    ['replication-slots', 'block', { max_replication_slots: 3 }, /max_replication_slots = 4; and restart/],
    ['connections', 'block', { max_connections: 12 }, /max_connections = \d\d; and restart/],
    ['slot-retention', 'warn', { max_slot_wal_keep_size: '100MB' }, /max_slot_wal_keep_size = \d+MB; and reload/],
    ['listen-addresses', 'warn', { listen_addresses: 'localhost' }, /listen_addresses = '\*'; and restart/],
  ])('%s %ss and names the line and what brings it about', async (id, verdict, settings, remedy) => {
    await source.restart(settings);
    try {
      expect((await assess()).check(id)).toMatchObject({ verdict, remedy: expect.stringMatching(remedy) });
    } finally {
      await source.restart();
    }
  });

  it('warns of passwords that are kept as MD5, and asks for a reload alone', async () => {
    const reload = ['select pg_reload_conf()', 'select pg_sleep(0.2)'];
    await source.admin('postgres', `alter system set password_encryption = 'md5'`, ...reload);
    const { verdict, remedy } = (await assess()).check('password-encryption');
    await source.admin('postgres', 'alter system reset password_encryption', ...reload);
    expect(verdict).toBe('warn');
    expect(remedy).toMatch(/^in postgresql\.conf: password_encryption = scram-sha-256; and reload/);
    expect((await assess()).check('password-encryption').verdict).toBe('pass');
  });

  it('asks for workers only when a way back lets the source apply', async () => {
    await source.restart({ max_logical_replication_workers: 1 });
    const [without, withWay] = [
      (await assess()).check('logical-workers'),
      (await assess({ rollback: { windowHours: 5, host: null, port: null } })).check('logical-workers'),
    ];
    await source.restart();
    expect(without.verdict).toBe('pass');
    expect(withWay).toMatchObject({ verdict: 'warn', remedy: expect.stringContaining('max_worker_processes = ') });
  });

  it('blocks a superuser of an application, and says what an administrator may keep', async () => {
    await source.admin('postgres', `create role app_root login superuser password 'x'`);
    const { verdict, detail, remedy } = (await assess()).check('login-roles');
    await source.admin('postgres', 'drop role app_root');
    expect(verdict).toBe('block');
    expect(detail).toContain('superusers: app_root');
    expect(remedy).toContain('alter role "app_root" nologin');
  });

  it.each(['rdsrepladmin', 'rds_reporting'])(
    'blocks login %s, which fence and copy would take for one of RDS',
    async (name) => {
      await source.admin('postgres', `create role ${name} login password 'x'`);
      const { verdict, detail, remedy } = (await assess()).check('reserved-names');
      await source.admin('postgres', `alter role ${name} nologin`);
      const after = (await assess()).check('reserved-names');
      await source.admin('postgres', `drop role ${name}`);
      expect({ verdict, detail }).toEqual({ verdict: 'block', detail: expect.stringContaining(`${name}`) });
      expect(remedy).toContain(`alter role "${name}" nologin`);
      expect(after.detail).not.toContain(name);
    },
  );

  it('warns of a setting that takes slots away, which PostgreSQL has from 18 on', () => {
    const prediction = { walRetainedBytes: 0 } as Prediction;
    const look = (idleSlotSeconds: number | null, kind: 'rds' | 'server') =>
      slotChecks({ ...HEALTHY_SURVEY, idleSlotSeconds }, { kind, policy: POLICY, prediction })[1];
    expect([look(null, 'server'), look(0, 'rds')].map((check) => check?.verdict)).toEqual(['pass', 'pass']);
    const remedy = expect.stringMatching(/^in postgresql\.conf: idle_replication_slot_timeout = 0; and reload/);
    expect(look(3600, 'server')).toMatchObject({ verdict: 'warn', remedy });
    expect(look(3600, 'rds')).toMatchObject({ verdict: 'warn', remedy: expect.stringContaining('parameter group') });
  });

  it('never lets the replication role in without a password, nor from a whole network, without a word', async () => {
    const [trusting, wide, shut] = [
      await withRules(`hostssl all ${ROLE} 0.0.0.0/0 trust\n${rules}`, assess),
      await withRules(`hostssl all all 0.0.0.0/0 scram-sha-256\nlocal all all trust\n`, assess),
      await withRules(`hostssl all ${MASTER.username},rdsadmin 127.0.0.1/32 scram-sha-256\n`, assess),
    ];
    expect(trusting.check('client-authentication').verdict).toBe('block');
    expect(wide.check('client-authentication')).toMatchObject({ verdict: 'warn', detail: /more than one host/ });
    const { verdict, remedy } = shut.check('client-authentication');
    expect(verdict).toBe('warn');
    expect(remedy).toContain(`hostssl "app" "${ROLE}" <the target's address>/32 scram-sha-256`);
    expect(remedy).toContain('hostssl "Odd ""name"""');
    expect(remedy).not.toMatch(/trust|0\.0\.0\.0/);
  });

  it('blocks when a database opens no replication connection to the functions', async () => {
    await source.admin('postgres', `alter role ${MASTER.username} nosuperuser noreplication`);
    await source.admin('postgres', `grant pg_read_all_settings to ${MASTER.username}`);
    const { verdict, detail, remedy } = (await assess()).check('replication-handshake');
    await source.admin('postgres', `alter role ${MASTER.username} superuser replication`);
    expect(verdict).toBe('block');
    expect(detail).toContain('app with SQLSTATE 42501');
    expect(remedy).toBe(`alter role "${MASTER.username}" replication`);
  });

  it('says by which line of pg_hba.conf the functions would be let in, when they are not', async () => {
    const refused = withRules('hostssl all rdsadmin 127.0.0.1/32 scram-sha-256\n', assess);
    await expect(refused).rejects.toMatchObject({
      name: 'Blocked',
      message: expect.stringMatching(
        /hostssl "postgres" "dbadmin" <each address that the functions come from>\/32 scram/,
      ),
    });
  });

  it('says what may be in the way of who gets no answer, and nothing of what was sent', () => {
    const silent = explained(new NotReady('connection failed with ECONNREFUSED'), 'shop-onprem', 'dbadmin');
    expect(silent).toMatchObject({
      name: 'NotReady',
      message: expect.stringMatching(/listen_addresses = '\*'.*ssl = on/),
    });
    const other = new PostgresError('connecting', { code: '53300', message: 'x' } as never);
    expect(explained(other, 'shop-onprem', 'dbadmin')).toBe(other);
  });
});

describe('the order of text', () => {
  const locale = (collation: string, provider: string) => ({ name: 'app', collation, provider, actualVersion: null });
  it.each<[string, string, string]>([
    ['C', 'libc', 'pass'],
    ['C.UTF-8', 'builtin', 'pass'],
    ['en_US.UTF-8', 'libc', 'warn'],
    ['und', 'icu', 'warn'],
    ['German_Germany.1252', 'libc', 'block'],
    ['English_United States.1252', 'libc', 'block'],
  ])('by %s of %s: %s', (collation, provider, verdict) => {
    expect(textOrderOf([locale(collation, provider)]).verdict).toBe(verdict);
  });
});

describe('the line of pg_hba.conf that decides', () => {
  const rule = (change: Partial<HbaRule>): HbaRule => ({
    line: 1,
    type: 'hostssl',
    databases: ['all'],
    users: ['all'],
    address: '10.0.0.1',
    netmask: '255.255.255.255',
    method: 'scram-sha-256',
    ...change,
  });

  it.each<[string, readonly HbaRule[], number | null]>([
    ['a line over TLS', [rule({})], 1],
    ['a line for both kinds of connections', [rule({ type: 'host' })], 1],
    ['no line without TLS', [rule({ type: 'hostnossl' }), rule({ type: 'local' })], null],
    ['no line of physical replication', [rule({ databases: ['replication'] })], null],
    ['a regular expression', [rule({ databases: ['/^ap'], users: ['/^sealift_'] })], 1],
    [
      'none behind a line that refuses everybody',
      [rule({ method: 'reject', address: 'all', netmask: null }), rule({})],
      null,
    ],
    ['one behind a line that refuses a host', [rule({ method: 'reject' }), rule({ line: 2 })], 2],
    ['no line of the loopback, where no target comes from', [rule({ address: '127.0.0.1' })], null],
    ['none of a group', [rule({ users: ['+staff'] })], null],
  ])('is %s', (_title, all, line) => {
    expect(admission(all, 'app', ROLE)?.rule.line ?? null).toBe(line);
  });

  it('never opens for a name that is not asked for', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), (database, user) => {
        fc.pre(!database.startsWith('/') && !user.startsWith('/') && user !== 'all' && user !== ROLE);
        expect(admission([rule({ databases: [database], users: [user] })], 'app', ROLE)).toBeNull();
      }),
    );
  });

  it('is written for one host, over TLS, with names that can be no keyword', () => {
    expect(hbaLine('all', 'a"b', '10.0.0.1')).toBe('hostssl "all" "a""b" 10.0.0.1/32 scram-sha-256');
    expect(hbaLine('app', 'r', 'fd00::1')).toBe('hostssl "app" "r" fd00::1/128 scram-sha-256');
    expect(inPostgresqlConf({ search_path: `a'b` }, 'reload')).toContain(`search_path = 'a''b'`);
  });
});
