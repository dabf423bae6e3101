/**
 * What the applications follow to the database: a DNS record, or the host in a secret of theirs. Whoever looks at it or turns it
 * does so here, whatever its kind.
 */
import type { Switch } from '../contract/settings';
import type { Environment } from './environment';
import { recordSwitch } from './record-switch';
import { secretSwitch } from './secret-switch';
import type { ApplicationSwitch, SwitchFacts } from './switch-kind';

const KINDS: { readonly [K in Switch['kind']]: (chosen: Extract<Switch, { kind: K }>) => ApplicationSwitch } = {
  route53: recordSwitch,
  secret: secretSwitch,
};

/** The switch that the configuration chose. */
export function applicationSwitch({ switch: chosen }: Pick<Environment, 'switch'>): ApplicationSwitch {
  return make(chosen);
}

function make<K extends Switch['kind']>(chosen: Extract<Switch, { kind: K }>): ApplicationSwitch {
  return KINDS[chosen.kind as K](chosen);
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
