/**
 * Rules between fields. They read the configuration as it came, so that their problems appear beside those of single
 * fields: a field of the wrong shape has been reported already and is passed over here.
 */
import type { ConfigPath, Problem } from './problem';
import { quoteValue } from './problem';
import { type Section, sectionOf } from './raw-section';
import { ofRoad } from './road-agreement';
import { ofServer } from './server-agreement';

/** Parameters that the promise rests on (security 29, 39, 40; facts E3). */
export const FIXED_PARAMETERS: Readonly<Record<string, string>> = {
  'rds.force_ssl': '1',
  'rds.logical_replication': '1',
  password_encryption: 'scram-sha-256',
  // A statement with a password in it reaches the log by none of these ways.
  log_statement: 'none',
  log_min_error_statement: 'panic',
  log_min_duration_statement: '-1',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  'pg_stat_statements.track_utility': 'off',
};

/** Lists every disagreement between fields. */
export function findDisagreements(input: unknown): Problem[] {
  const top = sectionOf(input);
  return [
    ...places(top),
    ...zones(top),
    ...storage(top),
    ...parameters(top),
    ...connection(top),
    ...room(top),
    ...twoNames(top),
    ...ofEndpointText(top),
    ...ofCopy(top),
    ...ofProxy(top),
    ...ofRoad(top),
    ...ofServer(top),
  ];
}

/** The configured region, else the one that the ARNs name. */
function regionOf(top: Section): string | undefined {
  const configured = asText(top.region);
  // What is no region has been reported, and is not repeated in the words of other problems.
  if (configured !== undefined && /^[a-z0-9-]{1,30}$/.test(configured)) return configured;
  return findArns(top).find((arn) => arn.region !== '')?.region;
}

function accountOf(top: Section): string | undefined {
  const account = asText(top.account);
  return account !== undefined && /^\d{12}$/.test(account) ? account : undefined;
}

/** Every ARN lies in one partition, region and account, and in the configured ones. */
function places(top: Section): Problem[] {
  const arns = findArns(top);
  const first = arns[0];
  const wanted = {
    partition: first?.partition,
    region: regionOf(top),
    account: accountOf(top) ?? first?.account,
  };
  return arns.flatMap((arn) =>
    (['partition', 'region', 'account'] as const)
      .filter((part) => arn[part] !== '' && wanted[part] !== undefined && arn[part] !== wanted[part])
      .map((part) => ({ path: arn.path, got: quoteValue(arn.text), allowed: `an ARN of ${part} ${wanted[part]}` })),
  );
}

function findArns(
  value: unknown,
  path: ConfigPath = [],
): { path: ConfigPath; text: string; partition: string; region: string; account: string }[] {
  if (typeof value === 'string') {
    const [, partition, region, account] = /^arn:([a-z-]{1,20}):[^:]*:([a-z0-9-]{0,30}):(\d{12}):/.exec(value) ?? [];
    if (partition === undefined || region === undefined || account === undefined) return [];
    return [{ path, text: value, partition, region, account }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    findArns(inner, [...path, Array.isArray(value) ? Number(name) : name]),
  );
}

function zones(top: Section): Problem[] {
  const network = sectionOf(top.network);
  const { subnetIds, availabilityZones } = network;
  if (!Array.isArray(availabilityZones)) return [];
  const path = ['network', 'availabilityZones'];
  const problems: Problem[] = [];
  if (Array.isArray(subnetIds) && subnetIds.length !== availabilityZones.length) {
    problems.push({ path, got: quoteValue(availabilityZones), allowed: 'as many zones as subnetIds has subnets' });
  }
  if (new Set(availabilityZones).size < 2) {
    problems.push({ path, got: quoteValue(availabilityZones), allowed: 'at least two different zones' });
  }
  const region = regionOf(top);
  availabilityZones.forEach((zone, position) => {
    if (region !== undefined && typeof zone === 'string' && zone.slice(0, -1) !== region) {
      problems.push({ path: [...path, position], got: quoteValue(zone), allowed: `a zone of region ${region}` });
    }
  });
  return problems;
}

function storage(top: Section): Problem[] {
  const { storageType = 'gp3', iops, allocatedStorageGib, maxAllocatedStorageGib } = sectionOf(top.target);
  const problems: Problem[] = [];
  const allocated = typeof allocatedStorageGib === 'number' ? allocatedStorageGib : undefined;
  if (storageType === 'gp3' && iops !== undefined && allocated !== undefined && allocated < 400) {
    problems.push({
      path: ['target', 'iops'],
      got: quoteValue(iops),
      allowed: 'nothing for gp3 below 400 GiB, whose speed is fixed',
    });
  }
  if ((storageType === 'io1' || storageType === 'io2') && iops === undefined) {
    problems.push({ path: ['target', 'iops'], got: 'nothing', allowed: `a number, which ${storageType} needs` });
  }
  if (
    allocated !== undefined &&
    typeof maxAllocatedStorageGib === 'number' &&
    maxAllocatedStorageGib < allocated * 1.1
  ) {
    problems.push({
      path: ['target', 'maxAllocatedStorageGib'],
      got: quoteValue(maxAllocatedStorageGib),
      allowed: 'at least a tenth more than allocatedStorageGib, as RDS demands',
    });
  }
  return problems;
}

function parameters(top: Section): Problem[] {
  const given = sectionOf(sectionOf(top.target).parameters);
  return Object.entries(given)
    .filter(([name, value]) => {
      const fixed = name.toLowerCase();
      return Object.hasOwn(FIXED_PARAMETERS, fixed) && value !== FIXED_PARAMETERS[fixed];
    })
    .map(([name, value]) => ({
      path: ['target', 'parameters', name],
      got: quoteValue(value),
      allowed: `only ${quoteValue(FIXED_PARAMETERS[name.toLowerCase()])}, which Sealift sets`,
    }));
}

function connection(top: Section): Problem[] {
  const { sslMode = 'require', rootCertificatePath } = sectionOf(sectionOf(top.policy).replicationConnection);
  const path = ['policy', 'replicationConnection', 'rootCertificatePath'];
  if (sslMode === 'verify-full' && rootCertificatePath === undefined) {
    return [{ path, got: 'nothing', allowed: 'a path, which verify-full needs' }];
  }
  if (sslMode === 'require' && rootCertificatePath !== undefined) {
    return [{ path, got: quoteValue(rootCertificatePath), allowed: 'nothing, because require checks no certificate' }];
  }
  return [];
}

/** What the names, ARNs and defaults of the functions' environment take at most, of the 4,096 bytes that Lambda allows. */
const ENVIRONMENT_BYTES = 4096;
const OTHER_VARIABLES_BYTES = 1400;

/** What the defaults of an entry of `prune` add to it. */
const PRUNE_DEFAULTS_BYTES = 130;

/** What the defaults of `copy` and the ARN of the new passwords add to it. */
const COPY_BYTES = 300;

/** These fields travel in the environment of functions; a deployment would refuse what does not fit. */
function room(top: Section): Problem[] {
  const source = sectionOf(top.source);
  const fields: [ConfigPath, unknown][] = [
    [['source', 'masterSecretArn'], source.masterSecretArn],
    [['source', 'trustedCaPem'], source.trustedCaPem],
    [['source', 'host'], source.host],
    [['switch', 'recordName'], sectionOf(top.switch).recordName],
    [['switch', 'secretArn'], sectionOf(top.switch).secretArn],
    [['switch', 'parameterName'], sectionOf(top.switch).parameterName],
    [['switch', 'functionArn'], sectionOf(top.switch).functionArn],
    [['policy', 'excludeDatabases'], sectionOf(top.policy).excludeDatabases],
    [['tags'], top.tags],
  ];
  const sizes = fields.map(([path, value]) => ({ path, bytes: Buffer.byteLength(JSON.stringify(value) ?? '') }));
  // No function has both: what is pruned is for one step, how rows are copied for others.
  const [own] = [pruningSize(top), copySize(top)].sort((a, b) => b.bytes - a.bytes);
  if (own !== undefined && own.bytes > 0) sizes.push(own);
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  const allowed = ENVIRONMENT_BYTES - OTHER_VARIABLES_BYTES;
  const [largest] = [...sizes].sort((a, b) => b.bytes - a.bytes);
  if (largest === undefined || total <= allowed) return [];
  return [
    {
      path: largest.path,
      got: `${total} bytes together with the other fields of the environment`,
      allowed: `at most ${allowed} bytes in ${sizes.map(({ path }) => path.join('.')).join(', ')}`,
    },
  ];
}

interface Size {
  readonly path: ConfigPath;
  readonly bytes: number;
}

function pruningSize(top: Section): Size {
  const { entries } = sectionOf(top.prune);
  const path = ['prune', 'entries'];
  if (!Array.isArray(entries)) return { path, bytes: 0 };
  return { path, bytes: Buffer.byteLength(JSON.stringify(entries)) + entries.length * PRUNE_DEFAULTS_BYTES };
}

function copySize({ road, copy }: Section): Size {
  return { path: ['copy'], bytes: road === 'copy' ? Buffer.byteLength(JSON.stringify(copy) ?? '') + COPY_BYTES : 0 };
}

/** The target's identifier is `sealift-<migration>-target`; a source of that name would be itself. */
function twoNames(top: Section): Problem[] {
  const { kind, instanceId, name } = sectionOf(top.source);
  const [field, given] = kind === 'server' ? (['name', name] as const) : (['instanceId', instanceId] as const);
  if (typeof top.migration !== 'string' || given !== `sealift-${top.migration}-target`) return [];
  return [{ path: ['source', field], got: quoteValue(given), allowed: 'another instance than the target' }];
}

/** What is damaged on the copy would still come from the source: it can only be repaired there. */
function ofCopy(top: Section): Problem[] {
  const { on, repair } = sectionOf(top.scan);
  if (on !== 'target' || repair !== 'quarantine') return [];
  return [
    {
      path: ['scan', 'repair'],
      got: quoteValue(repair),
      allowed: '"block" while scan.on is "target": nothing is repaired on a copy; set scan.on to "source" to repair',
    },
  ];
}

/** The target must admit the proxy that is put before it. */
function ofProxy(top: Section): Problem[] {
  const { kind, securityGroupId } = sectionOf(top.switch);
  const { clients } = sectionOf(top.network);
  if (kind !== 'rds-proxy' || typeof securityGroupId !== 'string' || !Array.isArray(clients)) return [];
  if (clients.includes(securityGroupId)) return [];
  const path = ['switch', 'securityGroupId'];
  return [{ path, got: quoteValue(securityGroupId), allowed: 'one of network.clients, so that the target admits it' }];
}

/** A secret or parameter of the applications: host and port are two fields, and without a port field the port must stay. */
function ofEndpointText(top: Section): Problem[] {
  const { kind, portField, secretArn, ...rest } = sectionOf(top.switch);
  if (kind !== 'secret' && kind !== 'parameter') return [];
  const { hostField = kind === 'secret' ? 'host' : undefined } = rest;
  const problems: Problem[] = [];
  const ofPort = (got: string, allowed: string) => problems.push({ path: ['switch', 'portField'], got, allowed });
  if (portField !== undefined && portField === hostField) ofPort(quoteValue(portField), 'another field than hostField');
  if (portField !== undefined && hostField === undefined) {
    ofPort(quoteValue(portField), 'nothing without hostField: the whole value is the host');
  }
  const { port = 5432, masterSecretArn } = sectionOf(top.source);
  const targetPort = sectionOf(top.target).port;
  if (portField === undefined && targetPort !== undefined && targetPort !== port) {
    ofPort('nothing', 'a field, because the target has another port');
  }
  if (secretArn !== undefined && secretArn === masterSecretArn) {
    problems.push({
      path: ['switch', 'secretArn'],
      got: quoteValue(secretArn),
      allowed: "the applications' own secret: the master user's must go on naming the source",
    });
  }
  return problems;
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
