/** The state that a migration finds: an unencrypted instance, its master secret, and everything that applications may follow. */
import { randomBytes } from 'node:crypto';
import { binariesFor, engineVersionOf } from '../servers/binaries';
import type { PostgresServer } from '../servers/postgres-server';
import { applicationParameterText, applicationSecretText, type Doors } from './door';
import { deployHook } from './hook';
import type { LocalAws } from './local-aws';
import {
  CLIENTS_GROUP,
  MASTER_USERNAME,
  PARAMETER_NAME,
  PROXY_NAME,
  RECORD_NAME,
  RECORD_TTL_SECONDS,
  SOURCE_INSTANCE,
  ZONE_NAME,
} from './place';
import type { Preparation } from './preparation';
import { RehearsalFailure } from './rehearsal-failure';

/** Parameters of the source's group: logical replication on, room for the slots of a few databases (facts E9). */
const SOURCE_PARAMETERS = {
  'rds.logical_replication': '1',
  max_replication_slots: '60',
  max_wal_senders: '60',
  max_worker_processes: '32',
  max_logical_replication_workers: '16',
};

/** The source and how it is reached. */
export interface Source extends Doors {
  readonly server: PostgresServer;
  /** Such as `17.10`. */
  readonly engineVersion: string;
  readonly masterPassword: string;
  readonly masterSecretArn: string;
}

/** Creates the instance, named by chance unless `names` are given, and every kind of switch, and waits until it is available. */
export async function createSource(
  aws: LocalAws,
  major: number,
  tell: (text: string) => void,
  names?: Preparation['names'],
): Promise<Source> {
  const { plane } = aws;
  const binaries = await binariesFor(major, { onProgress: tell });
  const engineVersion = engineVersionOf(binaries);
  const group = plane.rds.parameterGroups.create(`${SOURCE_INSTANCE}-${major}`, `postgres${major}`, {
    parameters: SOURCE_PARAMETERS,
  });
  const masterPassword = randomBytes(24).toString('base64url');
  const instance = plane.rds.instances.create({
    instanceId: SOURCE_INSTANCE,
    engineVersion,
    master: { username: MASTER_USERNAME, password: masterPassword },
    settings: {
      parameterGroup: group.name,
      instanceClass: 'db.m7g.large',
      allocatedStorageGib: 100,
      backupRetentionDays: 7,
    },
  });
  await instance.settled;
  const server = aws.server(SOURCE_INSTANCE);
  if (instance.status !== 'available' || !server) {
    throw new RehearsalFailure(`the source could not be started: ${instance.statusReason ?? instance.status}`);
  }
  const secret = plane.secrets.create({
    name: 'rehearsal/master',
    value: JSON.stringify({ username: MASTER_USERNAME, password: masterPassword }),
    ...(names && { suffix: names.secretSuffix }),
  });
  const zone = plane.route53.create(ZONE_NAME, names?.hostedZoneId);
  plane.route53.setRecord(zone.zoneId, {
    Name: RECORD_NAME,
    Type: 'CNAME',
    TTL: RECORD_TTL_SECONDS,
    ResourceRecords: [{ Value: instance.hostName }],
  });
  const application = plane.secrets.create({
    name: 'rehearsal/application',
    value: applicationSecretText(instance.hostName, server.port),
  });
  const address = { host: instance.hostName, port: server.port };
  plane.ssm.create(PARAMETER_NAME, applicationParameterText(address.host, address.port));
  const proxy = await plane.rds.proxies.create({
    name: PROXY_NAME,
    secretArns: [application.arn],
    securityGroups: [CLIENTS_GROUP],
    certificates: (hostName) => aws.authority.issue([hostName]),
  });
  plane.rds.proxies.register(proxy, SOURCE_INSTANCE);
  return {
    server,
    engineVersion,
    masterPassword,
    masterSecretArn: secret.arn,
    hostedZoneId: zone.zoneId,
    applicationSecretArn: application.arn,
    proxy: { proxyArn: proxy.arn, targetGroupArn: proxy.targetGroupArn, port: proxy.server.port },
    hookArn: await deployHook(aws, address),
  };
}
