import type { Switch } from '../../../lambda/contract/settings';
import { Blocked, NotReady } from '../../../lambda/errors';
import { applicationSwitch, outageBehind, switchMs } from '../../../lambda/platform/switch';
import type { DatabaseProxy } from '../../../lib/rehearsal/control-plane/rds/proxies';
import { createCertificateAuthority } from '../../../lib/rehearsal/servers/certificate-authority';
import type { LocalAws } from '../../rehearsal/control-plane/support/local-aws';
import { BACK, failureOf, INSTANCES, MASTER_SECRET, SIDES, startSwitchStage, TURN } from './switch-stage';

type Choice = Extract<Switch, { kind: 'rds-proxy' }>;

const NONE = 'nothing-to-hide';
const GROUP = 'sg-0a1b2c3d4e5f60718';
const OTHER = 'other-db';
let aws: LocalAws;
let count = 0;

beforeAll(async () => {
  aws = await startSwitchStage();
  const { instances, parameterGroups } = aws.plane.rds;
  const group = parameterGroups.create('plain', 'postgres17');
  const made = [INSTANCES.source, INSTANCES.target, OTHER].map((instanceId) =>
    instances.create({
      instanceId,
      engineVersion: '17.10',
      master: { username: 'dbadmin', password: 'unused-here' },
      settings: { parameterGroup: group.name },
    }),
  );
  await Promise.all(made.map(({ settled }) => settled));
});
afterAll(() => aws.close());

async function proxyBefore(
  instanceId: string | null,
  secretArns: readonly string[] = ['arn:shop'],
): Promise<DatabaseProxy> {
  const authority = await createCertificateAuthority();
  count += 1;
  const { proxies } = aws.plane.rds;
  const proxy = await proxies.create({
    name: `shop-${count}`,
    secretArns,
    securityGroups: [GROUP],
    certificates: (hostName) => authority.issue([hostName]),
  });
  if (instanceId !== null) proxies.register(proxy, instanceId);
  return proxy;
}

function of({ name }: Pick<DatabaseProxy, 'name'>, fields: Partial<Choice> = {}) {
  const chosen = { kind: 'rds-proxy', proxyName: name, port: 5432, securityGroupId: GROUP, ...fields } as const;
  return applicationSwitch({ switch: chosen, masterSecretArn: MASTER_SECRET });
}

/** Calls that change what stands behind a proxy, since `from`. */
const changes = (from: number) =>
  aws.plane
    .journal()
    .slice(from)
    .filter(({ operation, outcome }) => operation.endsWith('gisterDBProxyTargets') && outcome === 'ok')
    .map(({ operation }) => operation);

describe('the switch that is an RDS Proxy', () => {
  it('is turned once, whichever way, and waits until the proxy reaches the instance', async () => {
    const proxy = await proxyBefore(INSTANCES.source);
    expect(await of(proxy).look(SIDES)).toMatchObject({ kind: 'rds-proxy', name: proxy.name, pointsTo: 'source' });
    const before = aws.plane.journal().length;
    await of(proxy).turn(TURN);
    expect(proxy.target).toEqual({ instanceId: INSTANCES.target, state: 'AVAILABLE' });
    await of(proxy).turn({ ...TURN, lookedAt: false });
    expect(changes(before)).toEqual(['DeregisterDBProxyTargets', 'RegisterDBProxyTargets']);
    await of(proxy).turn(BACK);
    expect(proxy.target).toEqual({ instanceId: INSTANCES.source, state: 'AVAILABLE' });
    expect(await of(proxy).follow()).toEqual({ host: proxy.hostName, port: 5432 });
  });

  it('goes on after a call that died between its two halves', async () => {
    const proxy = await proxyBefore(INSTANCES.source);
    const error = { code: 'InternalFailure', status: 500 };
    aws.plane.inject({ service: 'rds', operation: 'RegisterDBProxyTargets', effect: { error }, times: 3 });
    expect(await failureOf(of(proxy).turn(TURN), NONE)).toBeInstanceOf(NotReady);
    expect(proxy.target).toBeNull();
    expect(await of(proxy).look(SIDES)).toMatchObject({ pointsTo: 'nothing' });
    await of(proxy).turn({ ...TURN, lookedAt: false });
    expect(proxy.target?.instanceId).toBe(INSTANCES.target);
  });

  it('goes on after a registration whose answer was lost', async () => {
    const proxy = await proxyBefore(INSTANCES.source);
    aws.plane.inject({ service: 'rds', operation: 'RegisterDBProxyTargets', effect: 'lose-response' });
    await of(proxy).turn(TURN);
    expect(proxy.target).toEqual({ instanceId: INSTANCES.target, state: 'AVAILABLE' });
  });

  it("never takes somebody else's instance away", async () => {
    const proxy = await proxyBefore(OTHER);
    expect(await of(proxy).look(SIDES)).toMatchObject({ pointsTo: 'elsewhere' });
    const error = await failureOf(of(proxy).turn(TURN), NONE);
    expect(error).toBeInstanceOf(Blocked);
    expect(error.message).toContain(`register instance ${INSTANCES.target} as its target by hand`);
    expect(proxy.target?.instanceId).toBe(OTHER);
  });

  it.each([
    ['does not exist', async () => ({ name: 'none' }), {}, /proxy none does not exist/],
    [
      "logs in with the master user's secret",
      () => proxyBefore(INSTANCES.source, [MASTER_SECRET]),
      {},
      /give it a secret of the applications' role/,
    ],
    [
      'has another security group',
      () => proxyBefore(INSTANCES.source),
      { securityGroupId: 'sg-ffffffff' },
      /configure one of them as switch.securityGroupId and in network.clients/,
    ],
  ] as const)('fails clearly when the proxy %s', async (_, make, fields, words) => {
    const error = await failureOf(of(await make(), fields).look(SIDES), NONE);
    expect(error).toBeInstanceOf(Blocked);
    expect(error.message).toMatch(words);
  });

  it('says beforehand what it adds to the outage', () => {
    expect(switchMs('rds-proxy')).toBe(60_000);
    expect(switchMs('route53')).toBe(0);
    expect(outageBehind('rds-proxy', 0)).toContain('60 s until the proxy reaches the target (assumed');
  });
});
