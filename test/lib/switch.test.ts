import { ENV } from '../../lambda/contract/environment';
import { parseConfig, type SealiftConfigInput } from '../../lib';
import { switchOf } from '../../lib/migration-stack';
import { statementsOf, statementsOfStep } from './support/policies';
import { example, ofType, synthesize, templateOf } from './support/synthesis';

const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/application-Ab12Cd';
const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-0000-0000-00000000ffff';
const secret = (fields: object = {}): SealiftConfigInput['switch'] => ({
  kind: 'secret',
  secretArn: SECRET,
  ...fields,
});

describe('a secret as the switch', () => {
  const template = templateOf(
    synthesize([example({ switch: secret({ kmsKeyArn: KEY, portField: 'port' }) })]),
    'Migration',
  );
  const all = statementsOf(template);

  test('grants nothing of Route 53', () => {
    expect(all.flatMap(({ actions }) => actions).filter((action) => action.startsWith('route53:'))).toEqual([]);
  });

  test('may be read by who looks, changed by who turns, and by nobody else', () => {
    const touching = all.filter(({ resources }) => resources.includes(SECRET));
    const rolesWith = (action: string) =>
      touching
        .filter(({ actions }) => actions.includes(action))
        .map(({ role }) => role.replace(/^Functions|Role.*$/g, ''));
    const turners = ['cutover', 'giveback', 'settle'];
    expect(rolesWith('secretsmanager:GetSecretValue').sort()).toEqual([...turners, 'inspect'].sort());
    for (const action of ['PutSecretValue', 'UpdateSecretVersionStage']) {
      expect(rolesWith(`secretsmanager:${action}`).sort()).toEqual(turners);
    }
    const actions = new Set(touching.flatMap((statement) => statement.actions));
    expect([...actions].sort()).toEqual([
      'secretsmanager:DescribeSecret',
      'secretsmanager:GetSecretValue',
      'secretsmanager:PutSecretValue',
      'secretsmanager:UpdateSecretVersionStage',
    ]);
  });

  test('has its key used through Secrets Manager only', () => {
    const ofKey = all.filter(({ resources }) => resources.includes(KEY));
    expect(ofKey.length).toBeGreaterThan(0);
    for (const { actions, condition } of ofKey) {
      expect(condition).toEqual({ StringEquals: { 'kms:ViaService': 'secretsmanager.eu-central-1.amazonaws.com' } });
      for (const action of actions) expect(['kms:Decrypt', 'kms:GenerateDataKey']).toContain(action);
    }
    expect(statementsOfStep(template, 'inspect').flatMap(({ resources }) => resources)).toContain(KEY);
  });

  test('is what every function is told, without its key', () => {
    for (const [, { Properties }] of ofType(template, 'AWS::Lambda::Function')) {
      const { [ENV.switch]: told } = (Properties.Environment as { Variables: Record<string, string> }).Variables;
      expect(JSON.parse(told ?? '')).toEqual({
        kind: 'secret',
        secretArn: SECRET,
        hostField: 'host',
        portField: 'port',
      });
    }
    expect(switchOf(parseConfig(example({ switch: secret() })))).toMatchObject({ portField: null });
  });
});

describe('the configuration of a secret', () => {
  const { source, target } = example();
  test.each([
    ['an ARN without its random end', { switch: secret({ secretArn: SECRET.slice(0, -7) }) }, 'switch.secretArn'],
    ['a field that is no name', { switch: secret({ hostField: 'a b' }) }, 'switch.hostField'],
    ['one field for two things', { switch: secret({ portField: 'host' }) }, 'switch.portField'],
    [
      'a target of another port, and no field for it',
      { switch: secret(), target: { ...target, port: 5433 } },
      'switch.portField',
    ],
    ["the master user's secret", { switch: secret({ secretArn: source.masterSecretArn }) }, 'switch.secretArn'],
    [
      'a key of another account',
      { switch: secret({ kmsKeyArn: KEY.replace('123456789012', '210987654321') }) },
      'switch.kmsKeyArn',
    ],
    ['fields of a record', { switch: { ...secret(), ttlSeconds: 5 } as never }, 'switch.ttlSeconds'],
  ])('refuses %s', (_, changes, path) => {
    expect(() => parseConfig(example(changes))).toThrow(path);
  });
});
