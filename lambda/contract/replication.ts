/** What seeding, replication and verification answer. */
import type { EvidencePointer } from './instance';

/** A logical slot made by `prepare`. */
export interface SlotFacts {
  readonly database: string;
  readonly slot: string;
  readonly publication: string;
  /** Where decoding begins: the slot's `confirmed_flush_lsn` right after its creation. */
  readonly startLsn: string;
}

/**
 * What a snapshot is for: the target grows from `seed`; what was pruned can be read again from
 * `baseline`; `final` is the last that is taken of the source, when the way back is closed.
 */
export type SnapshotPurpose = 'seed' | 'baseline' | 'final';

/** A snapshot or snapshot copy on its way. */
export interface SnapshotFacts {
  readonly status: 'pending' | 'available';
  readonly snapshotId: string;
  readonly snapshotArn: string;
  readonly progressPercent: number;
}

/** How far the target is behind, and how long the slots can hold. */
export interface ReplicationHealth {
  /** Why the replication waits for a human, in words: apply stands still, or definitions differ; empty while it goes on. */
  readonly stuck: readonly string[];
  /** Why the streams do not advance at this moment, in words with the remedy; empty while they do. Nobody is told by itself. */
  readonly reasons: readonly string[];
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
