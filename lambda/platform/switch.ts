/**
 * What the applications follow to the database: a DNS record, the host in a secret or a parameter of theirs, an RDS Proxy, or what
 * a function of the customer's turns. Whoever looks at it or turns it does so here, whatever its kind.
 */
import type { Switch } from '../contract/settings';
import type { Environment } from './environment';
import { hookSwitch } from './hook-switch';
import { parameterSwitch } from './parameter-switch';
import { proxySwitch } from './proxy-switch';
import { recordSwitch } from './record-switch';
import { secretSwitch } from './secret-switch';
import type { ApplicationSwitch, SwitchFacts } from './switch-kind';

type Make<K extends Switch['kind']> = (
  chosen: Extract<Switch, { kind: K }>,
  masterSecretArn: string,
) => ApplicationSwitch;

const KINDS: { readonly [K in Switch['kind']]: Make<K> } = {
  route53: recordSwitch,
  secret: secretSwitch,
  parameter: parameterSwitch,
  'rds-proxy': proxySwitch,
  hook: hookSwitch,
};

/** The switch that the configuration chose. */
export function applicationSwitch(environment: Pick<Environment, 'switch' | 'masterSecretArn'>): ApplicationSwitch {
  return make(environment.switch, environment.masterSecretArn);
}

function make<K extends Switch['kind']>(
  chosen: Extract<Switch, { kind: K }>,
  masterSecretArn: string,
): ApplicationSwitch {
  return KINDS[chosen.kind as K](chosen, masterSecretArn);
}

/** Time that a proxy takes to reach another instance: an assumption, because AWS states none (facts E21). */
const PROXY_MS = 60_000;

/** What the kind of switch adds to the outage beyond its call and a record's time to live. */
export function switchMs(kind: Switch['kind']): number {
  return kind === 'rds-proxy' ? PROXY_MS : 0;
}

/** Words about a switch, by its kind. */
interface Words {
  describe(facts: SwitchFacts): string;
  remedy(facts: SwitchFacts, instanceId: string, ttlSeconds: number): string;
  /** What adds to the outage after the switch is turned. */
  outage(ttlSeconds: number): string;
}

const POINTS_TO: Readonly<Record<SwitchFacts['pointsTo'], string>> = {
  source: 'the source',
  target: 'the target',
  elsewhere: 'neither source nor target',
  nothing: 'nothing',
};

const WORDS: Readonly<Record<Switch['kind'], Words>> = {
  route53: {
    describe: ({ name, pointsTo, ttlSeconds }) =>
      pointsTo === 'nothing'
        ? `there is no record ${name}`
        : `record ${name} is a CNAME of ${POINTS_TO[pointsTo]}, time to live ${ttlSeconds ?? 'unknown'} s`,
    remedy: ({ name }, instanceId, ttlSeconds) =>
      `make ${name} a CNAME of the endpoint of ${instanceId} with a time to live of ${ttlSeconds} s, and let applications use it`,
    outage: (ttlSeconds) =>
      `${ttlSeconds} s time to live of the record; on top comes the time that Route 53 takes until all its servers know the ` +
      'new address, and that pools take to reconnect',
  },
  secret: {
    describe: ({ name, pointsTo }) => `secret ${name} names ${POINTS_TO[pointsTo]}`,
    remedy: ({ name }, instanceId) =>
      `store the endpoint of ${instanceId} in secret ${name}, and let applications connect by it`,
    outage: () => 'on top comes the time until applications read the secret again and reconnect',
  },
  parameter: {
    describe: ({ name, pointsTo }) => `parameter ${name} names ${POINTS_TO[pointsTo]}`,
    remedy: ({ name }, instanceId) =>
      `store the endpoint of ${instanceId} in parameter ${name}, and let applications connect by it`,
    outage: () => 'on top comes the time until applications read the parameter again and reconnect',
  },
  'rds-proxy': {
    describe: ({ name, pointsTo }) => `proxy ${name} stands before ${POINTS_TO[pointsTo]}`,
    remedy: ({ name }, instanceId) =>
      `register ${instanceId} as the only target of proxy ${name}, and let applications connect to the proxy`,
    outage: () =>
      `${PROXY_MS / 1000} s until the proxy reaches the target (assumed: AWS states no figure, measure it with a proxy of your own); ` +
      'its clients wait meanwhile as long as its connection borrow timeout lets them',
  },
  hook: {
    describe: ({ name, pointsTo }) => `hook ${name} leads to ${POINTS_TO[pointsTo]}`,
    remedy: ({ name }, instanceId) =>
      `lead the applications to the endpoint of ${instanceId} by what hook ${name} turns`,
    outage: () => 'on top comes the time of the hook, and that applications take to follow what it turns',
  },
};

/** Where a switch leads, in words. */
export function describeSwitch(facts: SwitchFacts): string {
  return WORDS[facts.kind].describe(facts);
}

/** What to do so that the switch leads to an instance; `ttlSeconds` is the configured time to live. */
export function switchRemedy(facts: SwitchFacts, instanceId: string, ttlSeconds: number): string {
  return WORDS[facts.kind].remedy(facts, instanceId, ttlSeconds);
}

/** What adds to the outage behind the switch, in words. */
export function outageBehind(kind: Switch['kind'], ttlSeconds: number): string {
  return WORDS[kind].outage(ttlSeconds);
}
