import type { Clock } from '../../clock';
import type { Keys } from '../kms/keys';
import type { Place } from '../place';
import type { Secrets } from '../secrets/secrets';
import type { DatabaseHost } from './database-host';
import type { InstanceSettings } from './instance';
import type { ParameterGroups } from './parameter-groups';
import type { Snapshot } from './snapshot';
import type { RdsTimings } from './timings';

/** What instances are made with. */
export interface InstancesProps {
  readonly place: Place;
  readonly clock: Clock;
  readonly timings: RdsTimings;
  readonly host: DatabaseHost;
  readonly keys: Keys;
  readonly secrets: Secrets;
  readonly parameterGroups: ParameterGroups;
  /** Aborted when the control plane closes. */
  readonly signal: AbortSignal;
}

/** A new, empty instance. */
export interface NewInstance {
  readonly instanceId: string;
  /** Major or full version, such as `17` or `17.10`. */
  readonly engineVersion: string;
  readonly master: { readonly username: string; readonly password: string | null };
  readonly databaseName?: string;
  readonly storageEncrypted?: boolean;
  readonly kmsKeyId?: string;
  /** Key of the managed secret; needed when the master has no password. @default alias/aws/secretsmanager */
  readonly masterSecretKmsKeyId?: string;
  readonly availabilityZone?: string;
  readonly settings?: Partial<InstanceSettings>;
  readonly tags?: ReadonlyMap<string, string>;
}

/** An instance born from a snapshot. */
export interface RestoredInstance {
  readonly instanceId: string;
  readonly snapshot: Snapshot;
  readonly availabilityZone?: string;
  readonly settings?: Partial<InstanceSettings>;
  /** Tags; the snapshot's unless given (facts E13). */
  readonly tags?: ReadonlyMap<string, string>;
}

/** A change of an instance: settings, the master password, or who keeps it. */
export interface InstanceChange {
  readonly settings?: Partial<InstanceSettings>;
  readonly masterPassword?: string;
  /** Hands the master password to Secrets Manager. */
  readonly manageMasterPassword?: boolean;
  /** Key of the managed secret. @default alias/aws/secretsmanager */
  readonly masterSecretKmsKeyId?: string;
}
