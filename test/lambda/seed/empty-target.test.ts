import type { InstanceFacts } from '../../../lambda/contract/instance';
import { findInstance } from '../../../lambda/platform/rds';
import { restore, restoreInput } from '../../../lambda/seed/restore';
import { eventually } from '../../rehearsal/control-plane/support/local-aws';
import { AwsStage, targetInstance, untilAvailable } from './aws-stage';

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
  id = `empty-${tests}`;
});
afterAll(() => stage.close());

async function refusal(call: Promise<unknown>): Promise<Error | undefined> {
  return call.then(
    () => undefined,
    (error: Error) => error,
  );
}

describe('restore of an empty target', () => {
  const NEWER = '18.4';
  const begin = (as: { seed?: string; engineVersion?: string } = {}) => {
    const { engineVersion = NEWER, seed = 'empty' } = as;
    const { call, world } = stage.world('restore', id, { targetSettings: { engineVersion } });
    return restore(restoreInput.parse({ ...call, seed, source }), world);
  };
  const newer = () => ({ Version: NEWER, Group: 'postgres18-group' });
  const deploy = async (parameters: Readonly<Record<string, string>> = {}) => {
    const { parameterGroups } = stage.aws.plane.rds;
    if (parameterGroups.find('postgres18-group') === undefined) {
      parameterGroups.create('postgres18-group', 'postgres18');
    }
    await stage.deployTarget(id, { ...newer(), ...parameters });
  };

  it('gives birth by its stack to an instance of the configured major under the key, and answers alike ever after', async () => {
    await deploy();
    expect(await begin()).toMatchObject({ status: 'pending', target: null });
    const born = await untilAvailable(() => begin());
    expect(born.target).toMatchObject({
      instanceId: targetInstance(id),
      engineVersion: expect.stringMatching(/^18\./),
      masterUsername: 'dbadmin',
      encryption: { type: 'sse-kms', keyArn: stage.keyArn },
      deletionProtection: true,
      publiclyAccessible: false,
      parameterGroups: [{ name: 'postgres18-group', applyStatus: 'in-sync' }],
      masterSecretArn: expect.stringMatching(/^arn:aws:secretsmanager:/),
    });
    expect(await begin()).toEqual(born);
    expect((await refusal(begin({ seed: 'arn:aws:rds:eu-central-1:1:snapshot:any' })))?.message).toContain(
      'has seed empty',
    );
  });

  it.each([
    [
      'of another major than the configured one',
      {},
      { engineVersion: '17.10' },
      'major version should be 17, found 18',
    ],
    ['without deletion protection', { Protected: 'false' }, {}, 'deletion protection should be on, found off'],
  ])('refuses an instance %s', async (_title, parameters, as, text) => {
    await deploy(parameters);
    expect((await eventually(() => refusal(begin(as)))).message).toContain(text);
  });

  it('refuses an instance under another key than the wanted one', async () => {
    await deploy({ Key: stage.aws.plane.kms.create().arn });
    expect((await eventually(() => refusal(begin()))).message).toContain(`encryption key should be ${stage.keyArn}`);
  });

  it('says why the stack rolled back', async () => {
    await deploy({ Group: `${id}-group` });
    expect((await eventually(() => refusal(begin()))).message).toMatch(
      /rolled back the birth of the target.*postgres17/,
    );
  });
});
