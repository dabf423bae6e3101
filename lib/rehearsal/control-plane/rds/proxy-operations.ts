import {
  type DBProxyTarget,
  DeregisterDBProxyTargets$,
  type DeregisterDBProxyTargetsCommandInput,
  type DeregisterDBProxyTargetsCommandOutput,
  DescribeDBProxies$,
  type DescribeDBProxiesCommandInput,
  type DescribeDBProxiesCommandOutput,
  DescribeDBProxyTargets$,
  type DescribeDBProxyTargetsCommandInput,
  type DescribeDBProxyTargetsCommandOutput,
  RegisterDBProxyTargets$,
  type RegisterDBProxyTargetsCommandInput,
  type RegisterDBProxyTargetsCommandOutput,
} from '@aws-sdk/client-rds';
import { AwsFault } from '../fault';
import { type Access, type Operation, operation } from '../operation';
import type { RdsAccess } from './access';
import { endpointName } from './instance';
import type { DatabaseProxy, Proxies, ProxyTarget } from './proxies';

/** `DescribeDBProxies`: one by name. */
export function describeProxies(proxies: Proxies): Operation {
  return operation<DescribeDBProxiesCommandInput, DescribeDBProxiesCommandOutput>({
    schema: DescribeDBProxies$,
    parameters: ['DBProxyName'],
    access: ({ DBProxyName }) => [{ action: 'rds:DescribeDBProxies', resource: proxyArnOf(proxies, DBProxyName) }],
    run: ({ DBProxyName = '' }) => {
      const { name, arn, hostName, secretArns, securityGroups } = proxies.get(DBProxyName);
      const proxy = {
        DBProxyName: name,
        DBProxyArn: arn,
        Status: 'available' as const,
        EngineFamily: 'POSTGRESQL',
        Endpoint: hostName,
        RequireTLS: true,
        VpcSecurityGroupIds: [...securityGroups],
        Auth: secretArns.map((SecretArn) => ({
          AuthScheme: 'SECRETS' as const,
          SecretArn,
          IAMAuth: 'DISABLED' as const,
        })),
      };
      return { DBProxies: [proxy] };
    },
  });
}

/** `DescribeDBProxyTargets`: of the group `default`, the only one that there is. */
export function describeProxyTargets(proxies: Proxies): Operation {
  return operation<DescribeDBProxyTargetsCommandInput, DescribeDBProxyTargetsCommandOutput>({
    schema: DescribeDBProxyTargets$,
    parameters: ['DBProxyName', 'TargetGroupName'],
    access: (input) => [ofGroup(proxies, 'rds:DescribeDBProxyTargets', input)],
    run: ({ DBProxyName = '' }) => {
      const { target } = proxies.get(DBProxyName);
      return { Targets: target === null ? [] : [described(proxies, target)] };
    },
  });
}

/** `RegisterDBProxyTargets`: one instance. */
export function registerTargets(proxies: Proxies, access: RdsAccess): Operation {
  return operation<RegisterDBProxyTargetsCommandInput, RegisterDBProxyTargetsCommandOutput>({
    schema: RegisterDBProxyTargets$,
    parameters: ['DBProxyName', 'TargetGroupName', 'DBInstanceIdentifiers'],
    access: (input) => ofBoth(proxies, access, 'rds:RegisterDBProxyTargets', input),
    run: ({ DBProxyName = '', DBInstanceIdentifiers }) => {
      const target = proxies.register(proxies.get(DBProxyName), theOne(DBInstanceIdentifiers));
      return { DBProxyTargets: [described(proxies, target)] };
    },
  });
}

/** `DeregisterDBProxyTargets`: one instance. */
export function deregisterTargets(proxies: Proxies, access: RdsAccess): Operation {
  return operation<DeregisterDBProxyTargetsCommandInput, DeregisterDBProxyTargetsCommandOutput>({
    schema: DeregisterDBProxyTargets$,
    parameters: ['DBProxyName', 'TargetGroupName', 'DBInstanceIdentifiers'],
    access: (input) => ofBoth(proxies, access, 'rds:DeregisterDBProxyTargets', input),
    run: ({ DBProxyName = '', DBInstanceIdentifiers }) => {
      proxies.deregister(proxies.get(DBProxyName), theOne(DBInstanceIdentifiers));
      return {};
    },
  });
}

interface GroupInput {
  readonly DBProxyName?: string | undefined;
  readonly TargetGroupName?: string | undefined;
  readonly DBInstanceIdentifiers?: string[] | undefined;
}

function ofGroup(
  proxies: Proxies,
  action: string,
  { DBProxyName = '', TargetGroupName = 'default' }: GroupInput,
): Access {
  if (TargetGroupName !== 'default') {
    throw new AwsFault('DBProxyTargetGroupNotFoundFault', `DBProxyTargetGroup ${TargetGroupName} not found.`, 404);
  }
  const proxy: DatabaseProxy | undefined = proxies.find(DBProxyName);
  return { action, resource: proxy?.targetGroupArn ?? '*' };
}

function ofBoth(proxies: Proxies, access: RdsAccess, action: string, input: GroupInput): Access[] {
  const instances = (input.DBInstanceIdentifiers ?? []).map((id) => access.instance(action, id));
  return [ofGroup(proxies, action, input), ...instances];
}

function proxyArnOf(proxies: Proxies, name: string | undefined): string {
  return (name === undefined ? undefined : proxies.find(name)?.arn) ?? '*';
}

function theOne(ids: readonly string[] | undefined): string {
  const [id] = ids ?? [];
  if (id !== undefined && ids?.length === 1) return id;
  throw new AwsFault('InvalidParameterCombination', 'exactly one instance can be a target');
}

function described({ place }: Proxies, { instanceId, state }: ProxyTarget): DBProxyTarget {
  return {
    RdsResourceId: instanceId,
    Endpoint: endpointName(place, instanceId),
    Port: 5432,
    Type: 'RDS_INSTANCE',
    Role: 'READ_WRITE',
    TargetHealth: { State: state },
  };
}
