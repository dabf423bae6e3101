import { ENV } from '../../lambda/contract/environment';
import { parseConfig, type SealiftConfigInput } from '../../lib';
import { switchOf } from '../../lib/migration-stack';
import { statementsOf, statementsOfStep } from './support/policies';
import { example, exampleSource, ofType, synthesize, templateOf } from './support/synthesis';

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

const PARAMETER = { kind: 'parameter', parameterName: '/shop/database' } as const;
const PROXY = {
  kind: 'rds-proxy',
  proxyName: 'shop-proxy',
  securityGroupId: example().network.clients[0] ?? '',
  proxyArn: 'arn:aws:rds:eu-central-1:123456789012:db-proxy:prx-0123456789abcdef0',
  targetGroupArn: 'arn:aws:rds:eu-central-1:123456789012:target-group:prx-tg-0123456789abcdef0',
} as const;
const HOOK = { kind: 'hook', functionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:turn:live' } as const;

describe('the permissions of the other kinds', () => {
  const { migration } = example();
  const source = exampleSource();
  const instance = (id: string) => `arn:aws:rds:eu-central-1:123456789012:db:${id}`;
  const expected = {
    look: {
      parameter: { 'ssm:GetParameter': 1 },
      'rds-proxy': { 'rds:DescribeDBProxies': [PROXY.proxyArn], 'rds:DescribeDBProxyTargets': 2 },
      hook: { 'lambda:InvokeFunction': [HOOK.functionArn] },
    },
    turn: {
      parameter: { 'ssm:PutParameter': 1 },
      'rds-proxy': {
        'rds:RegisterDBProxyTargets': [
          PROXY.targetGroupArn,
          instance(`sealift-${migration}-target`),
          instance(source.instanceId),
        ],
      },
      hook: {},
    },
  } as const;

  test.each([PARAMETER, PROXY, HOOK])('%j are given to who looks and who turns, on that one alone', (chosen) => {
    const { kind } = chosen;
    const template = templateOf(synthesize([example({ switch: chosen })]), 'Migration');
    const own = (step: 'inspect' | 'cutover' | 'settle' | 'give-back' | 'watch') =>
      statementsOfStep(template, step).filter(({ actions }) =>
        actions.some((action) => /^(?:ssm|lambda):|^route53:|DBProx/.test(action)),
      );
    const found = (step: Parameters<typeof own>[0]) =>
      Object.fromEntries(own(step).flatMap(({ actions, resources }) => actions.map((action) => [action, resources])));
    for (const step of ['inspect', 'cutover', 'settle', 'give-back'] as const) {
      const wanted = { ...expected.look[kind], ...(step !== 'inspect' && expected.turn[kind]) };
      const given = found(step);
      for (const [action, resources] of Object.entries(wanted)) {
        if (typeof resources === 'number') expect(given[action]).toHaveLength(resources);
        else expect(given[action]).toEqual(resources);
      }
      const extra = Object.keys(given).filter((action) => !(action in wanted));
      expect(extra).toEqual(kind === 'rds-proxy' && step !== 'inspect' ? ['rds:DeregisterDBProxyTargets'] : []);
    }
    expect(own('watch')).toEqual([]);
  });

  test('tell the functions what they need, and no ARN that only permissions need', () => {
    expect(switchOf(parseConfig(example({ switch: PARAMETER })))).toEqual({
      ...PARAMETER,
      hostField: null,
      portField: null,
    });
    const { securityGroupId } = PROXY;
    const told = { kind: 'rds-proxy', proxyName: 'shop-proxy', port: 5432, securityGroupId };
    expect(switchOf(parseConfig(example({ switch: PROXY })))).toEqual(told);
    expect(switchOf(parseConfig(example({ switch: HOOK })))).toEqual({ ...HOOK, timeoutSeconds: 10 });
  });
});

test('a proxy lets the canary in, by a rule of the foundation, and nothing else in', () => {
  const foundation = templateOf(synthesize([example({ switch: PROXY })]), 'Foundation');
  const rules = ofType(foundation, 'AWS::EC2::SecurityGroupIngress').filter(
    ([id, { Properties }]) => /FunctionsToProxy/.test(id) && Properties.GroupId === PROXY.securityGroupId,
  );
  expect(rules).toHaveLength(1);
  expect(rules[0]?.[1].Properties).toMatchObject({ IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432 });
});

describe('the configuration of the other kinds', () => {
  const { target } = example();
  test.each([
    ['a name of AWS', { switch: { ...PARAMETER, parameterName: '/aws/shop' } }, 'switch.parameterName'],
    ['a name with a version', { switch: { ...PARAMETER, parameterName: '/shop/db:3' } }, 'switch.parameterName'],
    ['a name with a wildcard', { switch: { ...PARAMETER, parameterName: '/shop/*' } }, 'switch.parameterName'],
    ['a port field of no object', { switch: { ...PARAMETER, portField: 'port' } }, 'switch.portField'],
    ['a target of another port', { switch: PARAMETER, target: { ...target, port: 5433 } }, 'switch.portField'],
    ['a proxy by the ARN of its group', { switch: { ...PROXY, proxyArn: PROXY.targetGroupArn } }, 'switch.proxyArn'],
    [
      'a proxy of another account',
      { switch: { ...PROXY, proxyArn: PROXY.proxyArn.replace('123456789012', '210987654321') } },
      'switch.proxyArn',
    ],
    [
      'a proxy that the target does not admit',
      { switch: { ...PROXY, securityGroupId: 'sg-0fffffff' } },
      'switch.securityGroupId',
    ],
    ['a hook by its name', { switch: { ...HOOK, functionArn: 'turn' } }, 'switch.functionArn'],
    ['a hook with a wildcard', { switch: { ...HOOK, functionArn: `${HOOK.functionArn}*` } }, 'switch.functionArn'],
    ['a hook without an end', { switch: { ...HOOK, timeoutSeconds: 600 } }, 'switch.timeoutSeconds'],
  ])('refuses %s', (_, changes, path) => {
    expect(() => parseConfig(example(changes))).toThrow(path);
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
