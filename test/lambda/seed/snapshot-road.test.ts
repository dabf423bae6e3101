import { inspect, inspectInput } from '../../../lambda/assess/inspect';
import type { InstanceFacts } from '../../../lambda/contract/instance';
import type { Output } from '../../../lambda/contract/payloads';
import { Blocked, NotReady } from '../../../lambda/errors';
import { findStack } from '../../../lambda/platform/cloudformation';
import { encryptedSnapshotName, snapshotName } from '../../../lambda/platform/names';
import { findInstance } from '../../../lambda/platform/rds';
import { changeInSync, readRecord, writeRecord } from '../../../lambda/platform/route53';
import { encrypt, encryptInput } from '../../../lambda/seed/encrypt';
import { restore, restoreFrom, restoreInput } from '../../../lambda/seed/restore';
import { snapshot, snapshotInput } from '../../../lambda/seed/snapshot';
import { eventually } from '../../rehearsal/control-plane/support/local-aws';
import { AwsStage, RECORD, targetInstance, targetStack, untilAvailable } from './aws-stage';

const MASTER = { username: 'dbadmin', password: 'a master password' };

let stage: AwsStage;
let source: InstanceFacts;
let tests = 0;
/** Each test is a migration of its own, so that nothing has to be removed after it. */
let id: string;

beforeAll(async () => {
  stage = await AwsStage.start();
  const found = await findInstance('source');
  if (found === null) throw new Error('the source is missing');
  source = { ...found.facts, endpoint: { bucket: 'evidence', key: 'migrations/m/e/endpoint.json' } };
});
beforeEach(() => {
  tests += 1;
  id = `stage-${tests}`;
});
afterAll(() => stage.close());

interface As {
  readonly epoch?: string;
  readonly keyArn?: string;
}
function takeSnapshot(as: As = {}): Promise<Output<'snapshot'>> {
  const { call, world } = stage.world('snapshot', id, as);
  return snapshot(snapshotInput.parse({ ...call, source }), world);
}
function seal(snapshotArn: string, as: As = {}): Promise<Output<'encrypt'>> {
  const { call, world } = stage.world('encrypt', id, as);
  return encrypt(encryptInput.parse({ ...call, snapshotArn }), world);
}
function bear(snapshotArn: string, as: As = {}): Promise<Output<'restore'>> {
  const { call, world } = stage.world('restore', id, as);
  return restore(restoreInput.parse({ ...call, seed: snapshotArn, source }), world);
}
function look(as: As = {}): Promise<Output<'inspect'>> {
  const { call, world } = stage.world('inspect', id, as);
  const { schemaVersion, execution } = call;
  return inspect(inspectInput.parse({ schemaVersion, execution }), world);
}
/** The error of a call, or undefined. */
async function refusal(call: Promise<unknown>): Promise<Error | undefined> {
  return call.then(
    () => undefined,
    (error: Error) => error,
  );
}
const ours = () => new Map([['sealift:id', id]]);
const snapshots = () => stage.aws.plane.rds.snapshots;
const tagsOf = (snapshotId: string) => Object.fromEntries(snapshots().get(snapshotId).tags);
const plain = async () => (await untilAvailable(() => takeSnapshot())).snapshotArn;
const sealed = async () => {
  const arn = await plain();
  return (await untilAvailable(() => seal(arn))).snapshotArn;
};

describe('snapshot', () => {
  it('begins one, finds it again, and answers alike when it is available', async () => {
    expect(await takeSnapshot()).toMatchObject({ status: 'pending', snapshotId: snapshotName(id, 'seed') });
    const made = await untilAvailable(() => takeSnapshot());
    expect(made).toMatchObject({ status: 'available', progressPercent: 100 });
    expect(await takeSnapshot({ epoch: '7' })).toEqual(made);
    expect(tagsOf(snapshotName(id, 'seed'))).toEqual({ team: 'storage', 'sealift:id': id, 'sealift:epoch': '1' });
  });

  it('makes no second one when the answer of the first call is lost', async () => {
    const before = snapshots().list().length;
    stage.aws.plane.inject({ service: 'rds', operation: 'CreateDBSnapshot', effect: 'lose-response' });
    await plain();
    expect(snapshots().list()).toHaveLength(before + 1);
  });

  it.each([
    ['throttles', 'throttle'],
    ['fails', { error: { code: 'Sorry', status: 503 } }],
  ] as const)('asks again when AWS %s', async (_title, effect) => {
    stage.aws.plane.inject({ service: 'rds', operation: 'DescribeDBSnapshots', effect, times: 3 });
    expect(await refusal(takeSnapshot())).toBeInstanceOf(NotReady);
    await plain();
  });

  it('does not ask again when a permission is missing, and names action and resource', async () => {
    const effect = { error: { code: 'AccessDenied', status: 403 } } as const;
    stage.aws.plane.inject({ service: 'rds', operation: 'CreateDBSnapshot', effect });
    const denied = await refusal(takeSnapshot());
    expect(denied).toBeInstanceOf(Blocked);
    expect(denied?.message).toContain(
      `rds:CreateDBSnapshot on snapshot ${snapshotName(id, 'seed')} of instance source is denied`,
    );
  });

  it('refuses a foreign snapshot of that name', async () => {
    await snapshots().create(snapshotName(id, 'seed'), 'source', new Map([['sealift:id', 'other']])).settled;
    const refused = await refusal(takeSnapshot());
    expect(refused).toBeInstanceOf(Blocked);
    expect(refused?.message).toContain(`foreign: its tag sealift:id should be "${id}", found "other"`);
  });

  it('refuses a snapshot that was taken of another instance', async () => {
    const { instances } = stage.aws.plane.rds;
    await instances.create({ instanceId: 'other', engineVersion: '17.10', master: MASTER }).settled;
    await snapshots().create(snapshotName(id, 'seed'), 'other', ours()).settled;
    const refused = await refusal(takeSnapshot());
    expect(refused).toBeInstanceOf(Blocked);
    expect(refused?.message).toMatch(/was taken of instance other .*, source .* was expected/);
  });
});

describe('encrypt', () => {
  it('copies under the wanted key, finds the copy again, and answers alike', async () => {
    const arn = await plain();
    expect(await seal(arn)).toMatchObject({ status: 'pending', snapshotId: encryptedSnapshotName(id, 'seed') });
    const made = await untilAvailable(() => seal(arn));
    expect(await seal(arn)).toEqual(made);
    const { encryption } = snapshots().get(encryptedSnapshotName(id, 'seed'));
    expect(encryption).toEqual({ type: 'sse-kms', kmsKeyArn: stage.keyArn });
    expect(tagsOf(encryptedSnapshotName(id, 'seed'))).toEqual({
      team: 'storage',
      'sealift:id': id,
      'sealift:epoch': '1',
    });
  });

  it('refuses a copy under another key', async () => {
    const arn = await plain();
    const another = stage.aws.plane.kms.create().arn;
    await untilAvailable(() => seal(arn, { keyArn: another }));
    const refused = await refusal(seal(arn));
    expect(refused).toBeInstanceOf(Blocked);
    expect(refused?.message).toContain(`under ${stage.keyArn}, found sse-kms under ${another}`);
  });

  it('refuses a copy of another snapshot', async () => {
    const arn = await plain();
    await snapshots().create(`${id}-elsewhere`, 'source', ours()).settled;
    await untilAvailable(() => seal(snapshots().get(`${id}-elsewhere`).arn));
    const refused = await refusal(seal(arn));
    expect(refused).toBeInstanceOf(Blocked);
    expect(refused?.message).toMatch(/is a copy of .*elsewhere, a copy of .* was expected/);
  });

  it('refuses a key that is disabled', async () => {
    const disabled = stage.aws.plane.kms.create({ enabled: false }).arn;
    const refused = await refusal(seal(await plain(), { keyArn: disabled }));
    expect(refused).toBeInstanceOf(Blocked);
    expect(refused?.message).toContain(`key ${disabled} cannot be used`);
  });
});

describe('restore', () => {
  const updates = () =>
    stage.engine
      .describeStackEvents(targetStack(id))
      .filter((event) => event.LogicalResourceId === targetStack(id) && event.ResourceStatus === 'UPDATE_IN_PROGRESS');

  it('gives birth to the target by its stack, once, protects it, and answers alike ever after', async () => {
    const arn = await sealed();
    await stage.deployTarget(id);
    expect((await look()).target).toMatchObject({ seed: 'none', stackStatus: 'CREATE_COMPLETE', instance: null });
    expect(await bear(arn)).toMatchObject({ status: 'pending', target: null });
    expect(await bear(arn)).toMatchObject({ status: 'pending', target: null });
    const born = await untilAvailable(() => bear(arn));
    expect(born.target).toMatchObject({
      instanceId: targetInstance(id),
      status: 'available',
      encryption: { type: 'sse-kms', keyArn: stage.keyArn },
      deletionProtection: true,
      publiclyAccessible: false,
      parameterGroups: [{ name: `${id}-group`, applyStatus: 'in-sync' }],
      masterSecretArn: expect.stringMatching(/^arn:aws:secretsmanager:/),
    });
    expect(await bear(arn, { epoch: '2' })).toEqual(born);
    expect(stage.engine.getStackPolicy(targetStack(id))).toContain('Update:Replace');
    expect(updates()).toHaveLength(1);
    expect((await look()).target).toMatchObject({ seed: arn, instance: born.target });
  });

  it('waits when a call at the same time gave birth to the target between two of its looks', async () => {
    await stage.deployTarget(id);
    const before = await findStack(targetStack(id));
    if (before === null) throw new Error('the stack was not deployed');
    const arn = await sealed();
    await untilAvailable(() => bear(arn));
    const { call, world } = stage.world('restore', id, {});
    const late = await restoreFrom(before, restoreInput.parse({ ...call, seed: arn, source }), world);
    expect(late).toMatchObject({ status: 'pending', target: null });
  });

  it('never changes the seed of an instance', async () => {
    const arn = await sealed();
    await stage.deployTarget(id);
    await untilAvailable(() => bear(arn));
    const another = arn.replace(/[^:]+$/, 'another');
    const refused = await refusal(bear(another));
    expect(refused).toBeInstanceOf(Blocked);
    expect(refused?.message).toContain(`has seed ${arn}, ${another} was expected`);
    expect(updates()).toHaveLength(1);
  });

  it('refuses when the stack is missing', async () => {
    await expect(bear('arn:aws:rds:eu-central-1:1:snapshot:any')).rejects.toThrow('does not exist, deploy it');
    expect(await refusal(look())).toBeInstanceOf(Blocked);
  });

  it('refuses a foreign instance of the target name', async () => {
    const arn = await sealed();
    await stage.deployTarget(id);
    const { instances } = stage.aws.plane.rds;
    await instances.restore({ instanceId: targetInstance(id), snapshot: snapshots().get(arn) }).settled;
    await expect(bear(arn)).rejects.toThrow(/exists although stack .* has seed none/);
  });

  it('says why the stack rolled back, and tries again only as a later epoch', async () => {
    const arn = await sealed();
    await stage.deployTarget(id, { Group: 'no-such-group' });
    const refused = await eventually(() => refusal(bear(arn)));
    expect(refused).toBeInstanceOf(Blocked);
    expect(refused.message).toMatch(
      /rolled back the birth of the target.*Database \(AWS::RDS::DBInstance\): .*no-such-group/,
    );
    expect(await bear(arn, { epoch: '2' })).toMatchObject({ status: 'pending' });
    expect((await eventually(() => refusal(bear(arn, { epoch: '2' })))).message).toContain(
      'rolled back the birth of the target',
    );
    expect(updates()).toHaveLength(2);
  });

  it.each([
    ['without deletion protection', { Protected: 'false' }, 'deletion protection should be on, found off'],
    [
      'with the default parameter group',
      { Group: 'default.postgres17' },
      'parameter group should be our own, found default.postgres17',
    ],
  ])('refuses an instance %s', async (_title, parameters, text) => {
    const arn = await sealed();
    await stage.deployTarget(id, parameters);
    const refused = await eventually(() => refusal(bear(arn)));
    expect(refused).toBeInstanceOf(Blocked);
    expect(refused.message).toContain(text);
  });

  it('refuses an instance under another key', async () => {
    const arn = await sealed();
    const keyArn = stage.aws.plane.kms.create().arn;
    await stage.deployTarget(id);
    const refused = await eventually(() => refusal(bear(arn, { keyArn })));
    expect(refused).toBeInstanceOf(Blocked);
    expect(refused.message).toContain(`encryption key should be ${keyArn}, found ${stage.keyArn}`);
  });
});

describe('inspect', () => {
  it('describes source, key and record', async () => {
    await stage.deployTarget(id);
    const { source: found, key, record } = await look();
    expect(found).toEqual({ ...source, endpoint: found.endpoint });
    expect(found).toMatchObject({ engine: 'postgres', encryption: { type: 'none', keyArn: null } });
    expect(key).toEqual({ arn: stage.keyArn, state: 'Enabled', usage: 'ENCRYPT_DECRYPT', managedByCustomer: true });
    expect(record).toEqual({ kind: 'route53', name: RECORD, pointsTo: 'source', ttlSeconds: 5 });
  });

  it('keeps the host name of the source out of its answer, where the steps that connect find it', async () => {
    await stage.deployTarget(id);
    const answer = await look();
    const host = stage.aws.plane.route53.resolve(RECORD).replace(/\.$/, '');
    expect(JSON.stringify(answer)).not.toContain(host);
    expect(await stage.world('assess', id).world.endpointOf(answer.source)).toEqual({ host, port: 5432 });
  });

  it('refuses a key that does not exist', async () => {
    await stage.deployTarget(id);
    const keyArn = stage.keyArn.replace(/[^/]+$/, '00000000-0000-0000-0000-000000000000');
    await expect(look({ keyArn })).rejects.toThrow(/^key .* does not exist in this account and region/);
  });
});

describe('the record', () => {
  it('is read without case or trailing dot, written, and in sync after a while', async () => {
    const place = { hostedZoneId: stage.zoneId, recordName: RECORD };
    const changeId = await writeRecord(place, 'target.example.test', 7);
    expect(await readRecord(place)).toEqual({ name: RECORD, value: 'target.example.test', ttlSeconds: 7 });
    await eventually(async () => ((await changeInSync(changeId)) ? true : undefined));
    const nobody = { ...place, recordName: 'nobody.example.test' };
    expect(await readRecord(nobody)).toEqual({ name: 'nobody.example.test', value: null, ttlSeconds: null });
    await expect(readRecord({ ...place, hostedZoneId: 'Z0' })).rejects.toThrow('hosted zone Z0 does not exist');
  });
});
