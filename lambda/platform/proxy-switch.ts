/**
 * The switch that is an RDS Proxy: the instance behind it is taken away and the other one put there, since only one fits. Between
 * the two calls the proxy stands without an instance, and it accepts clients and lets them wait as long as its borrow timeout says.
 * A call that finds it so goes on where the one before it ended.
 */
import type { Switch } from '../contract/settings';
import { Blocked, NotReady } from '../errors';
import { deregister, type ProxyTarget, readProxy, readProxyTargets, register } from './rds-proxy';
import type { ApplicationSwitch, Sides, SwitchFacts, Turn } from './switch-kind';

type ProxyChoice = Extract<Switch, { kind: 'rds-proxy' }>;

/** Pause between two looks; the function and its retries bound their number. */
const LOOK_MS = 500;

/** Longest wait until the proxy takes an instance, or reaches it; AWS states no figure. Below the function's time. */
const PATIENCE_MS = 150_000;

/** Makes the switch of one proxy; `masterSecretArn` is the one that may not be among its own. */
export function proxySwitch(chosen: ProxyChoice, masterSecretArn: string): ApplicationSwitch {
  const { proxyName } = chosen;
  const what = `proxy ${proxyName}`;
  return {
    what,
    async look({ instances }): Promise<SwitchFacts> {
      await assertFit(chosen, masterSecretArn);
      const pointsTo = standsBehind(await readProxyTargets(proxyName), instances);
      return { kind: 'rds-proxy', name: proxyName, pointsTo, ttlSeconds: null };
    },
    async follow() {
      return { host: (await readProxy(proxyName)).endpoint, port: chosen.port };
    },
    async turn({ instances: { from, to } }: Turn) {
      const pointsTo = standsBehind(await readProxyTargets(proxyName), { source: from, target: to });
      if (pointsTo === 'elsewhere') {
        throw new Blocked(
          `${what} stands before neither side, somebody else changed it; register instance ${to} as its target by hand`,
        );
      }
      if (pointsTo === 'source') await deregister(proxyName, from);
      if (pointsTo !== 'target') await untilRegistered(proxyName, to);
      await untilAvailable(proxyName, to);
    },
  };
}

/** Which side stands behind the proxy; two instances, or a cluster, are neither. */
function standsBehind(targets: readonly ProxyTarget[], sides: Sides['instances']): SwitchFacts['pointsTo'] {
  const [only] = targets;
  if (only === undefined) return 'nothing';
  if (targets.length > 1 || only.type !== 'RDS_INSTANCE') return 'elsewhere';
  if (only.id === sides.source) return 'source';
  return only.id === sides.target ? 'target' : 'elsewhere';
}

/** What would make the proxy fail before the target and is seen beforehand; throws `Blocked` with the remedy. */
async function assertFit({ proxyName, securityGroupId }: ProxyChoice, masterSecretArn: string): Promise<void> {
  const proxy = await readProxy(proxyName);
  const problem = problemOf();
  if (problem !== null) throw new Blocked(`proxy ${proxyName} ${problem}`);

  function problemOf(): string | null {
    if (proxy.engineFamily !== 'POSTGRESQL') return `is of family ${proxy.engineFamily}, expected POSTGRESQL`;
    if (proxy.status !== 'available') return `is ${proxy.status}, wait until it is available`;
    if (proxy.secretArns.includes(masterSecretArn)) {
      return "logs in with the master user's secret, whose password is another one on the target: give it a secret of the applications' role";
    }
    if (!proxy.securityGroups.includes(securityGroupId)) {
      return `has the security groups ${proxy.securityGroups.join(', ')}, configure one of them as switch.securityGroupId and in network.clients`;
    }
    return null;
  }
}

async function untilRegistered(proxyName: string, instanceId: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  // Ends when the proxy takes the instance, or by the deadline.
  while (!(await register(proxyName, instanceId))) {
    if (Date.now() > deadline) {
      throw new NotReady(
        `proxy ${proxyName} did not take instance ${instanceId} within ${PATIENCE_MS} ms, it is tried again`,
      );
    }
    await pause();
  }
}

async function untilAvailable(proxyName: string, instanceId: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  // Ends when the proxy reaches the instance, when somebody takes it away, or by the deadline.
  for (;;) {
    const found = (await readProxyTargets(proxyName)).find(({ id }) => id === instanceId);
    if (found === undefined) {
      throw new NotReady(`instance ${instanceId} was taken from behind proxy ${proxyName}, it is looked at again`);
    }
    if (found.state === 'AVAILABLE') return;
    if (Date.now() > deadline) {
      throw new Error(
        `proxy ${proxyName} does not reach instance ${instanceId} after ${PATIENCE_MS} ms: ${found.state}, ` +
          `${found.reason ?? 'no reason given'}; look at its security groups and at its secrets`,
      );
    }
    await pause();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}
