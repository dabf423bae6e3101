/** The state that a migration finds: an unencrypted instance, its master secret, and everything that applications may follow. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { engineVersionOf } from '../servers/binaries';
import { readAdminPassword } from '../servers/data-directory';
import { binariesOf } from '../servers/packaged-binaries';
import { PostgresServer } from '../servers/postgres-server';
import type { RunDirectory } from '../servers/run-directory';
import { applicationParameterText, applicationSecretText, type Doors } from './door';
import { deployHook } from './hook';
import { type LocalAws, SERVER_SETTINGS } from './local-aws';
import type { Engine, SourceKind } from './options';
import {
  CLIENTS_GROUP,
  MASTER_USERNAME,
  OUTSIDE_HOST,
  OUTSIDE_SOURCE,
  OWN_APPLICATION,
  PARAMETER_NAME,
  PROXY_NAME,
  RECORD_NAME,
  RECORD_TTL_SECONDS,
  SOURCE_INSTANCE,
  ZONE_NAME,
} from './place';
import type { Preparation } from './preparation';
import { RehearsalFailure } from './rehearsal-failure';
import { openTlsDoor } from './tls-door';
import type { UserServer } from './user-server';

/** Settings of the source: room for the slots of a few databases (facts E9). */
const SOURCE_PARAMETERS = {
  max_replication_slots: '60',
  max_wal_senders: '60',
  max_worker_processes: '32',
  max_logical_replication_workers: '16',
};

/** What a rehearsal needs of a source, whoever started it. */
export type SourceServer = Pick<PostgresServer, 'port' | 'running' | 'caPem' | 'admin' | 'withAdmin'>;

/** What the server loads at its start. */
function librariesOf(engine: Engine): Record<string, string> {
  return engine === 'pglogical' ? { shared_preload_libraries: 'pglogical' } : {};
}

/** The authorities that functions, applications and the target trust. */
export interface Trust {
  readonly pem: string;
  /** Path of the same that every server can read. */
  readonly path: string;
}

/** What a source is made of. */
export interface SourcePlace {
  readonly aws: LocalAws;
  readonly run: RunDirectory;
  readonly kind: SourceKind;
  readonly engine: Engine;
  readonly major: number;
  readonly tell: (text: string) => void;
  readonly names?: Preparation['names'];
  readonly userServer: UserServer | null;
  /** Ends what was begun for it. */
  readonly cleanup: { add(end: () => Promise<void> | void): void };
}

/** The source and how it is reached. */
export interface Source extends Doors {
  readonly server: SourceServer;
  /** The same where the rehearsal started it; null where the user runs it. */
  readonly own: PostgresServer | null;
  readonly ca: Trust;
  /** Such as `17.10`. */
  readonly engineVersion: string;
  readonly masterPassword: string;
  readonly masterSecretArn: string;
}

/** Makes an instance of RDS or a server that AWS does not manage, and every kind of switch, named by chance unless `names` are given. */
export async function createSource(place: SourcePlace): Promise<Source> {
  const { aws, names } = place;
  const { plane } = aws;
  const { server, own, hostName, engineVersion, master, ca } = await make(place);
  const secret = plane.secrets.create({
    name: 'rehearsal/master',
    value: JSON.stringify(master),
    ...(names && { suffix: names.secretSuffix }),
  });
  const zone = plane.route53.create(ZONE_NAME, names?.hostedZoneId);
  plane.route53.setRecord(zone.zoneId, {
    Name: RECORD_NAME,
    Type: 'CNAME',
    TTL: RECORD_TTL_SECONDS,
    ResourceRecords: [{ Value: hostName }],
  });
  const application = plane.secrets.create({
    name: 'rehearsal/application',
    value: applicationSecretText(hostName, server.port),
  });
  const address = { host: hostName, port: server.port };
  plane.ssm.create(PARAMETER_NAME, applicationParameterText(address.host, address.port));
  const proxy = await plane.rds.proxies.create({
    name: PROXY_NAME,
    secretArns: [application.arn],
    securityGroups: [CLIENTS_GROUP],
    certificates: (host) => aws.authority.issue([host]),
  });
  if (place.kind === 'rds') plane.rds.proxies.register(proxy, SOURCE_INSTANCE);
  return {
    server,
    own,
    ca,
    engineVersion,
    masterPassword: master.password,
    masterSecretArn: secret.arn,
    hostedZoneId: zone.zoneId,
    applicationSecretArn: application.arn,
    proxy: { proxyArn: proxy.arn, targetGroupArn: proxy.targetGroupArn, port: proxy.server.port },
    hookArn: await deployHook(aws, address),
  };
}

interface Made {
  readonly server: SourceServer;
  readonly own: PostgresServer | null;
  readonly hostName: string;
  readonly engineVersion: string;
  readonly master: { readonly username: string; readonly password: string };
  readonly ca: Trust;
}

function make(place: SourcePlace): Promise<Made> {
  if (place.userServer !== null) return openTo(place.userServer, place);
  return place.kind === 'server' ? createOutsider(place) : createInstance(place);
}

/** A door before the user's server, which gives it the TLS that it would have in production. */
async function openTo(server: UserServer, { aws, cleanup }: SourcePlace): Promise<Made> {
  const certificate = await aws.authority.issue([OUTSIDE_HOST, 'localhost']);
  const door = await openTlsDoor(certificate, server.address);
  cleanup.add(() => door.close());
  server.port = door.port;
  server.caPem = certificate.caPem;
  aws.plane.addOutsider(OUTSIDE_HOST, door.port);
  return {
    server,
    own: null,
    hostName: OUTSIDE_HOST,
    engineVersion: server.found.version,
    // A server that trusts never asks for it.
    master: { username: server.user, password: server.password === '' ? 'none' : server.password },
    ca: { pem: aws.authority.caPem, path: aws.caPath },
  };
}

/** Waits until the instance is available. */
async function createInstance({ aws, engine, major, tell }: SourcePlace): Promise<Made> {
  const { plane } = aws;
  const engineVersion = engineVersionOf(await binariesOf(engine)(major, { onProgress: tell }));
  const group = plane.rds.parameterGroups.create(`${SOURCE_INSTANCE}-${major}`, `postgres${major}`, {
    parameters: { 'rds.logical_replication': '1', ...SOURCE_PARAMETERS, ...librariesOf(engine) },
  });
  const master = { username: MASTER_USERNAME, password: randomBytes(24).toString('base64url') };
  const instance = plane.rds.instances.create({
    instanceId: SOURCE_INSTANCE,
    engineVersion,
    master,
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
  const ca = { pem: aws.authority.caPem, path: aws.caPath };
  return { server, own: server, hostName: instance.hostName, engineVersion, master, ca };
}

/**
 * A plainly configured server whose superuser the migration works as; RDS knows nothing of it. Its certificate comes from the
 * authority that the target's has: in production Amazon's is built in, and two here would leave no room for what is pruned in the
 * environment of a function.
 */
async function createOutsider({ aws, run, engine, major, tell }: SourcePlace): Promise<Made> {
  const binaries = await binariesOf(engine)(major, { onProgress: tell });
  const server = run.add(
    await PostgresServer.create({
      binaries,
      directory: join(run.path, 'servers', OUTSIDE_SOURCE),
      certificate: await aws.authority.issue([OUTSIDE_HOST, 'localhost']),
      superuser: { name: MASTER_USERNAME, applicationName: OWN_APPLICATION },
      settings: { ...SERVER_SETTINGS, ...SOURCE_PARAMETERS, max_slot_wal_keep_size: '8GB', ...librariesOf(engine) },
    }),
  );
  await server.start();
  aws.plane.addOutsider(OUTSIDE_HOST, server.port);
  return {
    server,
    own: server,
    hostName: OUTSIDE_HOST,
    engineVersion: engineVersionOf(binaries),
    master: { username: MASTER_USERNAME, password: await readAdminPassword(server.dataDirectory) },
    ca: { pem: aws.authority.caPem, path: aws.caPath },
  };
}
