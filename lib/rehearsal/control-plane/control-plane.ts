import { join } from 'node:path';
import type { Clock } from '../clock';
import type { Authorize } from './authorization';
import { Callers } from './callers';
import { createDispatcher } from './dispatcher';
import { createDms, type Dms } from './dms/account';
import { dmsService } from './dms/service';
import type { AuthorizeAssumeRole } from './dms/service-roles';
import { DMS_TIMINGS, type DmsTimings } from './dms/timings';
import { startNameServer } from './dns/name-server';
import type { Refusal } from './fault';
import { type Injection, Injections } from './injection';
import { Journal, type JournalEntry } from './journal';
import { Keys } from './kms/keys';
import { kmsService } from './kms/service';
import type { Service } from './operation';
import type { Place } from './place';
import type { DatabaseHost } from './rds/database-host';
import { Instances } from './rds/instances';
import { ParameterGroups } from './rds/parameter-groups';
import { Proxies } from './rds/proxies';
import { type Rds, rdsService } from './rds/service';
import { type SnapshotLimits, Snapshots } from './rds/snapshots';
import { RDS_TIMINGS, type RdsTimings } from './rds/timings';
import { route53Service } from './route53/service';
import { HostedZones } from './route53/zones';
import { Buckets } from './s3/buckets';
import { s3Service } from './s3/service';
import { Secrets } from './secrets/secrets';
import { secretsService } from './secrets/service';
import { listen } from './server';
import { snsService } from './sns/service';
import { Topics } from './sns/topics';
import { Parameters } from './ssm/parameters';
import { ssmService } from './ssm/service';
import { stsService } from './sts/service';

/** What a control plane is made of. */
export interface ControlPlaneProps {
  /** Directory of the run, for snapshots and objects. */
  readonly directory: string;
  readonly clock: Clock;
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  /** Decides what roles may do; the operator is never asked about. */
  readonly authorize: Authorize;
  /** Decides which services may take on a role. @default none may any */
  readonly authorizeAssumeRole?: AuthorizeAssumeRole;
  readonly databaseHost: DatabaseHost;
  readonly route53?: {
    /** Real milliseconds from a change to INSYNC. @default 60 */
    readonly propagationMs?: number;
  };
  /** @default `RDS_TIMINGS` */
  readonly rdsTimings?: Partial<RdsTimings>;
  /** @default `DMS_TIMINGS` */
  readonly dmsTimings?: Partial<DmsTimings>;
  /** @default 100 manual snapshots, 20 copies at once */
  readonly snapshotLimits?: Partial<SnapshotLimits>;
  /** Called for whatever the control plane does not know, so that a run can fail on it. @default nothing */
  readonly onRefusal?: (refusal: Refusal) => void;
  /** Called for an error in the control plane itself. @default written to stderr */
  readonly onDefect?: (error: unknown) => void;
}

/** Where a name leads at this moment. */
export interface Location {
  /** Last name of the CNAME chain, for the certificate. */
  readonly hostName: string;
  /** Always the loopback. */
  readonly address: '127.0.0.1';
  readonly port: number;
}

/** The local AWS. */
export interface ControlPlane {
  /** For `AWS_ENDPOINT_URL`. */
  readonly endpointUrl: string;
  readonly place: Place;
  /** Decides what roles may do; service roles of stacks included. */
  readonly authorize: Authorize;
  readonly callers: Callers;
  readonly rds: Rds;
  readonly dms: Dms;
  readonly kms: Keys;
  readonly secrets: Secrets;
  readonly route53: HostedZones;
  /** `127.0.0.1:<port>` of the resolver that knows the hosted zones. */
  readonly nameServer: string;
  readonly ssm: Parameters;
  readonly s3: Buckets;
  readonly sns: Topics;
  /** Every call so far. */
  journal(): readonly JournalEntry[];
  /** Makes the next calls of an operation fail, be late, or lose their answers. */
  inject(injection: Injection): void;
  /** Follows CNAMEs as the zones' servers answer them now; see `HostedZones.resolve`. */
  resolve(name: string): string;
  /** Follows a name to the port of the instance, proxy or outside server that it leads to; null when it leads to none. */
  locate(name: string): Location | null;
  /** Makes a server known that AWS does not manage: names lead to it, and no service of AWS knows of it. */
  addOutsider(hostName: string, port: number): void;
  /** Adds a service, such as `cloudFormationService`; until then its calls are refused. */
  addService(service: Service): void;
  /** Stops listening and every transition under way; the servers belong to the run. */
  close(): Promise<void>;
}

/**
 * Starts the local AWS: one HTTP server on the loopback that speaks the wire protocols of exactly the calls that the
 * migration makes. It stands in for AWS's control plane, never for PostgreSQL; what it does not know it refuses.
 */
export async function createControlPlane(props: ControlPlaneProps): Promise<ControlPlane> {
  const { clock } = props;
  const place = { account: props.account, region: props.region };
  const closing = new AbortController();
  const kms = new Keys(place, clock);
  const secrets = new Secrets(place, clock);
  const route53 = new HostedZones(clock, props.route53?.propagationMs ?? 60);
  const s3 = new Buckets(join(props.directory, 'objects'), clock);
  const sns = new Topics(place);
  const ssm = new Parameters(place);
  const outsiders = new Map<string, number>();
  const nameServer = await startNameServer((name) => route53.alias(name));
  const rds = createRds(props, kms, secrets, closing.signal);
  const find = (name: string) => outside(outsiders, route53.resolve(name)) ?? locate(route53, rds, name);
  const dms = createDms({
    place,
    clock,
    timings: { ...DMS_TIMINGS, ...props.dmsTimings },
    keys: kms,
    secrets,
    buckets: s3,
    authorize: props.authorize,
    authorizeAssumeRole: props.authorizeAssumeRole ?? (() => ({ allowed: false, reason: 'no role trusts anybody' })),
    isKnownHost: (name) => find(name) !== null,
    signal: closing.signal,
  });
  const callers = new Callers(place.account);
  const journal = new Journal();
  const injections = new Injections();
  const dispatcher = createDispatcher({
    services: [
      rdsService(rds, kms, place),
      dmsService(dms),
      kmsService(kms, place),
      secretsService(secrets, kms, place),
      route53Service(route53),
      s3Service(s3, kms),
      snsService(sns, kms),
      ssmService(ssm),
      stsService(place),
    ],
    callers,
    clock,
    authorize: props.authorize,
    environment: place,
    journal,
    injections,
    onRefusal: props.onRefusal ?? (() => undefined),
    onDefect: props.onDefect ?? ((error) => console.error('the control plane failed:', error)),
  });
  const endpoint = await listen(dispatcher.dispatch);
  return {
    endpointUrl: endpoint.url,
    place,
    authorize: props.authorize,
    callers,
    rds,
    dms,
    kms,
    secrets,
    route53,
    nameServer: nameServer.address,
    ssm,
    s3,
    sns,
    journal: () => journal.entries(),
    inject: (injection) => injections.add(injection),
    resolve: (name) => route53.resolve(name),
    locate: find,
    addOutsider: (hostName, port) => outsiders.set(hostName, port),
    addService: (service) => dispatcher.addService(service),
    async close() {
      closing.abort();
      route53.close();
      await Promise.all([endpoint.close(), nameServer.close(), rds.proxies.close()]);
      await Promise.all([rds.instances.settle(), rds.snapshots.settle(), dms.settle()]);
    },
  };
}

function outside(outsiders: ReadonlyMap<string, number>, hostName: string): Location | null {
  const port = outsiders.get(hostName);
  return port === undefined ? null : { hostName, address: '127.0.0.1', port };
}

function createRds(props: ControlPlaneProps, keys: Keys, secrets: Secrets, signal: AbortSignal): Rds {
  const place = { account: props.account, region: props.region };
  const timings = { ...RDS_TIMINGS, ...props.rdsTimings };
  const parameterGroups = new ParameterGroups();
  const common = { place, clock: props.clock, timings, keys, signal };
  const instances = new Instances({ ...common, host: props.databaseHost, secrets, parameterGroups });
  const limits = { manualSnapshots: 100, concurrentCopies: 20, ...props.snapshotLimits };
  const snapshots = new Snapshots({ ...common, instances, limits, directory: join(props.directory, 'snapshots') });
  const proxies = new Proxies(place, props.clock, instances, timings.registerTargetMs);
  return { instances, snapshots, parameterGroups, proxies };
}

function locate(zones: HostedZones, rds: Rds, name: string): Location | null {
  const hostName = zones.resolve(name);
  const proxy = rds.proxies.list().find((each) => each.hostName === hostName);
  if (proxy) return { hostName, address: '127.0.0.1', port: proxy.server.port };
  const instance = rds.instances.list().find((each) => each.hostName === hostName);
  return instance?.database ? { hostName, address: '127.0.0.1', port: instance.database.port } : null;
}
