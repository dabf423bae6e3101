import { CHECKS, type CheckId } from '../../../lambda/assess/check';
import { ACCOUNT_CASES } from './cases/account-cases';
import { CONTENT_CASES } from './cases/content-cases';
import { GROWTH_CASES } from './cases/growth-cases';
import { IDENTITY_CASES } from './cases/identity-cases';
import { LOCALE_CASES } from './cases/locale-cases';
import { PRIVILEGE_CASES } from './cases/privilege-cases';
import { SERVER_CASES } from './cases/server-cases';
import { SETTING_CASES } from './cases/setting-cases';
import { settingsOf, statementsOf } from './remedy-case';

const ON_SERVERS = [
  ...CONTENT_CASES,
  ...GROWTH_CASES,
  ...IDENTITY_CASES,
  ...LOCALE_CASES,
  ...PRIVILEGE_CASES,
  ...SERVER_CASES,
  ...SETTING_CASES,
];

/** Checks that no case makes fire and cures, each with the reason and what shows it instead. */
const WITHOUT_A_CASE: Partial<Record<CheckId, string>> = {
  'source-encryption': 'nothing is to be done; aws-checks.test.ts',
  'target-stack': 'a stack that is busy or broken is for people to look at; aws-checks.test.ts',
  'target-seed': 'a foreign target is for people to look at; aws-checks.test.ts',
  'verify-workers': 'a number of the configuration; volume-checks.test.ts',
  'wal-storage': 'needs a full disk; volume-checks.test.ts',
  'wal-rate': 'needs ten megabytes of WAL a second; volume-checks.test.ts',
  'source-is-primary': 'needs a standby; aws-checks.test.ts',
  tls: 'every server of the tests refuses plain connections; aws-checks.test.ts',
  'long-transactions': 'needs a minute of waiting; aws-checks.test.ts, and assess-sample.test.ts for the statement',
  'running-migration': 'cured by another execution, not by a DBA; assess.test.ts',
  'master-user-sessions': 'cured when the session ends; assess.test.ts',
  'table-locks': 'cured when the session ends; assess.test.ts',
  databases: 'cured by the configuration; assess.test.ts',
  'way-back': 'passes always and says what was chosen',
  'pglogical-server': 'npm has no server with it; pglogical-checks.test.ts',
  'pglogical-keys': 'needs the same; pglogical-checks.test.ts',
  'pglogical-truncates': 'passes when people refrain; pglogical-checks.test.ts',
  'listen-addresses': "a server of somebody's own; host-checks.test.ts",
  'password-encryption': 'the same',
  connections: 'the same',
  'client-authentication': 'the same',
  'replication-handshake': 'the same',
  'reserved-names': 'the same',
  'text-order': 'the same',
  'rewritten-values': 'needs two majors; locale-checks.test.ts',
  'idle-slots': 'PostgreSQL 18 is fetched only when asked for; host-checks.test.ts',
  'stream-names': 'needs two databases of one hash; the names are hashes of 32 bits or more',
};

describe('cases that make a check fire, and cure it', () => {
  const covered = new Set<CheckId>([...ON_SERVERS, ...ACCOUNT_CASES].map(({ id }) => id));

  it('are there for at least 30 checks on a real server, and more on the local AWS', () => {
    expect(new Set(ON_SERVERS.map(({ id }) => id)).size).toBeGreaterThanOrEqual(30);
    expect(covered.size).toBeGreaterThanOrEqual(45);
  });

  it('are there for every check, or the reason is written down', () => {
    const without = Object.keys(WITHOUT_A_CASE) as CheckId[];
    expect(without.filter((id) => covered.has(id))).toEqual([]);
    expect([...covered, ...without].sort()).toEqual(Object.keys(CHECKS).sort());
  });

  it('follow the printed remedy wherever it is SQL', () => {
    const printed = ON_SERVERS.filter(({ cure }) => cure === 'remedy').map(({ id }) => id);
    expect(new Set(printed).size).toBeGreaterThanOrEqual(25);
  });
});

describe('a printed remedy', () => {
  it.each([
    ['alter database "a" connection limit -1', [{ where: null, statement: 'alter database "a" connection limit -1' }]],
    [
      'add a primary key, or in app: alter table "t" replica identity full; in b: drop publication "p"',
      [
        { where: 'app', statement: 'alter table "t" replica identity full' },
        { where: 'b', statement: 'drop publication "p"' },
      ],
    ],
    [
      'give them a key, such as in a: alter table "t" add column i int',
      [{ where: 'a', statement: 'alter table "t" add column i int' }],
    ],
    ['use the master user, or: alter role "m" createrole', [{ where: null, statement: 'alter role "m" createrole' }]],
    ['wait until its deployment has ended', []],
  ])('%s holds its statements', (remedy, statements) => {
    expect(statementsOf(remedy)).toEqual(statements);
  });

  it('holds its settings', () => {
    expect(settingsOf('set max_slot_wal_keep_size to at least 1024 MB, or slots are lost')).toEqual({
      max_slot_wal_keep_size: '1024MB',
    });
    expect(settingsOf('set rds.logical_replication to 1 in the parameter group')).toEqual({ wal_level: 'logical' });
  });
});
