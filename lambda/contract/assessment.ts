/** What AWS says before a migration, and what an assessment answers. */
import type { InstanceFacts, ServerFacts } from './instance';
import type { Switch, TargetSettings } from './settings';

/** What AWS says of everything that the migration touches. */
export interface Inspection {
  readonly source: ServerFacts;
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
  /** What RDS says of the source; null of a server that AWS does not manage. */
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
  } | null;
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
