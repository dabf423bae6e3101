import { ENV } from '../../lambda/contract/environment';
import { ConfigurationError, parseConfig, type SealiftConfigInput } from '../../lib';
import { writePath } from '../../lib/config/problem';
import { stepsOf } from '../../lib/road-steps';
import { acceptedWildcards, isAccepted } from './support/accepted-wildcards';
import { statementsOf } from './support/policies';
import { machinesOf, runMachine } from './support/run-machines';
import { example, exampleSource, ofType, synthesize, templateOf } from './support/synthesis';
import { wildcardsOf } from './support/wildcards';

const { masterSecretArn } = exampleSource();
const SERVER = {
  kind: 'server',
  name: 'shop-onprem',
  host: 'db1.shop.internal',
  address: '10.20.30.40',
  masterSecretArn,
  ownBackup: true,
} as const satisfies SealiftConfigInput['source'];
const OLD = { entries: [{ database: 'shop', table: 'orders', column: 'made', olderThan: '6 months' }] };

const config = example({ road: 'copy', source: SERVER, prune: OLD, rollback: { windowHours: 24 } });
const synthesis = synthesize([config]);
const migration = templateOf(synthesis, 'Migration');
const foundation = templateOf(synthesis, 'Foundation');
const functions = ofType(migration, 'AWS::Lambda::Function').map(([, { Properties }]) => Properties);
const stepOf = (properties: Readonly<Record<string, unknown>>) =>
  String(properties.FunctionName).replace('sealift-demo-', '');

describe('the stacks of a server that AWS does not manage', () => {
  test('have no function that would ask for a snapshot of it, and no state that would call one', () => {
    expect(functions.map(stepOf).sort()).toEqual([...stepsOf('copy', 'server')].sort());
    expect(stepsOf('copy', 'server')).not.toEqual(expect.arrayContaining(['snapshot']));
    const machines = JSON.stringify(ofType(migration, 'AWS::StepFunctions::StateMachine'));
    expect(machines).toContain('Queue the pruning');
    expect(machines).toContain('List what is left');
    expect(machines).not.toMatch(
      /Take the baseline|Encrypt the baseline|Take the last snapshot|Encrypt the last snapshot/,
    );
  });

  test('tell every step where it is reached, and by which name it is known', () => {
    for (const { Environment } of functions) {
      const { Variables } = Environment as { Variables: Record<string, unknown> };
      expect(Variables[ENV.sourceInstance]).toBe('shop-onprem');
      expect(Variables[ENV.sourceEndpoint]).toBe('{"host":"db1.shop.internal","port":5432}');
    }
  });

  test('allow no call of RDS on anything but the target', () => {
    const ofRds = statementsOf(migration).filter(({ actions }) => actions.some((action) => action.startsWith('rds:')));
    const named = ofRds.flatMap(({ actions, resources }) => resources.map((resource) => ({ actions, resource })));
    const others = named.filter(({ resource }) => !/:db:sealift-demo-target|:pg:sealift-demo-target-/.test(resource));
    expect(named.length).toBeGreaterThan(2);
    expect(
      [...new Set(others.flatMap(({ actions }) => actions.filter((action) => action.startsWith('rds:'))))].sort(),
    ).toEqual(['rds:DescribeAccountAttributes', 'rds:DescribeOrderableDBInstanceOptions']);
    expect(JSON.stringify(migration)).not.toMatch(/CreateDBSnapshot|CopyDBSnapshot|DescribeDBSnapshots/);
  });

  test('need no wildcard that was not accepted', () => {
    const accepted = acceptedWildcards('demo');
    const found = Object.values(synthesis.templates).flatMap(wildcardsOf);
    expect(found.filter((wildcard) => !accepted.some((one) => isAccepted(wildcard, one)))).toEqual([]);
  });

  test('open the way to that one host, and touch no security group but their own', () => {
    const rules = [
      ...ofType(foundation, 'AWS::EC2::SecurityGroupEgress'),
      ...ofType(foundation, 'AWS::EC2::SecurityGroupIngress'),
    ].map(([, { Properties }]) => Properties);
    const ofHost = rules.filter(({ CidrIp }) => CidrIp === '10.20.30.40/32');
    expect(ofHost).toHaveLength(3);
    expect(rules.filter(({ GroupId }) => typeof GroupId === 'string')).toEqual([]);
  });

  test('watch no storage and draw no graph of an instance that is none', () => {
    const text = JSON.stringify(migration);
    expect(text).not.toContain('source-free-storage');
    expect(text).not.toContain('"shop-onprem","DBInstanceIdentifier"');
    expect(ofType(migration, 'AWS::CloudWatch::Dashboard')).toHaveLength(1);
  });
});

describe('the machines of a server that AWS does not manage', () => {
  const machines = machinesOf(migration);

  test('prune without a baseline, which only its owner can have', async () => {
    const ran = await runMachine(machines, 'prune', {}, {});
    const steps = ['claim', 'plan-prune', 'plan-prune', 'prune-rows', 'conclude-prune', 'claim'];
    expect(ran.calls.map(({ step }) => step)).toEqual(['inspect', 'assess', ...steps]);
    expect(ran).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'pruned', baseline: null } });
  });

  test('retire without a last snapshot, and list what is left on the host', async () => {
    const ran = await runMachine(machines, 'retire', { early: true }, {});
    expect(ran.calls.map(({ step }) => step)).toEqual(['inspect', 'retire', 'list-leftovers']);
    expect(ran).toMatchObject({ status: 'SUCCEEDED', output: { phase: 'retired', snapshot: null } });
  });
});

describe('a configuration of a server that AWS does not manage', () => {
  const refused = (changes: Partial<SealiftConfigInput>): string[] => {
    try {
      parseConfig(example({ road: 'copy', source: SERVER, ...changes }));
      return [];
    } catch (error) {
      if (error instanceof ConfigurationError) return error.problems.map(({ path }) => writePath(path));
      throw error;
    }
  };
  const PROXY = {
    kind: 'rds-proxy',
    proxyName: 'shop',
    securityGroupId: 'sg-1b2c3d4e5f607182a',
    proxyArn: 'arn:aws:rds:eu-central-1:123456789012:db-proxy:prx-0123456789abcdef0',
    targetGroupArn: 'arn:aws:rds:eu-central-1:123456789012:target-group:prx-tg-0123456789abcdef0',
  } as const;

  test('is taken, with every switch but the proxy', () => {
    expect(refused({})).toEqual([]);
    expect(refused({ switch: { kind: 'parameter', parameterName: '/shop/database/host' } })).toEqual([]);
    expect(refused({ source: { ...SERVER, ownBackup: false } })).toEqual([]);
  });

  test.each<[string, Partial<SealiftConfigInput>, string]>([
    ['the snapshot road', { road: 'snapshot' }, 'road'],
    ['no word about the road', { road: undefined }, 'road'],
    [
      'a pruning without a backup of its owner',
      { source: { ...SERVER, ownBackup: false }, prune: OLD },
      'source.ownBackup',
    ],
    ['the name of the target', { source: { ...SERVER, name: 'sealift-demo-target' } }, 'source.name'],
    ['a whole network', { source: { ...SERVER, address: '10.20.30.0/24' } }, 'source.address'],
    ['an address in the place of its name', { source: { ...SERVER, host: '10.20.30.40' } }, 'source.host'],
    ['no word about a backup', { source: { ...SERVER, ownBackup: undefined as never } }, 'source.ownBackup'],
  ])('is refused with %s', (_title, changes, path) => {
    expect(refused(changes)).toEqual([path]);
  });

  test('is refused with a proxy, which leads to RDS alone', () => {
    const network = { ...example().network, clients: [PROXY.securityGroupId] };
    expect(refused({ switch: PROXY, network })).toEqual(['switch.kind']);
  });
});
