/** The sections of the configuration: type, default and rule of each field side by side; every default is the safe one. */
import { z } from 'zod';
import { MACHINES } from '../resource-names';
import {
  keyArn,
  listOf,
  oneOf,
  policyArn,
  port,
  region,
  roleArn,
  secretArn,
  section,
  securityGroupId,
  text,
  whole,
  yesOrNo,
} from './fields';

const hostName = () =>
  text(
    /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    'a host name in lower case without a final dot, such as db.example.internal',
  );

const rdsSource = section({
  /** An Amazon RDS for PostgreSQL instance of this account and region. */
  kind: z.literal('rds'),
  /** Identifier of the instance, as RDS writes it. */
  instanceId: text(/^[a-z](?:-?[a-z0-9]){0,62}$/, 'an RDS instance identifier in lower case'),
  /** Secret with the master credentials, JSON `{username, password}`. */
  masterSecretArn: secretArn(),
  /** Security group of the instance; Sealift adds two ingress rules to it and takes them away with its stack. */
  securityGroupId: securityGroupId(),
  /** @default 5432 */
  port: port().default(5432),
  /** Key of the master secret, when it is a customer key. @default - the account's key of Secrets Manager */
  kmsKeyArn: keyArn().optional(),
  /** Key of the instance's storage, when the migration changes the key. @default - the instance is not encrypted */
  storageKeyArn: keyArn().optional(),
  /**
   * PEM of further certificate authorities to trust beside Amazon's; at most 2,500 characters, because an environment
   * holds 4 KB. @default - Amazon's only
   */
  trustedCaPem: text(
    /^(?=[\s\S]{1,2500}$)(?:-----BEGIN CERTIFICATE-----\n(?:[A-Za-z0-9+/=]{1,76}\n)+-----END CERTIFICATE-----\n?)+$/,
    'PEM certificates, 2,500 characters at most',
  ).optional(),
});

/** The database as it is. */
export const source = z.discriminatedUnion('kind', [rdsSource], { error: 'a source with "kind": "rds"' });

/** Where the functions and the target live. */
export const network = section({
  vpcId: text(/^vpc-[0-9a-f]{8,17}$/, 'a VPC id, vpc-…'),
  /** Private subnets in at least two zones. */
  subnetIds: listOf(text(/^subnet-[0-9a-f]{8,17}$/, 'a subnet id, subnet-…'), 2, 16, 'subnet ids'),
  /** Zone of each subnet, in the order of `subnetIds`. */
  availabilityZones: z
    .array(text(/^[a-z]{2}(?:-[a-z]+)+-\d[a-z]$/, 'a zone such as eu-central-1a'), { error: 'a list of zones' })
    .min(2, { error: 'the zone of each subnet, in at least two zones' }),
  /** Who may connect to the target: security groups (`sg-…`) and private IPv4 ranges; else nobody could after the switch. */
  clients: listOf(
    text(
      /^(?:sg-[0-9a-f]{8,17}|(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\/(?:[89]|[12]\d|3[0-2]))$/,
      'a security group id or an IPv4 range of at most /8 width, such as 10.0.0.0/16',
    ),
    1,
    40,
    'security group ids or IPv4 ranges',
  ),
});

/** The database as it will be. */
export const target = section({
  instanceClass: text(/^db\.[a-z0-9-]+\.[a-z0-9-]+$/, 'an instance class such as db.m7g.large'),
  /** Major and minor: a version that only names the major would move by itself. */
  engineVersion: text(/^1[3-8]\.\d{1,2}$/, 'major and minor version of PostgreSQL 13 to 18, such as "17.6"'),
  /** At least the source's: storage never shrinks (facts E17). */
  allocatedStorageGib: whole(20, 65536, 'GiB'),
  /** Upper bound of storage autoscaling. @default - no autoscaling */
  maxAllocatedStorageGib: whole(22, 65536, 'GiB').optional(),
  /** @default "gp3" */
  storageType: oneOf(['gp3', 'io1', 'io2']).default('gp3'),
  /** Provisioned operations per second; needed for io1 and io2, for gp3 possible from 400 GiB. @default - the type's own */
  iops: whole(1000, 256000, 'operations per second').optional(),
  /** @default true */
  multiAz: yesOrNo().default(true),
  /** @default - the source's port, because applications keep theirs when the record is switched */
  port: port().optional(),
  /** @default 7 */
  backupRetentionDays: whole(7, 35, 'days').default(7),
  /** Master user of an instance born empty; a restored one keeps the source's. @default "postgres" */
  masterUsername: text(
    /^(?!rds|pg_|admin$)[a-z][a-z0-9_]{0,62}$/,
    'a role name in lower case that is not reserved',
  ).default('postgres'),
  /** Further PostgreSQL parameters of the target, by lower-case name. @default - none */
  parameters: z
    .record(
      text(/^[a-z][a-z0-9_.]{0,127}$/, 'parameter names in lower case'),
      z
        .string({ error: 'the value as a string' })
        .min(1, { error: 'a value' })
        .max(1024, { error: 'at most 1,024 characters' })
        .regex(/^\P{Cc}*$/u, { error: 'a value without control characters' }),
      { error: 'an object of parameter names and values' },
    )
    .default({}),
});

/** The key of the target, the evidence and the secrets. */
export const key = z.discriminatedUnion(
  'kind',
  [
    section({
      /** A new customer key, rotated and retained. */
      kind: z.literal('create'),
      /** Roles that may administer the key beside the account's own policies, never use it. @default - none */
      administrators: listOf(roleArn(), 0, 20, 'role ARNs').default([]),
    }),
    section({
      /** A key that exists; its policy must allow what `docs` lists, since this stack cannot change it. */
      kind: z.literal('existing'),
      arn: keyArn(),
    }),
  ],
  { error: 'a key with "kind": "create" or "kind": "existing"' },
);

/** What sends the applications to the target. */
export const recordSwitch = z.discriminatedUnion(
  'kind',
  [
    section({
      /** A CNAME record in a Route 53 zone of this account. */
      kind: z.literal('route53'),
      hostedZoneId: text(/^Z[A-Z0-9]{1,31}$/, 'the id of a hosted zone, Z…, without /hostedzone/'),
      /** The name that applications connect to. */
      recordName: hostName(),
      /** Clients keep a stale address this long, so it adds to the outage. @default 5 */
      ttlSeconds: whole(1, 300, 'seconds').default(5),
    }),
  ],
  { error: 'a switch with "kind": "route53"' },
);

/** Whether a person decides when the applications move. */
export const approval = section({
  /** Ask by SNS before the cutover that `Migrate` would begin; `Cutover` started alone is a decision already. @default true */
  required: yesOrNo().default(true),
  /**
   * No answer within this time is a no. The verification's slot holds WAL back on the source meanwhile, so that a day is the most.
   * @default 240
   */
  expiresAfterMinutes: whole(5, 1440, 'minutes').default(240),
});

/** How the target's subscription reaches the source. */
export const replicationConnection = section({
  /** A name or an IPv4 address that the target's server can reach. @default - the source's endpoint */
  host: z
    .union([hostName(), text(/^(?:localhost|(?:\d{1,3}\.){3}\d{1,3})$/, 'an address')], {
      error: 'a host name in lower case without a final dot, an IPv4 address, or localhost',
    })
    .optional(),
  /** @default - the source's port */
  port: whole(1, 65535, 'port').optional(),
  /** @default "require" */
  sslMode: oneOf(['require', 'verify-full']).default('require'),
  /** Path on the target's server; needed for `verify-full`. @default - none */
  rootCertificatePath: text(
    /^\/[\w./-]{1,255}$/,
    'an absolute path of letters, digits, dot, slash, dash, underscore',
  ).optional(),
});

/** What steps may do on their own; the defaults change nothing and lose nothing without being told. */
export const policy = section({
  /** Tables whose UPDATE and DELETE cannot be replicated: set REPLICA IDENTITY FULL and give it back, or block. @default "block" */
  missingReplicaIdentity: oneOf(['full', 'block']).default('block'),
  /** Large objects, which logical replication does not carry. @default "block" */
  largeObjects: oneOf(['block', 'ignore']).default('block'),
  /** Unlogged tables, which arrive empty. @default "block" */
  unloggedTables: oneOf(['block', 'warn']).default('block'),
  /** Databases to leave out, by exact name. @default - none */
  excludeDatabases: listOf(
    z
      .string({ error: 'a database name' })
      .min(1, { error: 'a database name' })
      .refine((name) => Buffer.byteLength(name) <= 63 && !name.includes('\0'), {
        error: 'a name of at most 63 bytes without NUL',
      }),
    0,
    100,
    'database names',
  ).default([]),
  /** Longest time from the fence to the flip; then the source is given back. @default 60 */
  cutoverBudgetSeconds: whole(5, 240, 'seconds').default(60),
  /** @default 16777216 */
  cutoverMaxLagBytes: whole(0, 2 ** 40, 'bytes').default(16 * 2 ** 20),
  /** Warn when a slot can hold fewer bytes than this. @default 1073741824 */
  slotSafeBytes: whole(0, 2 ** 46, 'bytes').default(2 ** 30),
  /** Parallel verification workers. @default 4 */
  verifyWorkers: whole(1, 8, 'workers').default(4),
  /** @default - the source's endpoint, encrypted */
  replicationConnection: replicationConnection.prefault({}),
});

const tagText = (longest: number, what: string) =>
  text(new RegExp(`^(?!aws:|sealift:)[\\p{L}\\p{N} _.:/=+@-]{1,${longest}}$`, 'u'), what);

/** The whole configuration. */
export const configuration = section({
  /** Names this migration everywhere; several can stand side by side in one account. */
  migration: text(
    /^[a-z][a-z0-9-]{0,18}[a-z0-9]$|^[a-z]$/,
    'an id of 1 to 20 lower-case letters, digits and dashes that starts with a letter and ends with none',
  )
    .refine((id) => !id.includes('--'), { error: 'an id without a double dash' })
    // The permission to follow a child execution ends in its machine's name and a star: sealift-a-assess*.
    .refine((id) => !MACHINES.some((machine) => id.includes(`-${machine}`)), {
      error: `an id without ${MACHINES.map((machine) => `-${machine}`).join(', ')}, which other names end in`,
    }),
  /** @default - the account of the credentials that deploy */
  account: text(/^\d{12}$/, 'an account number of 12 digits, as a string').optional(),
  /** @default - the region of the credentials that deploy */
  region: region().optional(),
  source,
  network,
  target,
  key,
  switch: recordSwitch,
  /** ARN of the policy that bounds every role of the stacks (security 7). @default - no boundary */
  permissionsBoundaryArn: policyArn().optional(),
  /** @default - each field's own */
  approval: approval.prefault({}),
  /** @default - each field's own */
  policy: policy.prefault({}),
  /** @default - nobody is told */
  notifications: section({
    /** @default - none */
    emails: listOf(
      text(/^[^\s@]{1,64}@[a-z0-9.-]{1,190}$/, 'an e-mail address with its domain in lower case'),
      0,
      20,
      'e-mail addresses',
    ).default([]),
    /** Whether phases that start and succeed are told too; failures always are. @default "all" */
    phases: oneOf(['all', 'failures']).default('all'),
  }).prefault({}),
  /** @default - each field's own */
  evidence: section({
    /** Days that a piece of evidence cannot be deleted or overwritten by anybody (governance mode). @default - no lock */
    objectLockDays: whole(1, 3650, 'days').optional(),
  }).prefault({}),
  /** Tags of every resource beside `sealift:id`. @default - none */
  tags: z
    .record(
      tagText(128, 'tag names that start neither with aws: nor with sealift:'),
      tagText(256, 'a tag value of at most 256 characters'),
      {
        error: 'an object of tag names and values',
      },
    )
    // AWS allows 50 on a resource; Sealift adds two, RDS and CloudFormation some of their own.
    .refine((tags) => Object.keys(tags).length <= 40, { error: 'at most 40 tags' })
    .default({}),
});
