/** An RDS Proxy and the one instance that stands behind it. */
import {
  type DBProxyTarget,
  DeregisterDBProxyTargetsCommand,
  DescribeDBProxiesCommand,
  DescribeDBProxyTargetsCommand,
  RDSClient,
  RegisterDBProxyTargetsCommand,
} from '@aws-sdk/client-rds';
import { Blocked } from '../errors';
import { CLIENT_LIMITS, callAws } from './aws-call';

const client = new RDSClient(CLIENT_LIMITS);

/** The only target group that a proxy has. */
const GROUP = 'default';

/** A proxy as RDS describes it. */
export interface ProxyFacts {
  readonly status: string;
  readonly engineFamily: string;
  /** Where clients connect by default; null while there is none. */
  readonly endpoint: string | null;
  readonly securityGroups: readonly string[];
  /** Secrets with which it logs in to the instance. */
  readonly secretArns: readonly string[];
}

/** What stands behind a proxy. */
export interface ProxyTarget {
  /** Identifier of the instance or cluster. */
  readonly id: string;
  readonly type: string;
  /** `REGISTERING`, `AVAILABLE` or `UNAVAILABLE`. */
  readonly state: string;
  /** Such as `AUTH_FAILURE`; null without one. */
  readonly reason: string | null;
}

/** Describes a proxy; throws `Blocked` when there is none. */
export async function readProxy(proxyName: string): Promise<ProxyFacts> {
  const [found] = await callAws(
    { action: 'rds:DescribeDBProxies', resource: `proxy ${proxyName}` },
    async () => (await client.send(new DescribeDBProxiesCommand({ DBProxyName: proxyName }))).DBProxies ?? [],
    refusalsOf(proxyName),
  );
  if (found === undefined) throw absent(proxyName);
  return {
    status: found.Status ?? 'unknown',
    engineFamily: found.EngineFamily ?? 'unknown',
    endpoint: found.Endpoint ?? null,
    securityGroups: found.VpcSecurityGroupIds ?? [],
    secretArns: (found.Auth ?? []).flatMap(({ SecretArn }) => (SecretArn === undefined ? [] : [SecretArn])),
  };
}

/** Lists what stands behind a proxy: one instance, or nothing. */
export async function readProxyTargets(proxyName: string): Promise<readonly ProxyTarget[]> {
  const targets = await callAws(
    { action: 'rds:DescribeDBProxyTargets', resource: `proxy ${proxyName}` },
    async () => {
      const request = { DBProxyName: proxyName, TargetGroupName: GROUP };
      return (await client.send(new DescribeDBProxyTargetsCommand(request))).Targets ?? [];
    },
    refusalsOf(proxyName),
  );
  return targets.map(describe);
}

/** Takes an instance from behind a proxy; one that is not there is no error. */
export async function deregister(proxyName: string, instanceId: string): Promise<void> {
  await callAws<unknown>(
    { action: 'rds:DeregisterDBProxyTargets', resource: `proxy ${proxyName} and instance ${instanceId}` },
    () => client.send(new DeregisterDBProxyTargetsCommand(requestFor(proxyName, instanceId))),
    { ...refusalsOf(proxyName), DBProxyTargetNotFoundFault: () => undefined },
  );
}

/** Puts an instance behind a proxy; one that is there already is no error. False while proxy or instance cannot take it yet. */
export async function register(proxyName: string, instanceId: string): Promise<boolean> {
  const notYet = () => false;
  return callAws<boolean>(
    { action: 'rds:RegisterDBProxyTargets', resource: `proxy ${proxyName} and instance ${instanceId}` },
    async () => {
      await client.send(new RegisterDBProxyTargetsCommand(requestFor(proxyName, instanceId)));
      return true;
    },
    {
      ...refusalsOf(proxyName),
      DBProxyTargetAlreadyRegisteredFault: () => true,
      InvalidDBProxyStateFault: notYet,
      InvalidDBInstanceStateFault: notYet,
    },
  );
}

function requestFor(proxyName: string, instanceId: string) {
  return { DBProxyName: proxyName, TargetGroupName: GROUP, DBInstanceIdentifiers: [instanceId] };
}

function describe({ RdsResourceId, TrackedClusterId, Type, TargetHealth }: DBProxyTarget): ProxyTarget {
  return {
    id: RdsResourceId ?? TrackedClusterId ?? 'unknown',
    type: Type ?? 'unknown',
    state: TargetHealth?.State ?? 'UNAVAILABLE',
    reason: TargetHealth?.Reason ?? null,
  };
}

function absent(proxyName: string, cause?: Error): Blocked {
  return new Blocked(
    `proxy ${proxyName} does not exist, configure the name of the proxy that applications connect to`,
    {
      cause,
    },
  );
}

function refusalsOf(proxyName: string): Record<string, (cause: Error) => never> {
  const block = (cause: Error) => {
    throw absent(proxyName, cause);
  };
  return { DBProxyNotFoundFault: block, DBProxyTargetGroupNotFoundFault: block };
}
