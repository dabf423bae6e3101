import type { CheckId } from '../../../lambda/assess/check';
import { accountChecks } from '../../../lambda/assess/checks/account';
import { awsChecks } from '../../../lambda/assess/checks/aws';
import { serverChecks } from '../../../lambda/assess/checks/server';
import { predict } from '../../../lambda/assess/prediction';
import type { ServerSurvey } from '../../../lambda/assess/survey';
import type { Check, Inspection } from '../../../lambda/contract/assessment';
import type { InstanceFacts } from '../../../lambda/contract/instance';
import type { Policy } from '../../../lambda/contract/settings';
import { healthyInspection, MIGRATION_ID, POLICY } from './assessed-source';
import { HEALTHY_SURVEY } from './healthy-survey';

const PREDICTION = predict({
  copies: null,
  databaseBytes: 0,
  verifiedBytes: 0,
  verifyWorkers: 1,
  prunedTables: 0,
  scanWorkers: null,
  walBytesPerSecond: 0,
  walBasis: 'measured',
  keylessBytes: 0,
  recordTtlSeconds: 5,
  switchKind: 'route53',
});

const HEALTHY = healthyInspection(17);
const ASKED = { migrationId: MIGRATION_ID, versionNumber: HEALTHY_SURVEY.versionNumber };
const OUR_SEED = `arn:aws:rds:eu-central-1:1:snapshot:sealift-${MIGRATION_ID}-seed-encrypted`;

const source = (change: Partial<InstanceFacts>): Inspection => ({
  ...HEALTHY,
  source: { ...HEALTHY.source, ...change },
});
const target = (change: Partial<Inspection['target']>): Inspection => ({
  ...HEALTHY,
  target: { ...HEALTHY.target, ...change },
});
const key = (change: Partial<Inspection['key']>): Inspection => ({ ...HEALTHY, key: { ...HEALTHY.key, ...change } });
const record = (change: Partial<Inspection['record']>): Inspection => ({
  ...HEALTHY,
  record: { ...HEALTHY.record, ...change },
});
const kms = (keyArn: string) => ({ type: 'sse-kms', keyArn }) as const;

const judge = (inspection: Inspection, id: CheckId): Check | undefined =>
  awsChecks(inspection, POLICY, ASKED).find((check) => check.id === id);

describe('what AWS says', () => {
  it('passes a healthy migration', () => {
    expect(awsChecks(HEALTHY, POLICY, ASKED).filter((check) => check.verdict !== 'pass')).toEqual([]);
  });

  it.each<[string, CheckId, Check['verdict'], Inspection]>([
    ['Aurora', 'source-engine', 'block', source({ engine: 'aurora-postgresql' })],
    ['a source too old', 'source-engine', 'block', source({ engineVersion: '12.22' })],
    ['a source too new', 'source-engine', 'block', source({ engineVersion: '19.1' })],
    ['a source that is being modified', 'source-engine', 'block', source({ status: 'modifying' })],
    ['a source under the wanted key', 'source-encryption', 'block', source({ encryption: kms(HEALTHY.key.arn) })],
    ['a source under another key', 'source-encryption', 'pass', source({ encryption: kms('arn:other') })],
    [
      'a source under a key that AWS owns',
      'source-encryption',
      'pass',
      source({ encryption: { type: 'sse-rds', keyArn: null } }),
    ],
    [
      'a group that waits for a reboot',
      'parameter-group',
      'warn',
      source({ parameterGroups: [{ name: 'g', applyStatus: 'pending-reboot' }] }),
    ],
    ['a disabled key', 'key-usable', 'block', key({ state: 'Disabled' })],
    ['a key pending deletion', 'key-usable', 'block', key({ state: 'PendingDeletion' })],
    ['a key for signing', 'key-usable', 'block', key({ usage: 'SIGN_VERIFY' })],
    ['the key aws/rds', 'key-usable', 'block', key({ managedByCustomer: false })],
    ['a stack that is being updated', 'target-stack', 'block', target({ stackStatus: 'UPDATE_IN_PROGRESS' })],
    ['a stack whose creation failed', 'target-stack', 'block', target({ stackStatus: 'ROLLBACK_COMPLETE' })],
    [
      'a stack whose update was rolled back',
      'target-stack',
      'pass',
      target({ stackStatus: 'UPDATE_ROLLBACK_COMPLETE' }),
    ],
    ['a target born empty', 'target-seed', 'block', target({ seed: 'empty', instance: HEALTHY.source })],
    [
      'a target born of another snapshot',
      'target-seed',
      'block',
      target({ seed: `${OUR_SEED}-2`, instance: HEALTHY.source }),
    ],
    ['a foreign target', 'target-seed', 'block', target({ instance: HEALTHY.source })],
    [
      'a target that this migration gave birth to',
      'target-seed',
      'pass',
      target({ seed: OUR_SEED, instance: HEALTHY.source }),
    ],
    [
      'a target of an older major',
      'target-version',
      'block',
      target({ instance: { ...HEALTHY.source, engineVersion: '16.3' } }),
    ],
    [
      'a target of another minor',
      'target-version',
      'pass',
      target({ instance: { ...HEALTHY.source, engineVersion: '17.1' } }),
    ],
    ['no record', 'record-points-to-source', 'block', record({ pointsTo: 'nothing', ttlSeconds: null })],
    ['a record of another server', 'record-points-to-source', 'block', record({ pointsTo: 'elsewhere' })],
    ['a record that clients keep long', 'record-points-to-source', 'warn', record({ ttlSeconds: 300 })],
  ])('%s: %s %ss', (_title, id, verdict, inspection) => {
    const check = judge(inspection, id);
    expect(check?.verdict).toBe(verdict);
    expect(check?.remedy === '').toBe(verdict === 'pass');
  });
});

describe('what AWS says, on the copy road', () => {
  const COPY: Policy = { ...POLICY, road: 'copy' };
  const configured = (engineVersion: string, change: Partial<InstanceFacts> = {}): Inspection => ({
    ...source(change),
    surroundings: { ...HEALTHY.surroundings, target: { ...HEALTHY.surroundings.target, engineVersion } },
  });
  const born = (change: Partial<Inspection['target']>) => target({ instance: HEALTHY.source, ...change });

  it.each<[string, CheckId, Check['verdict'], Inspection]>([
    ['a newer major', 'target-version', 'pass', configured('18.1')],
    ['an older minor', 'target-version', 'pass', configured('17.1')],
    ['an older major', 'target-version', 'block', configured('16.14')],
    ['a target born empty', 'target-seed', 'pass', born({ seed: 'empty' })],
    ['a target born of a snapshot', 'target-seed', 'block', born({ seed: OUR_SEED })],
    ['a foreign target', 'target-seed', 'block', born({ seed: 'none' })],
    [
      'a source under the wanted key that stays in its major',
      'source-encryption',
      'block',
      configured('17.10', { encryption: kms(HEALTHY.key.arn) }),
    ],
    [
      'a source under the wanted key that moves to a newer major',
      'source-encryption',
      'pass',
      configured('18.1', { encryption: kms(HEALTHY.key.arn) }),
    ],
  ])('%s: %s %ss', (_title, id, verdict, inspection) => {
    const check = awsChecks(inspection, COPY, ASKED).find((each) => each.id === id);
    expect(check?.verdict).toBe(verdict);
  });

  it('names the copy road where the snapshot road ends', () => {
    const check = judge(configured('18.1'), 'target-version');
    expect(check).toMatchObject({ verdict: 'block', remedy: expect.stringContaining('road: copy') });
  });

  it('counts no snapshot but those of a pruning, and no storage that only a restore takes', () => {
    const full = HEALTHY.surroundings.quotas.map((each) => ({ ...each, used: each.max - 20 }));
    const quotas = full.map((each) => (each.name === 'ManualSnapshots' ? { ...each, used: each.max } : each));
    const small = { ...source({ allocatedStorageGib: 500 }), surroundings: { ...HEALTHY.surroundings, quotas } };
    const verdict = (policy: Policy) => accountChecks(small, policy).find(({ id }) => id === 'quotas')?.verdict;
    expect(verdict(POLICY)).toBe('block');
    expect(verdict(COPY)).toBe('pass');
    expect(verdict({ ...COPY, before: { prunedTables: 1, scans: true } })).toBe('block');
  });
});

describe('what cannot be made in a test of seconds', () => {
  const survey = HEALTHY_SURVEY;
  const context = {
    migrationId: MIGRATION_ID,
    kind: 'rds',
    policy: POLICY,
    databases: ['app'],
    prediction: PREDICTION,
    tables: 1,
  } as const;

  it.each<[CheckId, Check['verdict'], Partial<ServerSurvey>]>([
    ['source-is-primary', 'block', { inRecovery: true }],
    ['tls', 'block', { tls: false }],
    ['wal-level', 'block', { walLevel: 'replica', pendingRestart: ['rds.logical_replication'] }],
    ['long-transactions', 'warn', { longTransactions: [{ pid: 7, role: 'batch', database: 'app', seconds: 900 }] }],
  ])('%s %ss', (id, verdict, change) => {
    const find = (each: ServerSurvey) => serverChecks(each, context).find((check) => check.id === id);
    expect(find(survey)?.verdict).toBe('pass');
    expect(find({ ...survey, ...change })?.verdict).toBe(verdict);
    expect(find({ ...survey, ...change })?.remedy).not.toBe('');
  });
});
