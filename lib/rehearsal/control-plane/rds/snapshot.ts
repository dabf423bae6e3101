import { AwsFault } from '../fault';
import type { Place } from '../place';
import type { VolumeEncryption } from './instance';

/** A manual snapshot: a physical copy of a data directory, and what RDS remembers of its instance. */
export interface Snapshot {
  readonly snapshotId: string;
  readonly arn: string;
  readonly instanceId: string;
  readonly resourceId: string;
  readonly createdAt: number;
  readonly instanceCreatedAt: number;
  readonly engineVersion: string;
  readonly masterUsername: string;
  readonly instanceClass: string;
  readonly allocatedStorageGib: number;
  readonly storageType: string;
  readonly availabilityZone: string;
  readonly port: number;
  readonly encryption: VolumeEncryption;
  /** ARN of the snapshot that this is a copy of. */
  readonly copyOf: string | null;
  /** Directory that holds `data`; copies share it, because nothing ever writes to it. */
  readonly directory: string;
  readonly tags: Map<string, string>;
  status: 'creating' | 'available' | 'failed';
  /** 0 to 100. */
  progressPercent: number;
  /** Resolves when the status is no longer `creating`; never rejects. */
  settled: Promise<void>;
  statusReason: string | null;
}

/** ARN of a snapshot. */
export function snapshotArn(place: Place, snapshotId: string): string {
  return `arn:aws:rds:${place.region}:${place.account}:snapshot:${snapshotId}`;
}

/**
 * Checks the identifier of a new snapshot and writes it in lower case.
 *
 * @throws AwsFault `InvalidParameterValue`
 */
export function snapshotIdentifier(given: string): string {
  if (given.length <= 255 && /^[a-zA-Z](?:-?[a-zA-Z0-9])*$/.test(given)) return given.toLowerCase();
  throw new AwsFault(
    'InvalidParameterValue',
    `The parameter DBSnapshotIdentifier is not a valid identifier, got ${JSON.stringify(given)}`,
  );
}

/** The identifier within an identifier or ARN. */
export function snapshotIdOf(reference: string): string {
  const marker = ':snapshot:';
  const at = reference.indexOf(marker);
  return (at < 0 ? reference : reference.slice(at + marker.length)).toLowerCase();
}
