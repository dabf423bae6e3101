/** Who approved a cutover, and what it answers. */
import type { EvidencePointer } from './instance';

/** Who approved a cutover, and when. */
export interface Approval {
  /** As the approver wrote it, 1 to 100 characters. */
  readonly approvedBy: string;
  readonly approvedAt: string;
}

/** How long the outage is expected to take until the flip: everything but the fence was run once before, under live writes. */
export interface OutagePrediction {
  readonly totalMs: number;
  readonly fence: number;
  readonly barrier: number;
  readonly sequences: number;
  readonly gate: number;
  /** Counts and sizes that the numbers come from, in words. */
  readonly basis: string;
}

/** Who followed the switch after it was turned, and landed. */
export interface CanaryFacts {
  /** `server`: it logged in to the server that flipped. `proxy`: the proxy opened its door, and the target is behind it. */
  readonly how: 'server' | 'proxy';
  /** Attempts until it landed. */
  readonly looks: number;
  /** From its start to its landing; no part of the outage. */
  readonly ms: number;
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
  /** What was predicted before the fence; null or absent when nothing was. */
  readonly prediction?: OutagePrediction | null;
  readonly keysCompared: number;
  readonly sequencesSet: number;
  /** Who approved; null when nobody was asked. */
  readonly approval?: Approval | null;
  /** Absent until the switch was followed. */
  readonly canary?: CanaryFacts;
  readonly report: EvidencePointer;
}

/** Something of the source that is left and not encrypted under the key, and what to do about it. */
export interface Leftover {
  readonly kind:
    | 'instance'
    | 'automated backups'
    | 'retained automated backups'
    | 'read replica'
    | 'snapshot'
    | 'data directory'
    | 'backups of its own'
    | 'standbys';
  readonly name: string;
  /** As RDS reports it; `unknown` for what it was not asked about. */
  readonly encryption: 'none' | 'sse-rds' | 'sse-kms' | 'unknown';
  readonly remedy: string;
}
