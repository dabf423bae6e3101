/** The sections of the configuration: type, default and rule of each field side by side; every default is the safe one. */
import { z } from 'zod';
import { MACHINES } from '../resource-names';
import { copy } from './copy-schema';
import { keyArn, listOf, oneOf, policyArn, port, region, roleArn, section, text, whole, yesOrNo } from './fields';
import { policy } from './policy-schema';
import { prune } from './prune-schema';
import { rollback } from './rollback-schema';
import { source } from './source-schema';
import { applicationSwitch } from './switch-schema';

/** Where the functions and the target live. */
export const network = section({
  vpcId: text(/^vpc-[0-9a-f]{8,17}$/, 'a VPC id, vpc-…').describe('VPC of the functions and of the target'),
  subnetIds: listOf(text(/^subnet-[0-9a-f]{8,17}$/, 'a subnet id, subnet-…'), 2, 16, 'subnet ids').describe(
    'Private subnets, 2 to 16, in at least two zones',
  ),
  availabilityZones: z
    .array(text(/^[a-z]{2}(?:-[a-z]+)+-\d[a-z]$/, 'a zone such as eu-central-1a'), { error: 'a list of zones' })
    .min(2, { error: 'the zone of each subnet, in at least two zones' })
    .describe('Zone of each subnet, in the same order'),
  clients: listOf(
    text(
      /^(?:sg-[0-9a-f]{8,17}|(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\/(?:[89]|[12]\d|3[0-2]))$/,
      'a security group id or an IPv4 range of at most /8 width, such as 10.0.0.0/16',
    ),
    1,
    40,
    'security group ids or IPv4 ranges',
  ).describe(
    'Who may connect to the target: security groups (`sg-…`) and IPv4 ranges of at most /8 width. Nobody else could after the switch',
  ),
});

/** The database as it will be. */
export const target = section({
  instanceClass: text(/^db\.[a-z0-9-]+\.[a-z0-9-]+$/, 'an instance class such as db.m7g.large').describe(
    'Such as `db.m7g.large`',
  ),
  engineVersion: text(/^1[3-8]\.\d{1,2}$/, 'major and minor version of PostgreSQL 13 to 18, such as "17.6"').describe(
    "Major and minor, PostgreSQL 13 to 18, such as `17.6`. On the snapshot road the major must be the source's, on the copy road it may be newer",
  ),
  allocatedStorageGib: whole(20, 65536, 'GiB').describe(
    "20 to 65,536. On the snapshot road at least the source's: storage never shrinks",
  ),
  maxAllocatedStorageGib: whole(22, 65536, 'GiB')
    .optional()
    .describe(
      'Upper bound of storage autoscaling, at least a tenth above the allocated storage. Without it, no autoscaling',
    ),
  storageType: oneOf(['gp3', 'io1', 'io2']).default('gp3').describe('`gp3`, `io1` or `io2`'),
  iops: whole(1000, 256000, 'operations per second')
    .optional()
    .describe('Needed for `io1` and `io2`; possible for `gp3` from 400 GiB'),
  multiAz: yesOrNo().default(true).describe('A standby in another zone'),
  port: port()
    .optional()
    .describe("Without it, the source's port, because applications keep theirs when the record is switched"),
  backupRetentionDays: whole(7, 35, 'days').default(7).describe('7 to 35'),
  masterUsername: text(/^(?!rds|pg_|admin$)[a-z][a-z0-9_]{0,62}$/, 'a role name in lower case that is not reserved')
    .default('postgres')
    .describe("Master user of an instance that is born empty; a restored one keeps the source's"),
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
    .default({})
    .describe(
      'Further PostgreSQL parameters by lower-case name, values as strings. Those that the promise rests on cannot be changed (`FIXED_PARAMETERS` in `lib/config/agreement.ts`)',
    ),
});

/** The key of the target, the evidence and the secrets. */
export const key = z.discriminatedUnion(
  'kind',
  [
    section({
      kind: z.literal('create').describe('`create`: a new customer key, rotated and retained.'),
      administrators: listOf(roleArn(), 0, 20, 'role ARNs')
        .default([])
        .describe('With `create`: roles that may administer the key and never use it'),
    }),
    section({
      kind: z.literal('existing').describe('`existing`: one that exists'),
      arn: keyArn().describe('With `existing`: its ARN; an alias is refused, because it can be moved to another key'),
    }),
  ],
  { error: 'a key with "kind": "create" or "kind": "existing"' },
);

/** Whether a person decides when the applications move. */
export const approval = section({
  required: yesOrNo()
    .default(true)
    .describe(
      '`Migrate` asks by SNS before its cutover, and waits. `Cutover` started alone asks nobody: whoever starts it has decided',
    ),
  expiresAfterMinutes: whole(5, 1440, 'minutes')
    .default(240)
    .describe(
      "5 to 1,440. No answer within this time is a no. The verification's slot holds WAL back on the source meanwhile",
    ),
});

/** What is looked for in the source before anything follows it. */
const scan = section({
  enabled: yesOrNo()
    .default(true)
    .describe('`Migrate` runs `Scan` before it replicates. `false`: it does not; `Scan` can still be started alone'),
  on: oneOf(['source', 'target'])
    .default('source')
    .describe(
      'Where `Migrate` scans. `source`: before anything follows it. `target`: the restored copy, before it is verified; production is spared and the cold blocks of the copy are read, but nothing can be repaired there',
    ),
  repair: oneOf(['block', 'quarantine'])
    .default('block')
    .describe(
      'What is done about damage. `block`: the phase ends with the list. `quarantine`: rows that cannot be read are saved as far as they can be in `sealift.quarantine` and removed, indexes that disagree with their table are rebuilt',
    ),
  maxBadRows: whole(0, 10_000, 'rows')
    .default(100)
    .describe('0 to 10,000. With more rows that cannot be read or are lost, nothing is removed'),
  workers: whole(1, 16, 'workers')
    .default(2)
    .describe('1 to 16 parallel workers; each reads on the source at full speed'),
});

const tagText = (longest: number, what: string) =>
  text(new RegExp(`^(?!aws:|sealift:)[\\p{L}\\p{N} _.:/=+@-]{1,${longest}}$`, 'u'), what);

/** The whole configuration. */
export const configuration = section({
  migration: text(
    /^[a-z][a-z0-9-]{0,18}[a-z0-9]$|^[a-z]$/,
    'an id of 1 to 20 lower-case letters, digits and dashes that starts with a letter and ends with none',
  )
    .refine((id) => !id.includes('--'), { error: 'an id without a double dash' })
    // The permission to follow a child execution ends in its machine's name and a star: sealift-a-assess*.
    .refine((id) => !MACHINES.some((machine) => id.includes(`-${machine}`)), {
      error: `an id without ${MACHINES.map((machine) => `-${machine}`).join(', ')}, which other names end in`,
    })
    .describe(
      'Names the migration everywhere: 1 to 20 lower-case letters, digits and single dashes. Several can stand side by side in one account',
    ),
  account: text(/^\d{12}$/, 'an account number of 12 digits, as a string')
    .optional()
    .describe('Account number. Without it, the account of the credentials that deploy'),
  region: region().optional().describe('Region. Without it, the region of the credentials that deploy'),
  road: oneOf(['snapshot', 'copy'])
    .default('snapshot')
    .describe(
      'How the rows reach the target. `snapshot`: in an encrypted snapshot that the target grows from; the major stays. `copy`: over connections into an empty target, which may have a newer major',
    ),
  engine: oneOf(['native', 'pglogical'])
    .default('native')
    .describe(
      'How later changes follow. `native`: publication and subscription. `pglogical`: on the copy road, by the extension of that name, which source and target load at their start',
    ),
  source,
  network,
  target,
  key,
  switch: applicationSwitch,
  permissionsBoundaryArn: policyArn()
    .optional()
    .describe('ARN of the managed policy that bounds every role of the stacks. Without it, no boundary'),
  /** @default - each field's own */
  copy: copy.prefault({}),
  /** @default - each field's own */
  approval: approval.prefault({}),
  /** @default - each field's own */
  policy: policy.prefault({}),
  /** @default - nothing is pruned */
  prune: prune.prefault({}),
  /** @default - each field's own */
  scan: scan.prefault({}),
  /** @default - no way back */
  rollback: rollback.prefault({}),
  /** @default - nobody is told */
  notifications: section({
    emails: listOf(
      text(/^[^\s@]{1,64}@[a-z0-9.-]{1,190}$/, 'an e-mail address with its domain in lower case'),
      0,
      20,
      'e-mail addresses',
    )
      .default([])
      .describe(
        'Who is told how the phases go, when a human is needed, an alarm rises or the key is endangered. Each address must confirm its subscription',
      ),
    phases: oneOf(['all', 'failures'])
      .default('all')
      .describe(
        '`all`: phases that start and succeed are told as well. `failures`: only what fails, is stopped or needs a human',
      ),
  }).prefault({}),
  /** @default - each field's own */
  evidence: section({
    objectLockDays: whole(1, 3650, 'days')
      .optional()
      .describe(
        '1 to 3,650. Evidence cannot be deleted or overwritten that long (object lock, governance mode). To be set before the first deployment: adding or removing it later makes another bucket, and the old one stays. Without it, no lock',
      ),
  }).prefault({}),
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
    .default({})
    .describe(
      'Tags of every resource and every snapshot, beside `sealift:id`; at most 40. Names may not begin with `aws:` or `sealift:`',
    ),
});
