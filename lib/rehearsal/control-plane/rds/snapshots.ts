import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../clock';
import { AwsFault } from '../fault';
import type { Keys } from '../kms/keys';
import type { Place } from '../place';
import { encryptionFor } from './encryption';
import type { Instance } from './instance';
import type { Instances } from './instances';
import { type Snapshot, snapshotArn, snapshotIdentifier, snapshotIdOf } from './snapshot';
import type { RdsTimings } from './timings';

/** Account limits; AWS's defaults (facts E11, faults 84). */
export interface SnapshotLimits {
  readonly manualSnapshots: number;
  readonly concurrentCopies: number;
}

/** What snapshots are made with. */
export interface SnapshotsProps {
  readonly place: Place;
  readonly clock: Clock;
  readonly timings: RdsTimings;
  readonly keys: Keys;
  readonly instances: Instances;
  /** Directory below which every snapshot gets its own. */
  readonly directory: string;
  readonly limits: SnapshotLimits;
  readonly signal: AbortSignal;
}

/** Pieces of a copy's progress, so that a poll sees it move. */
const PROGRESS_STEPS = 10;

/**
 * The manual snapshots of the account. A snapshot is a physical copy of the data directory, made while the server runs. A
 * copy with a key is the same bytes under another name: encryption cannot be done to them here and is metadata.
 */
export class Snapshots {
  readonly #props: SnapshotsProps;
  readonly #snapshots = new Map<string, Snapshot>();

  constructor(props: SnapshotsProps) {
    this.#props = props;
  }

  /**
   * Begins a snapshot; the instance is `backing-up` meanwhile.
   *
   * @throws AwsFault `DBSnapshotAlreadyExistsFault`, `SnapshotQuotaExceededFault`, `DBInstanceNotFoundFault`,
   * `InvalidDBInstanceStateFault`
   */
  create(snapshotId: string, instanceId: string, tags: ReadonlyMap<string, string>): Snapshot {
    const { clock, instances, timings, directory } = this.#props;
    const instance = instances.get(instanceId);
    const id = this.#newId(snapshotId);
    const { database } = instances.available(instance.instanceId);
    if (!database)
      throw new AwsFault(
        'InvalidDBInstanceStateFault',
        `Database instance ${instance.instanceId} has no running engine.`,
      );
    const inherited = instance.settings.copyTagsToSnapshot ? instance.tags : new Map<string, string>();
    const snapshot = this.#add(id, {
      ...factsOf(instance),
      port: database.port,
      createdAt: clock.now(),
      encryption: instance.encryption,
      copyOf: null,
      directory: join(directory, `${id}-${randomBytes(3).toString('hex')}`),
      tags: new Map([...inherited, ...tags]),
    });
    const work = async () => {
      const copied = database.copyTo(snapshot.directory, (share) => advance(snapshot, share));
      await Promise.all([copied, this.#sleep(timings.createSnapshotMs)]);
    };
    snapshot.settled = this.#follow(snapshot, async () => {
      let failure: { readonly error: unknown } | null = null;
      await instances.backup(instance, () =>
        work().catch((error: unknown) => {
          failure = { error };
        }),
      );
      if (failure !== null) throw (failure as { readonly error: unknown }).error;
    });
    return snapshot;
  }

  /**
   * Begins a copy. With a key it is encrypted; without one it keeps what its source has.
   *
   * @param source identifier or ARN
   * @throws AwsFault `DBSnapshotNotFoundFault`, `InvalidDBSnapshotStateFault`, `DBSnapshotAlreadyExistsFault`,
   * `SnapshotQuotaExceededFault`, `KMSKeyNotAccessibleFault`
   */
  copy(
    source: string,
    targetId: string,
    options: { readonly kmsKeyId?: string; readonly copyTags?: boolean; readonly tags?: ReadonlyMap<string, string> },
  ): Snapshot {
    const { keys, limits, timings, clock } = this.#props;
    const origin = this.get(source);
    if (origin.status !== 'available') {
      throw new AwsFault(
        'InvalidDBSnapshotStateFault',
        `DBSnapshot must be in available state but has status ${origin.status}`,
      );
    }
    const id = this.#newId(targetId);
    const copying = this.list().filter(({ copyOf, status }) => copyOf !== null && status === 'creating').length;
    if (copying >= limits.concurrentCopies) {
      throw new AwsFault(
        'SnapshotQuotaExceededFault',
        `Cannot copy more than ${limits.concurrentCopies} snapshots across regions at once`,
      );
    }
    const encryption = options.kmsKeyId ? encryptionFor(keys, true, options.kmsKeyId) : origin.encryption;
    if (encryption.kmsKeyArn) encryptionFor(keys, true, encryption.kmsKeyArn);
    const inherited = options.copyTags ? origin.tags : new Map<string, string>();
    const copy = this.#add(id, {
      ...origin,
      createdAt: clock.now(),
      encryption,
      copyOf: origin.arn,
      tags: new Map([...inherited, ...(options.tags ?? [])]),
    });
    copy.settled = this.#follow(copy, async () => {
      for (let step = 1; step <= PROGRESS_STEPS; step += 1) {
        await this.#sleep(timings.copySnapshotMs / PROGRESS_STEPS);
        advance(copy, step / PROGRESS_STEPS);
      }
    });
    return copy;
  }

  /**
   * Removes a snapshot; its files go when no copy shares them.
   *
   * @throws AwsFault `DBSnapshotNotFoundFault`, `InvalidDBSnapshotStateFault`
   */
  async remove(snapshotId: string): Promise<Snapshot> {
    const snapshot = this.get(snapshotId);
    const isCopied = this.list().some(({ copyOf, status }) => copyOf === snapshot.arn && status === 'creating');
    if (snapshot.status === 'creating' || isCopied) {
      throw new AwsFault(
        'InvalidDBSnapshotStateFault',
        `Cannot delete the snapshot ${snapshot.snapshotId} because it is ${isCopied ? 'being copied' : 'creating'}`,
      );
    }
    this.#snapshots.delete(snapshot.snapshotId);
    if (!this.list().some(({ directory }) => directory === snapshot.directory)) {
      await rm(snapshot.directory, { recursive: true, force: true });
    }
    return snapshot;
  }

  /**
   * Finds a snapshot by identifier or ARN.
   *
   * @throws AwsFault `DBSnapshotNotFoundFault`
   */
  get(reference: string): Snapshot {
    const snapshot = this.find(reference);
    if (!snapshot) throw new AwsFault('DBSnapshotNotFoundFault', `DBSnapshot ${reference} not found.`, 404);
    return snapshot;
  }

  /** Finds a snapshot by identifier or ARN; an ARN of another account or region finds nothing. */
  find(reference: string): Snapshot | undefined {
    const found = this.#snapshots.get(snapshotIdOf(reference));
    return reference.startsWith('arn:') && found?.arn !== reference ? undefined : found;
  }

  /** Manual snapshots that the account may have. */
  get limit(): number {
    return this.#props.limits.manualSnapshots;
  }

  /** Every snapshot, by id. */
  list(): readonly Snapshot[] {
    return [...this.#snapshots.values()].sort((left, right) => (left.snapshotId < right.snapshotId ? -1 : 1));
  }

  /** Waits until no snapshot is being made. */
  async settle(): Promise<void> {
    await Promise.all(this.list().map(({ settled }) => settled));
  }

  #newId(given: string): string {
    const id = snapshotIdentifier(given);
    if (this.#snapshots.has(id)) {
      throw new AwsFault(
        'DBSnapshotAlreadyExistsFault',
        `Cannot create the snapshot because a snapshot with the identifier ${id} already exists.`,
      );
    }
    if (this.#snapshots.size >= this.#props.limits.manualSnapshots) {
      throw new AwsFault(
        'SnapshotQuotaExceededFault',
        `Cannot create more than ${this.#props.limits.manualSnapshots} manual snapshots`,
      );
    }
    return id;
  }

  #add(
    snapshotId: string,
    facts: Omit<Snapshot, 'snapshotId' | 'arn' | 'status' | 'progressPercent' | 'settled' | 'statusReason'>,
  ): Snapshot {
    const arn = snapshotArn(this.#props.place, snapshotId);
    const snapshot: Snapshot = {
      ...facts,
      snapshotId,
      arn,
      status: 'creating',
      progressPercent: 0,
      settled: Promise.resolve(),
      statusReason: null,
    };
    this.#snapshots.set(snapshotId, snapshot);
    return snapshot;
  }

  #follow(snapshot: Snapshot, work: () => Promise<void>): Promise<void> {
    return work().then(
      () => {
        snapshot.progressPercent = 100;
        snapshot.status = 'available';
      },
      (error: unknown) => {
        snapshot.statusReason = error instanceof Error ? error.message : String(error);
        snapshot.status = 'failed';
      },
    );
  }

  #sleep(ms: number): Promise<void> {
    return this.#props.clock.sleep(ms, this.#props.signal);
  }
}

/** Never 100 while the snapshot is being made. */
function advance(snapshot: Snapshot, share: number): void {
  snapshot.progressPercent = Math.max(snapshot.progressPercent, Math.min(99, Math.floor(share * 100)));
}

function factsOf(instance: Instance) {
  return {
    instanceId: instance.instanceId,
    resourceId: instance.resourceId,
    instanceCreatedAt: instance.createdAt,
    engineVersion: instance.engineVersion,
    masterUsername: instance.masterUsername,
    instanceClass: instance.settings.instanceClass,
    allocatedStorageGib: instance.settings.allocatedStorageGib,
    storageType: instance.settings.storageType,
    availabilityZone: instance.availabilityZone,
  };
}
