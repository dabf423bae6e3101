/**
 * The shape of `report.json`. It is a contract with whoever reads it (docs/report.md): a field is never renamed, and a
 * change of meaning is a new `schemaVersion`. Times are ISO strings, durations milliseconds, LSNs text.
 */
import type { Check } from '../../../lambda/contract/assessment';
import type { CanaryFacts, OutagePrediction } from '../../../lambda/contract/cutover';
import type { SealiftConfig } from '../../config';
import type { LatencyPoint } from '../writers/protocol';
import type { LeftOutObject } from './evidence/copy-evidence';

/** Version of everything below. */
export const REPORT_SCHEMA_VERSION = '1';

/** One look at how far the target is behind; `atMs` is milliseconds since the epoch. */
export interface LagPoint {
  readonly atMs: number;
  readonly bytes: number;
  /** Replay lag as the slowest sender knows it; null when it knows none. */
  readonly ms: number | null;
}

/**
 * `succeeded`: everything that was asked for happened, and the proof holds. `aborted`: it did not, and the source is
 * writable as before. `failed`: anything else.
 */
export type Outcome = 'succeeded' | 'aborted' | 'failed';

/** Which server lets the application write. */
export type WritableSide = 'source' | 'target' | 'both' | 'neither';

/** Parts of the outage as the cutover measured them, and the whole as the writers saw it. */
export interface OutageReport {
  /** First refused or delayed write to first accepted one; null without writers or without an outage. */
  readonly total: number | null;
  readonly fence: number | null;
  readonly barrier: number | null;
  readonly sequences: number | null;
  readonly gate: number | null;
  readonly switch: number | null;
  /** From the first refused login to the switched record, as the cutover itself measured it. */
  readonly cutover: number | null;
  /** What a dry run before the fence predicted until the flip; null without a cutover. */
  readonly predicted: OutagePrediction | null;
  /** How the canary landed that followed the switch afterwards; no part of the outage, null without a cutover. */
  readonly canary: CanaryFacts | null;
}

/** How the applications came back to the source. */
export interface RollbackReport {
  readonly status: string;
  /** As at the cutover: the whole as the writers saw it, the parts as the way back measured them. */
  readonly outageMs: OutageReport;
}

/** What became of the writes. */
export interface WritersReport {
  readonly acknowledged: number;
  readonly refused: number;
  /** Commits whose answer never came; `unknownPresent` of them took place. */
  readonly unknown: number;
  readonly unknownPresent: number;
  readonly lost: number;
  readonly doubled: number;
  /** Unknown writes of which only a part is there. */
  readonly torn: number;
  /** Rows that nobody wrote, or that were rolled back. */
  readonly phantom: number;
  /** Commits that only the old source holds; null when there was no switch. */
  readonly onlyOnSource: number | null;
  readonly sequenceReuse: number;
  readonly maxLatencyMs: number;
  readonly allWritersBackMs: number | null;
}

/** A database, compared by the rehearsal itself. */
export interface DatabaseReport {
  readonly name: string;
  readonly tables: number;
  /** Rows of all tables where the application writes now. */
  readonly rows: number;
  /** The same on the source; writes after the switch are missing there. */
  readonly rowsOnSource: number;
  readonly bytes: number;
  /** Rows that the target held before the cutover and that the source holds byte for byte. */
  readonly rowsIdentical: number;
  /** Rows changed since; covered by the cutover's gate and by the writers' books. */
  readonly rowsChangedSince: number;
  readonly mismatchedTables: readonly string[];
}

/** What the scan found in a database, and what was done about it. */
export interface ScanReport {
  /** Where it was read: `target` is the copy. */
  readonly on: 'source' | 'target';
  readonly name: string;
  readonly tables: number;
  readonly rows: number;
  readonly badRows: number;
  readonly badPages: number;
  readonly badIndexes: number;
  /** Kept in `sealift.quarantine` of the database. */
  readonly rowsRemoved: number;
  readonly pagesLost: number;
  readonly indexesRebuilt: number;
  /** `Total tables scanned: N, failed: […]`. */
  readonly summary: string;
}

/** What was removed from the source because it was old. */
export interface PruneReport {
  /** Rows that went, those that went with old ones included. */
  readonly rows: number;
  /** Old rows that stayed, because rows that stay point at them. */
  readonly kept: number;
  readonly tables: readonly { readonly database: string; readonly relation: string; readonly rows: number }[];
  /** Encrypted snapshot that holds them; null when there was nothing to remove. */
  readonly keptIn: string | null;
}

/** What came over connections, and what did not come with it. */
export interface CopyReport {
  /** Null when the run did not come so far; the next two alike. */
  readonly tables: number | null;
  readonly rows: number | null;
  /** On the wire. */
  readonly bytes: number | null;
  /** Roles whose password is new on the target; the secret `RolePasswords` keeps it. */
  readonly newPasswords: readonly string[];
  /** What the target lacks. */
  readonly leftOut: readonly LeftOutObject[];
}

/** A part of the run. */
export interface PhaseReport {
  readonly name: string;
  readonly startedAt: string;
  readonly ms: number;
}

/** A state of a state machine, for the timeline. */
export interface StateReport extends PhaseReport {
  readonly machine: string;
}

/** A call that the local AWS denied, or did not know. */
export interface RefusedCall {
  readonly caller: string;
  readonly call: string;
  readonly reason: string;
}

/** Everything that a run says about itself. */
export interface Report {
  readonly schemaVersion: typeof REPORT_SCHEMA_VERSION;
  readonly startedAt: string;
  readonly ms: number;
  readonly outcome: Outcome;
  /** Why it did not succeed and what to do; null when it did. */
  readonly reason: { readonly error: string; readonly cause: string; readonly remedy: string } | null;
  /** The last phase that was asked for. */
  readonly stopAfter: string;
  readonly road: SealiftConfig['road'];
  readonly engine: SealiftConfig['engine'];
  readonly sourceVersion: string;
  readonly targetVersion: string;
  /** Null on the copy road; the next one too. */
  readonly seedLsn: string | null;
  readonly seedOrigin: string | null;
  readonly writableSide: WritableSide;
  readonly outageMs: OutageReport;
  /** Null when nobody went back. */
  readonly rollback: RollbackReport | null;
  /** Null without writers. */
  readonly writers: WritersReport | null;
  readonly databases: readonly DatabaseReport[];
  /** Null on the snapshot road, and when the run did not come so far. */
  readonly copy: CopyReport | null;
  /** Null when nothing was pruned. */
  readonly pruning: PruneReport | null;
  /** Empty when the run did not come to the scan. */
  readonly scan: readonly ScanReport[];
  readonly phases: readonly PhaseReport[];
  readonly states: readonly StateReport[];
  readonly checks: readonly Check[];
  readonly refusedApiCalls: readonly RefusedCall[];
  /** Ends of the executions, `Migrate` first. */
  readonly executions: readonly {
    readonly arn: string;
    readonly status: string;
    readonly error: string | null;
    readonly cause: string | null;
  }[];
  /** The steps that failed, retried or not. */
  readonly failedSteps: readonly {
    readonly step: string;
    readonly at: string;
    readonly error: string;
    readonly cause: string;
  }[];
  readonly series: {
    /** Start of `latency`'s clock; null without writers. */
    readonly writersStartedAt: string | null;
    readonly latency: readonly LatencyPoint[];
    readonly lag: readonly LagPoint[];
    readonly outageStartedAt: string | null;
    readonly outageEndedAt: string | null;
  };
}

/** Whether the run proved everything that it set out to prove: the exit code of `npm start`. */
export function holds(report: Report): boolean {
  const { writers } = report;
  const proved = writers === null || (writers.lost === 0 && writers.doubled === 0);
  const equal = report.databases.every((database) => database.mismatchedTables.length === 0);
  return report.outcome === 'succeeded' && proved && equal && report.refusedApiCalls.length === 0;
}
