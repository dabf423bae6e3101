import type { DescribedInstance } from '../../../lambda/platform/rds';
import { classifyInstanceStatus, classifySnapshotStatus } from '../../../lambda/platform/rds-status';
import { shortfalls } from '../../../lambda/seed/restored-instance';
import { protectingPolicy } from '../../../lambda/seed/stack-policy';

const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/wanted';
const DEMANDS = { keyArn: KEY, engineVersion: '17.10' };
const BORN: DescribedInstance = {
  masterSecretStatus: 'active',
  attached: {
    storageType: 'gp3',
    maxAllocatedStorageGib: null,
    readReplicas: [],
    iamAuthentication: true,
    optionGroups: [],
    attachedRoles: [],
    latestRestorableTime: null,
  },
  endpoint: { host: 'target.example.test', port: 5432 },
  facts: {
    instanceId: 'target',
    arn: 'arn:target',
    resourceId: 'db-TARGET',
    status: 'available',
    engine: 'postgres',
    engineVersion: '17.10',
    instanceClass: 'db.m7g.large',
    masterUsername: 'dbadmin',
    masterSecretArn: 'arn:secret',
    encryption: { type: 'sse-kms', keyArn: KEY },
    multiAz: true,
    publiclyAccessible: false,
    deletionProtection: true,
    backupRetentionDays: 7,
    allocatedStorageGib: 20,
    parameterGroups: [{ name: 'ours', applyStatus: 'in-sync' }],
  },
};
type Facts = DescribedInstance['facts'];

describe('a restored instance', () => {
  it('is as demanded when nothing falls short', () => {
    expect(shortfalls(BORN, DEMANDS)).toEqual([]);
  });

  it.each<[string, boolean, Partial<Facts>]>([
    ['encryption type should be sse-kms, found none', false, { encryption: { type: 'none', keyArn: KEY } }],
    ['encryption type should be sse-kms, found sse-rds', false, { encryption: { type: 'sse-rds', keyArn: KEY } }],
    [`encryption key should be ${KEY}, found none`, false, { encryption: { type: 'sse-kms', keyArn: null } }],
    [
      `encryption key should be ${KEY}, found arn:other`,
      false,
      { encryption: { type: 'sse-kms', keyArn: 'arn:other' } },
    ],
    ['public access should be off, found on', false, { publiclyAccessible: true }],
    ['deletion protection should be on, found off', false, { deletionProtection: false }],
    ['engine should be postgres, found aurora-postgresql', false, { engine: 'aurora-postgresql' }],
    ['major version should be 17, found 16', false, { engineVersion: '16.9' }],
    [
      'parameter group ours should be in-sync, found pending-reboot',
      false,
      { parameterGroups: [{ name: 'ours', applyStatus: 'pending-reboot' }] },
    ],
    [
      'parameter group ours should be in-sync, found applying',
      true,
      { parameterGroups: [{ name: 'ours', applyStatus: 'applying' }] },
    ],
    [
      'parameter group should be our own, found default.postgres17',
      false,
      { parameterGroups: [{ name: 'default.postgres17', applyStatus: 'in-sync' }] },
    ],
  ])('%s', (text, passes, change) => {
    const instance = { ...BORN, facts: { ...BORN.facts, ...change } };
    expect(shortfalls(instance, DEMANDS)).toEqual([{ text, passes }]);
  });

  it('falls short while it has no endpoint', () => {
    const text = 'an endpoint should be present, found missing';
    expect(shortfalls({ ...BORN, endpoint: null }, DEMANDS)).toEqual([{ text, passes: true }]);
  });

  it.each([
    [null, 'not managed by RDS', false],
    ['impaired', 'impaired', false],
    ['creating', 'creating', true],
  ])('whose master secret is %s falls short', (masterSecretStatus, found, passes) => {
    const text = `master user secret should be active, found ${found}`;
    expect(shortfalls({ ...BORN, masterSecretStatus }, DEMANDS)).toEqual([{ text, passes }]);
  });
});

describe('statuses', () => {
  it('end in a person where RDS ends, and an unknown one is asked again', () => {
    expect(classifyInstanceStatus('available')).toBe('good');
    for (const status of [
      'failed',
      'storage-full',
      'inaccessible-encryption-credentials',
      'restore-error',
      'stopped',
    ]) {
      expect(classifyInstanceStatus(status)).toBe('human');
    }
    for (const status of ['creating', 'backing-up', 'configuring-log-exports', 'never heard of']) {
      expect(classifyInstanceStatus(status)).toBe('transient');
    }
    expect(['available', 'creating', 'failed'].map(classifySnapshotStatus)).toEqual(['good', 'transient', 'human']);
  });
});

describe('the stack policy', () => {
  const wanted = protectingPolicy(null);

  it('denies to replace or delete the database, and permits the rest', () => {
    expect(JSON.parse(wanted ?? '')).toMatchObject({
      Statement: [
        { Effect: 'Allow', Action: 'Update:*' },
        { Effect: 'Deny', Action: ['Update:Replace', 'Update:Delete'] },
      ],
    });
  });

  it('is left alone once it is set', () => {
    expect(protectingPolicy(wanted)).toBeNull();
  });

  it('keeps the statements of others and takes the one of the deployment', () => {
    const theirs = { Effect: 'Deny', Action: 'Update:*', Principal: '*', Resource: 'LogicalResourceId/Other' };
    const denial = { Effect: 'Deny', Action: 'Update:Replace', Principal: '*', Resource: 'LogicalResourceId/Database' };
    const ours = JSON.stringify({ Statement: [{ Effect: 'Allow', Action: '*' }, denial] });
    expect(protectingPolicy('', ours)).toBe(ours);
    const joined = protectingPolicy(JSON.stringify({ Statement: theirs }), ours);
    expect(JSON.parse(joined ?? '')).toEqual({ Statement: [theirs, denial] });
    expect(protectingPolicy(joined, ours)).toBeNull();
  });
});
