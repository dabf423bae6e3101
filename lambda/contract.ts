/**
 * THE SEAM between what exists in AWS (`lib`) and what happens (`lambda`): steps, their inputs and outputs,
 * environment names, error names. Both worlds import it; it imports nothing and computes nothing.
 *
 * Everything that crosses is JSON: LSNs, counts and byte sizes are strings or safe integers as typed here, times are ISO
 * strings, secrets are ARNs. A change to an existing field is a change of `SCHEMA_VERSION`, because running executions
 * keep the definition they started with (facts J3).
 */

/** Version of every payload below; a handler refuses an event of another version (fault 17). */
export const SCHEMA_VERSION = '1';

/** Where a step's function runs: `aws` speaks only to AWS, outside the VPC; `database` runs inside it. */
export type Reach = 'aws' | 'database';

/**
 * Every step: its name in states, logs and `application_name`, the handler file below `lambda/`, its reach, and its
 * Lambda timeout in seconds. Timeouts nest: statement < client < Lambda < state (facts F11).
 */
export const STEPS = {
  inspect: { handler: 'assess/inspect', reach: 'aws', timeoutSeconds: 60 },
  assess: { handler: 'assess/assess', reach: 'database', timeoutSeconds: 300 },
  claim: { handler: 'seed/claim', reach: 'database', timeoutSeconds: 60 },
  'plan-scan': { handler: 'scan/plan', reach: 'database', timeoutSeconds: 300 },
  'scan-ranges': { handler: 'scan/work', reach: 'database', timeoutSeconds: 600 },
  'conclude-scan': { handler: 'scan/conclude', reach: 'database', timeoutSeconds: 300 },
  quarantine: { handler: 'scan/quarantine', reach: 'database', timeoutSeconds: 600 },
  prepare: { handler: 'seed/prepare', reach: 'database', timeoutSeconds: 300 },
  snapshot: { handler: 'seed/snapshot', reach: 'aws', timeoutSeconds: 60 },
  encrypt: { handler: 'seed/encrypt', reach: 'aws', timeoutSeconds: 60 },
  restore: { handler: 'seed/restore', reach: 'aws', timeoutSeconds: 60 },
  adopt: { handler: 'seed/adopt', reach: 'database', timeoutSeconds: 300 },
  subscribe: { handler: 'replicate/subscribe', reach: 'database', timeoutSeconds: 120 },
  watch: { handler: 'replicate/watch', reach: 'database', timeoutSeconds: 60 },
  'plan-verification': { handler: 'verify/plan', reach: 'database', timeoutSeconds: 300 },
  'verify-chunks': { handler: 'verify/chunks', reach: 'database', timeoutSeconds: 600 },
  'conclude-verification': { handler: 'verify/conclude', reach: 'database', timeoutSeconds: 300 },
  'plan-prune': { handler: 'prune/plan', reach: 'database', timeoutSeconds: 600 },
  'prune-rows': { handler: 'prune/rows', reach: 'database', timeoutSeconds: 600 },
  'conclude-prune': { handler: 'prune/conclude', reach: 'database', timeoutSeconds: 900 },
  cutover: { handler: 'cutover/cutover', reach: 'database', timeoutSeconds: 300 },
  settle: { handler: 'cutover/settle', reach: 'database', timeoutSeconds: 300 },
  'give-back': { handler: 'cutover/give-back', reach: 'database', timeoutSeconds: 300 },
  release: { handler: 'seed/release', reach: 'database', timeoutSeconds: 300 },
} as const satisfies Record<string, { handler: string; reach: Reach; timeoutSeconds: number }>;

/** The name of a step. */
export type StepName = keyof typeof STEPS;

/** Names of the environment variables that functions read; nothing else is read from the environment. */
export const ENV = {
  /** The migration id: `[a-z][a-z0-9-]{0,19}`. */
  migrationId: 'SEALIFT_MIGRATION_ID',
  /** Identifier of the source RDS instance. */
  sourceInstance: 'SEALIFT_SOURCE_INSTANCE',
  /** ARN of the secret with the source's master credentials, JSON `{username, password}`. */
  masterSecretArn: 'SEALIFT_MASTER_SECRET_ARN',
  /** ARN of the generated secret of the replication role, JSON `{username, password}`. */
  replicationSecretArn: 'SEALIFT_REPLICATION_SECRET_ARN',
  /** Name of the `Target` stack. */
  targetStack: 'SEALIFT_TARGET_STACK',
  /** ARN of the role that `restore` passes to CloudFormation with its update; that step only. */
  targetStackRoleArn: 'SEALIFT_TARGET_STACK_ROLE_ARN',
  /** JSON of the stack policy that `restore` sets before its update; that step only. */
  targetStackPolicy: 'SEALIFT_TARGET_STACK_POLICY',
  /** Identifier of the target RDS instance, fixed by the `Target` template. */
  targetInstance: 'SEALIFT_TARGET_INSTANCE',
  /** ARN of the KMS key that the target must be encrypted with. */
  keyArn: 'SEALIFT_KEY_ARN',
  /** Name of the evidence bucket. */
  evidenceBucket: 'SEALIFT_EVIDENCE_BUCKET',
  /** JSON of `Switch`: what the applications follow. */
  switch: 'SEALIFT_SWITCH',
  /** Policy options: JSON of `Policy`. */
  policy: 'SEALIFT_POLICY',
  /** JSON of `PrunePolicy`: what is old; `plan-prune` only. */
  prune: 'SEALIFT_PRUNE',
  /** JSON of the customer's tags, for what a step makes beside CloudFormation; the steps `snapshot` and `encrypt` only. */
  tags: 'SEALIFT_TAGS',
  /** PEM of further certificate authorities to trust beside Amazon's; may be absent. */
  trustedCa: 'SEALIFT_TRUSTED_CA',
  /** What the target is configured to be: JSON of `TargetSettings`; `inspect` only. */
  targetSettings: 'SEALIFT_TARGET_SETTINGS',
} as const;

/** What the target is configured to be; JSON in `SEALIFT_TARGET_SETTINGS`. */
export interface TargetSettings {
  readonly instanceClass: string;
  /** Major and minor, such as `17.6`. */
  readonly engineVersion: string;
  readonly allocatedStorageGib: number;
  /** Upper bound of storage autoscaling; null without. */
  readonly maxAllocatedStorageGib: number | null;
  readonly storageType: string;
  readonly multiAz: boolean;
  /** Name of its parameter group, which exists before the instance does. */
  readonly parameterGroup: string;
}

/** Namespace of the metrics below; their one dimension is `METRIC_DIMENSION`, the migration id. */
export const METRIC_NAMESPACE = 'Sealift';

/** Name of the metrics' dimension. */
export const METRIC_DIMENSION = 'migration';

/** Every metric that a step emits: its CloudWatch unit, and the steps that emit it. Dashboard and alarms read no other. */
export const METRICS = {
  /** Position in `PHASES` of the phase that a step left the ledger in. */
  PhaseReached: {
    unit: 'Count',
    steps: ['conclude-prune', 'conclude-scan', 'quarantine', 'watch', 'conclude-verification', 'cutover', 'settle'],
  },
  /** Rows read by one call of a worker. */
  RowsScanned: { unit: 'Count', steps: ['scan-ranges'] },
  /** Rows, pages and indexes that are damaged. */
  DamageFound: { unit: 'Count', steps: ['conclude-scan'] },
  /** Of the worst database. */
  LagBytes: { unit: 'Bytes', steps: ['watch'] },
  /** Of the worst database, by the source's clock. */
  LagSeconds: { unit: 'Seconds', steps: ['watch'] },
  /** WAL that the slot that holds most keeps on the source. */
  SlotRetainedBytes: { unit: 'Bytes', steps: ['watch'] },
  /** WAL that the slot nearest to its loss can still keep; absent when the source sets no limit. */
  SlotSafeBytes: { unit: 'Bytes', steps: ['watch'] },
  /** Rows that one call of a worker removed, children included. */
  RowsPruned: { unit: 'Count', steps: ['prune-rows'] },
  /** Rows compared by one call of a worker. */
  RowsVerified: { unit: 'Count', steps: ['verify-chunks'] },
  /** Tables and catalogue entries that differ. */
  DifferencesFound: { unit: 'Count', steps: ['conclude-verification'] },
  /** Keys that changed after they were compared. */
  KeysToCompareAgain: { unit: 'Count', steps: ['conclude-verification'] },
  /** From the fence to the switched record, then its parts. */
  Outage: { unit: 'Milliseconds', steps: ['cutover'] },
  OutageFence: { unit: 'Milliseconds', steps: ['cutover'] },
  OutageBarrier: { unit: 'Milliseconds', steps: ['cutover'] },
  OutageSequences: { unit: 'Milliseconds', steps: ['cutover'] },
  OutageGate: { unit: 'Milliseconds', steps: ['cutover'] },
  OutageSwitch: { unit: 'Milliseconds', steps: ['cutover'] },
} as const satisfies Record<string, { unit: string; steps: readonly StepName[] }>;

/** Name of a metric. */
export type MetricName = keyof typeof METRICS;
/** What the applications follow to the database, from the configuration; JSON in `SEALIFT_SWITCH`. */
export type Switch =
  | {
      readonly kind: 'route53';
      readonly hostedZoneId: string;
      /** Fully qualified name of the CNAME record, without a trailing dot. */
      readonly recordName: string;
      readonly ttlSeconds: number;
    }
  | {
      readonly kind: 'secret';
      /** Complete ARN of the applications' secret, a JSON object. */
      readonly secretArn: string;
      readonly hostField: string;
      /** Null when the secret names no port. */
      readonly portField: string | null;
    };

/** The customer's choices that steps obey, from the configuration; JSON in `SEALIFT_POLICY`. */
export interface Policy {
  /** What to do about a table whose UPDATE and DELETE could not be replicated: set FULL (recorded, given back) or block. */
  readonly missingReplicaIdentity: 'full' | 'block';
  /** What to do about large objects, which logical replication does not carry: block, or go on without them. */
  readonly largeObjects: 'block' | 'ignore';
  /** What to do about unlogged tables, which arrive empty: block, or go on (their content is lost by definition). */
  readonly unloggedTables: 'block' | 'warn';
  /** Databases to leave out by exact name. */
  readonly excludeDatabases: readonly string[];
  /** Longest time from the fence to the flip; when it runs out the source is given back. */
  readonly cutoverBudgetSeconds: number;
  /** The cutover is not begun while the lag is above this. */
  readonly cutoverMaxLagBytes: number;
  /** Warn when a slot may retain fewer bytes of WAL than this before it is lost. */
  readonly slotSafeBytes: number;
  /** Number of parallel verification workers. */
  readonly verifyWorkers: number;
  /** What the scan does, and what it may do about damage. */
  readonly scan: {
    /** `block`: damage stops the migration; `quarantine`: what cannot be read is saved as far as it can be, then removed. */
    readonly repair: 'block' | 'quarantine';
    /** Rows that may be removed or found lost, all databases together; with more nothing is removed. */
    readonly maxBadRows: number;
    /** Number of parallel workers. */
    readonly workers: number;
  };
  /** How the target's subscription reaches the source. */
  readonly replicationConnection: {
    /** Host name under which the target reaches the source; null: the source's endpoint. */
    readonly host: string | null;
    readonly port: number | null;
    /** `require` encrypts; `verify-full` also checks the certificate against `rootCertificatePath` on the target. */
    readonly sslMode: 'require' | 'verify-full';
    readonly rootCertificatePath: string | null;
  };
  /** Seconds of the switched record's time to live; 0 when the switch is no record. */
  readonly recordTtlSeconds: number;
}

/** A table that points at a pruned one, and whose rows go with the rows that they point at. */
export interface PruneChild {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  /** Column of the pruned table that it points at; null: its one-column primary key. */
  readonly references: string | null;
}

/** A table whose old rows go. */
export interface PruneEntry {
  readonly database: string;
  readonly schema: string;
  readonly table: string;
  /** Its column of type `timestamptz`, `timestamp` or `date`. */
  readonly column: string;
  /** Such as `6 months` or `30 days`: units day, week, month, year. */
  readonly olderThan: string;
  /** `auto`: rows of tables that point at it by a foreign key with `on delete cascade`; a list names further tables. */
  readonly children: 'auto' | readonly PruneChild[];
  /** So many of the newest rows stay in any case; null without. */
  readonly keepLast: number | null;
  /** Rows of this table that one transaction takes at most, roughly. */
  readonly batchRows: number;
  /** `drop`: partitions that end before the boundary are detached and dropped, where nothing points at the table. */
  readonly partitions: 'rows' | 'drop';
  /** More than `maxShare` of the table may go. */
  readonly confirmed: boolean;
}

/** What is old, from the configuration; JSON in `SEALIFT_PRUNE`. */
export interface PrunePolicy {
  readonly entries: readonly PruneEntry[];
  /** Share of the planned rows by which the pruned ones may differ from them, 0 to 1. */
  readonly tolerance: number;
  /** Share of a table that may go without being confirmed, 0 to 1. */
  readonly maxShare: number;
  /** Name of the time zone in which an age is counted back from the database's clock. */
  readonly timeZone: string;
  /** Number of parallel workers. */
  readonly workers: number;
}

/** Literal names of errors that a Retry or Catch reacts to (style section 6). */
export const ERRORS = {
  /** Nothing is wrong, ask again. */
  notReady: 'NotReady',
  /** A precondition fails; nothing was changed; names the object and the remedy. */
  blocked: 'Blocked',
  /** Failed before the flip: the source is given back. */
  cutoverAborted: 'CutoverAborted',
  /** Failed after the flip: the target is live; page a human, never undo. */
  pastTheFlip: 'PastTheFlip',
} as const;

/** Name of the error with which an approver refuses a cutover (`send-task-failure --error Refused`); no step raises it. */
export const REFUSED = 'Refused';

/** One of the four error names. */
export type ErrorName = (typeof ERRORS)[keyof typeof ERRORS];

/** The ledger's phases, in order; the last three are ends or by-ways (design section 4). */
export const PHASES = [
  'assessed',
  'pruned',
  'scanned',
  'seeding',
  'replicating',
  'verified',
  'fencing',
  'fenced',
  'flipped',
  'live',
  'needs-resync',
  'aborted',
] as const;

/** A phase of the ledger. */
export type Phase = (typeof PHASES)[number];

/** The phases that an operator can stop after, as `stopAfter` names them. */
export const STOP_AFTER = ['assess', 'prune', 'scan', 'replicate', 'cutover'] as const;

/** A value of `stopAfter`. */
export type StopAfter = (typeof STOP_AFTER)[number];

/** Sent to every step: who calls. */
export interface Call {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  /** ARN of the root execution: `Migrate`'s when it runs the phases, else the phase's own. */
  readonly execution: string;
}

/** A call of a step that changes something: it must hold the claim. */
export interface ClaimedCall extends Call {
  /** The epoch that `claim` answered, decimal; another epoch in the ledger refuses the call (I6). */
  readonly epoch: string;
}

/** How a server is reached. It is kept as evidence and never in a state, whose history many may read. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Who approved a cutover, and when. */
export interface Approval {
  /** As the approver wrote it, 1 to 100 characters. */
  readonly approvedBy: string;
  readonly approvedAt: string;
}

/** Where a piece of evidence lies. */
export interface EvidencePointer {
  readonly bucket: string;
  readonly key: string;
}

/** Encryption as RDS reports it: type *and* key decide, the old boolean under-reports (facts E10). */
export interface Encryption {
  readonly type: 'none' | 'sse-rds' | 'sse-kms';
  readonly keyArn: string | null;
}

/** What RDS says of an instance. */
export interface InstanceFacts {
  /** Where its `Endpoint` lies. */
  readonly endpoint: EvidencePointer;
  readonly instanceId: string;
  readonly arn: string;
  readonly resourceId: string;
  readonly status: string;
  readonly engine: string;
  readonly engineVersion: string;
  readonly instanceClass: string;
  readonly masterUsername: string;
  /** ARN of the secret that RDS manages for the master user, when it does. */
  readonly masterSecretArn: string | null;
  readonly encryption: Encryption;
  readonly multiAz: boolean;
  readonly publiclyAccessible: boolean;
  readonly deletionProtection: boolean;
  readonly backupRetentionDays: number;
  readonly allocatedStorageGib: number;
  readonly parameterGroups: readonly { readonly name: string; readonly applyStatus: string }[];
}

/** What AWS says of everything that the migration touches. */
export interface Inspection {
  readonly source: InstanceFacts;
  readonly target: {
    readonly stackName: string;
    readonly stackStatus: string;
    /** The stack's present `Seed`: `none`, `empty` or a snapshot's ARN. */
    readonly seed: string;
    readonly instance: InstanceFacts | null;
  };
  readonly key: {
    readonly arn: string;
    readonly state: string;
    readonly usage: string;
    readonly managedByCustomer: boolean;
  };
  /** Where the switch leads: `name` is the record's name or the secret's ARN. */
  readonly record: {
    readonly kind: Switch['kind'];
    readonly name: string;
    readonly pointsTo: 'source' | 'target' | 'elsewhere' | 'nothing';
    readonly ttlSeconds: number | null;
  };
  readonly surroundings: Surroundings;
}

/** What else AWS says that decides whether, and how well, a migration can run. */
export interface Surroundings {
  /** When AWS was asked; ISO. */
  readonly inspectedAt: string;
  readonly source: {
    readonly storageType: string;
    /** Upper bound of storage autoscaling; null without. */
    readonly maxAllocatedStorageGib: number | null;
    /** Identifiers or ARNs of the instances that replicate from the source, at most twenty. */
    readonly readReplicas: readonly string[];
    readonly iamAuthentication: boolean;
    /** Names of its option groups; `default:` is the prefix of those without options. */
    readonly optionGroups: readonly string[];
    /** Features that IAM roles were attached for, such as `s3Import`. */
    readonly attachedRoles: readonly string[];
    /** Latest moment that automated backups can restore; ISO, null without automated backups. */
    readonly latestRestorableTime: string | null;
  };
  readonly target: TargetSettings;
  /** What RDS offers for the configured class, version and storage type; null when it does not offer them together. */
  readonly offer: {
    /** Least and greatest storage in GiB; null when RDS does not say. */
    readonly minStorageGib: number | null;
    readonly maxStorageGib: number | null;
    readonly multiAz: boolean;
    readonly encryption: boolean;
  } | null;
  /** Quotas of the account in this region that a migration uses. */
  readonly quotas: readonly { readonly name: string; readonly used: number; readonly max: number }[];
  /** Parameters that one of the two groups sets and the other has another value for, at most fifty. */
  readonly parameters: readonly ParameterDifference[];
}

/** A parameter whose values differ between the source's group and the target's. */
export interface ParameterDifference {
  readonly name: string;
  /** As the group says; null when it says nothing, so that the engine's own default holds. */
  readonly source: string | null;
  readonly target: string | null;
}

/** One advice on how large the target should be, beside what is configured. */
export interface Advice<T> {
  readonly advised: T;
  readonly configured: T;
  /** How the advice was reached, in words. */
  readonly basis: string;
}

/** How large the target should be. */
export interface Sizing {
  readonly allocatedStorageGib: Advice<number>;
  readonly instanceClass: Advice<string>;
  readonly verifyWorkers: Advice<number>;
}

/** A phase and how long it is expected to take. */
export interface PredictedPhase {
  /** In an operator's words, such as `Encrypted copy`. */
  readonly phase: string;
  readonly seconds: number;
  /** Sizes and rates that the number comes from, and whether they are measured or assumed. */
  readonly basis: string;
}

/** What a migration of this source is expected to take. */
export interface Prediction {
  /** In the order in which they run. */
  readonly phases: readonly PredictedPhase[];
  /** Seconds from the making of the slots until the target has caught up: so long the source keeps WAL. */
  readonly retentionSeconds: number;
  /** WAL that the source writes. */
  readonly walBytesPerSecond: number;
  /** WAL that the slots retain at most: the rate times `retentionSeconds`. */
  readonly walRetainedBytes: number;
  /** How the WAL rate was measured, in words. */
  readonly walBasis: string;
  /** From the first refused write to the first accepted one, for a client that keeps the record's time to live. */
  readonly outageMs: number;
  /** What the outage is made of and what is not in it, in one or two sentences without names of objects. */
  readonly outageBasis: string;
}

/** Result of one check; ids are stable and documented. */
export interface Check {
  readonly id: string;
  readonly verdict: 'pass' | 'warn' | 'block';
  /** What was found, naming the objects. */
  readonly detail: string;
  /** What to do; empty on a pass. */
  readonly remedy: string;
}

/** A user database of the instance. */
export interface DatabaseFacts {
  readonly name: string;
  readonly bytes: number;
  readonly tables: number;
  /** Estimate of the planner statistics, for progress only. */
  readonly estimatedRows: number;
}

/** Input and output of every step. */
export interface Steps {
  inspect: { input: Call; output: Inspection };
  assess: {
    input: Call & {
      readonly inspection: Inspection;
      /** ARN of a dead execution that will be taken over, so that its claim does not block; absent or null otherwise. */
      readonly takeOver?: string | null;
    };
    output: {
      readonly verdict: Check['verdict'];
      readonly counts: Record<Check['verdict'], number>;
      /** At most twenty blocking checks; all of them are in the report. */
      readonly blocks: readonly Check[];
      readonly databases: readonly DatabaseFacts[];
      readonly sizing: Sizing;
      readonly prediction: Prediction;
      readonly report: EvidencePointer;
      /** The same for people: a self-contained HTML page, and a screen of text of at most 40 lines and 100 columns. */
      readonly page: EvidencePointer;
      readonly screen: EvidencePointer;
    };
  };
  claim: {
    input: Call & {
      readonly source: InstanceFacts;
      readonly databases: readonly string[];
      /** ARN of a dead execution whose claim the operator takes over; null otherwise. */
      readonly takeOver: string | null;
      /** `hold` takes or keeps the claim; `release` frees it for a later execution of another phase, keeping the phase. */
      readonly mode: 'hold' | 'release';
    };
    output: { readonly epoch: string; readonly phase: Phase; readonly systemIdentifier: string };
  };
  'plan-scan': {
    input: ClaimedCall & { readonly source: InstanceFacts; readonly databases: readonly string[] };
    output: { readonly items: number; readonly bytes: number; readonly workers: readonly number[] };
  };
  'scan-ranges': {
    input: ClaimedCall & {
      readonly source: InstanceFacts;
      readonly databases: readonly string[];
      readonly worker: number;
    };
    output: { readonly left: number; readonly done: number; readonly rows: number };
  };
  'conclude-scan': {
    input: ClaimedCall & { readonly source: InstanceFacts; readonly databases: readonly string[] };
    output: ScanConclusion;
  };
  quarantine: {
    input: ClaimedCall & { readonly source: InstanceFacts; readonly databases: readonly string[] };
    output: {
      readonly databases: readonly {
        readonly name: string;
        /** Rows that were saved and removed, by this call or an earlier one of the same scan. */
        readonly rowsRemoved: number;
        readonly indexesRebuilt: number;
        /** Pages whose rows had been lost before; noted in the quarantine. */
        readonly pagesLost: number;
      }[];
      readonly report: EvidencePointer;
    };
  };
  prepare: {
    input: ClaimedCall & { readonly source: InstanceFacts; readonly databases: readonly string[] };
    output: {
      readonly slots: readonly SlotFacts[];
      /** Everything that was changed on the source, with what was before. */
      readonly report: EvidencePointer;
    };
  };
  snapshot: {
    input: ClaimedCall & {
      readonly source: InstanceFacts;
      /** `seed` when absent. */
      readonly purpose?: SnapshotPurpose;
      /** A snapshot that was taken before this moment is refused; ISO, absent or null without. */
      readonly notBefore?: string | null;
    };
    output: SnapshotFacts;
  };
  encrypt: {
    input: ClaimedCall & { readonly snapshotArn: string; readonly purpose?: SnapshotPurpose };
    output: SnapshotFacts;
  };
  'plan-prune': {
    input: Call & {
      /** Null in a preview, which needs no claim. */
      readonly epoch: string | null;
      readonly source: InstanceFacts;
      readonly databases: readonly string[];
      /** `preview` counts and changes nothing; `decide` fixes the boundaries; `queue` counts again and queues the work. */
      readonly mode: 'preview' | 'decide' | 'queue';
    };
    output: PrunePlan;
  };
  'prune-rows': {
    input: ClaimedCall & {
      readonly source: InstanceFacts;
      readonly databases: readonly string[];
      readonly worker: number;
    };
    output: { readonly left: number; readonly done: number; readonly rows: number };
  };
  'conclude-prune': {
    input: ClaimedCall & { readonly source: InstanceFacts; readonly databases: readonly string[] };
    output: Pruning;
  };
  restore: {
    input: ClaimedCall & { readonly snapshotArn: string; readonly source: InstanceFacts };
    output: {
      readonly status: 'pending' | 'available';
      readonly detail: string;
      readonly target: InstanceFacts | null;
    };
  };
  adopt: {
    input: ClaimedCall & BothSides & { readonly databases: readonly string[]; readonly slots: readonly SlotFacts[] };
    output: {
      /** The end of the last WAL record that the copy replayed (facts A4, A5). */
      readonly seedLsn: string;
      readonly seedOrigin: 'rds_tools' | 'replay';
    };
  };
  subscribe: {
    input: ClaimedCall & BothSides & { readonly databases: readonly string[]; readonly seedLsn: string };
    output: { readonly subscriptions: readonly { readonly database: string; readonly subscription: string }[] };
  };
  watch: {
    input: ClaimedCall & BothSides & { readonly databases: readonly string[] };
    output: ReplicationHealth;
  };
  'plan-verification': {
    input: ClaimedCall & BothSides & { readonly databases: readonly string[] };
    output: { readonly items: number; readonly bytes: number; readonly workers: readonly number[] };
  };
  'verify-chunks': {
    input: ClaimedCall & BothSides & { readonly worker: number };
    output: { readonly left: number; readonly done: number; readonly rows: number };
  };
  'conclude-verification': {
    input: ClaimedCall & BothSides & { readonly databases: readonly string[] };
    output: Verification;
  };
  cutover: {
    input: ClaimedCall &
      BothSides & {
        readonly databases: readonly string[];
        /** Kept as evidence; null or absent when nobody was asked. */
        readonly approval?: Approval | null;
      };
    output: CutoverFacts;
  };
  settle: {
    input: ClaimedCall & BothSides & { readonly databases: readonly string[] };
    output: { readonly phase: Phase; readonly refreshedViews: number; readonly report: EvidencePointer };
  };
  'give-back': {
    input: Call & {
      readonly epoch: string | null;
      readonly source: InstanceFacts;
      readonly target: InstanceFacts | null;
      readonly databases: readonly string[];
      /** Name and text of what failed, for the evidence. */
      readonly reason: string;
    };
    /**
     * `given-back`: the fence is lifted, the source is writable by exactly the roles that could write before; replication
     * goes on. `finished`: the flip had happened, so the forward path was completed instead.
     */
    output: { readonly outcome: 'given-back' | 'finished'; readonly detail: string; readonly report: EvidencePointer };
  };
  /** Takes down the replication and everything else that `prepare` and later steps changed on the source (I7). */
  release: {
    input: Call & {
      readonly epoch: string | null;
      readonly source: InstanceFacts;
      readonly target: InstanceFacts | null;
      readonly databases: readonly string[];
      readonly reason: string;
    };
    output: { readonly outcome: 'released' | 'refused'; readonly detail: string; readonly report: EvidencePointer };
  };
}

/** Input of a step. */
export type Input<S extends StepName> = Steps[S]['input'];

/** Output of a step. */
export type Output<S extends StepName> = Steps[S]['output'];

/** The two servers of a migration. */
export interface BothSides {
  readonly source: InstanceFacts;
  readonly target: InstanceFacts;
}

/** A logical slot made by `prepare`. */
export interface SlotFacts {
  readonly database: string;
  readonly slot: string;
  readonly publication: string;
  /** Where decoding begins: the slot's `confirmed_flush_lsn` right after its creation. */
  readonly startLsn: string;
}

/** What a snapshot is for: the target grows from `seed`; what was pruned can be read again from `baseline`. */
export type SnapshotPurpose = 'seed' | 'baseline';

/** What a pruning will do. */
export interface PrunePlan {
  /** Rows that the policy matches in all tables, without the rows that go with them. */
  readonly rows: number;
  /** The moment that the ages are counted back from, by the database's clock; ISO. */
  readonly clock: string;
  /** Latest boundary of all entries; ISO, null without entries. */
  readonly newestBoundary: string | null;
  readonly entries: readonly {
    readonly database: string;
    /** `"schema"."table"`. */
    readonly relation: string;
    /** Rows before it are old; in the words of the column's type. */
    readonly boundary: string;
    readonly rows: number;
    readonly ofRows: number;
    /** Estimate of what the rows occupy. */
    readonly bytes: number;
    /** Estimates, children included. */
    readonly walBytes: number;
    readonly seconds: number;
    /** Rows that go with them, by table, at most ten. */
    readonly children: readonly { readonly relation: string; readonly rows: number }[];
  }[];
  /** Why the plan would be refused, and what could not be counted, in words; only a preview has any. */
  readonly refusals: readonly string[];
  readonly workers: readonly number[];
  readonly report: EvidencePointer;
}

/** What a pruning did. */
export interface Pruning {
  /** True when rows that moved meanwhile were queued again: prune on. */
  readonly again: boolean;
  /** Rows that went, children included. */
  readonly rows: number;
  readonly tables: readonly {
    readonly database: string;
    readonly relation: string;
    readonly rows: number;
  }[];
  /** Old rows that stayed, because rows that stay point at them. */
  readonly kept: number;
  readonly report: EvidencePointer;
}

/** A snapshot or snapshot copy on its way. */
export interface SnapshotFacts {
  readonly status: 'pending' | 'available';
  readonly snapshotId: string;
  readonly snapshotArn: string;
  readonly progressPercent: number;
}

/** What a scan found, in numbers; the places are evidence. */
export interface ScanConclusion {
  /** `repairable`: the configuration allows the step `quarantine` to deal with all of it. */
  readonly verdict: 'clean' | 'repairable' | 'blocked';
  /** What was found and what to do, a few lines at most; empty when clean. */
  readonly detail: string;
  readonly databases: readonly {
    readonly name: string;
    readonly tables: number;
    readonly rows: number;
    readonly badRows: number;
    readonly badIndexes: number;
    /** Pages that cannot be read, or that were lost with their rows. */
    readonly badPages: number;
    /** `Total tables scanned: N, failed: […]` with at most twenty names. */
    readonly summary: string;
  }[];
  readonly report: EvidencePointer;
}

/** How far the target is behind, and how long the slots can hold. */
export interface ReplicationHealth {
  /** Why apply stands still and waits for a human, in words, one for each database concerned; empty while it goes on. */
  readonly stuck: readonly string[];
  readonly caughtUp: boolean;
  readonly lagBytes: number;
  readonly lagSeconds: number;
  readonly slots: readonly {
    readonly database: string;
    readonly active: boolean;
    readonly walStatus: string;
    /** Null when `max_slot_wal_keep_size` is unlimited. */
    readonly safeWalBytes: number | null;
    readonly lagBytes: number;
  }[];
}

/** The verdict of a verification, in numbers; the details are evidence. */
export interface Verification {
  readonly verdict: 'equal' | 'different';
  readonly databases: readonly {
    readonly name: string;
    readonly tables: number;
    readonly rows: number;
    readonly bytes: number;
    /** Tables with at least one row that differs, at most twenty. */
    readonly mismatchedTables: readonly string[];
    /** Differences of the catalogues, in words, at most twenty. */
    readonly catalogDifferences: readonly string[];
  }[];
  /** Keys changed since they were compared: compared again under the fence. */
  readonly keysToCompareAgain: number;
  readonly report: EvidencePointer;
}

/** A cutover that went through. */
export interface CutoverFacts {
  readonly epoch: string;
  readonly fenceLsn: string;
  readonly flippedAt: string;
  /** From the first refused login to the switched record, and its parts. */
  readonly outageMs: {
    readonly total: number;
    readonly fence: number;
    readonly barrier: number;
    readonly sequences: number;
    readonly gate: number;
    readonly switch: number;
  };
  readonly keysCompared: number;
  readonly sequencesSet: number;
  /** Who approved; null when nobody was asked. */
  readonly approval?: Approval | null;
  readonly report: EvidencePointer;
}
