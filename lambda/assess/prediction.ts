/** How long a migration of this source will take, and why: pure, each number with its basis. */
import type { PredictedPhase, Prediction } from '../contract/assessment';
import type { Switch } from '../contract/settings';
import { outageBehind, switchMs } from '../platform/switch';
import { bytesInWords, durationInWords, gibibytes } from './words';

/**
 * Rates and fixed times that no measurement of this source gives. All are assumptions of ours, low on purpose: AWS states none
 * for the encrypted copy (facts A17), and a restored volume loads its blocks lazily (facts E14).
 */
export const ASSUMED = {
  snapshotSeconds: 300,
  snapshotBytesPerSecond: 100e6,
  copySeconds: 300,
  copyBytesPerSecond: 50e6,
  restoreSeconds: 900,
  /** A fresh instance, with its first backup and its standby. */
  birthSeconds: 900,
  /** Reading every schema with pg_dump and making tables. */
  schemaSeconds: 120,
  rowBytesPerSecondOfWorker: 10e6,
  indexBytesPerSecondOfBuild: 20e6,
  applyBytesPerSecond: 20e6,
  /** Counts before and after a pruning read the tables this fast. */
  countBytesPerSecond: 50e6,
  scanBytesPerSecondOfWorker: 30e6,
  verifyBytesPerSecondOfWorker: 30e6,
  hashBytesPerSecond: 50e6,
  preparationSeconds: 60,
  cutoverSeconds: 120,
  /** Fence, barrier, sequences, gate and the call that switches; rehearsals stay below it. */
  fencedMs: 1000,
} as const;

/** A part of the outage that is worth a word. */
const NOTABLE_MS = 100;

/** Apply always gains something on a source that writes faster, or the prediction would be without end. */
const LEAST_GAIN = 0.01;

/** What the prediction looks at. */
export interface PredictionFacts {
  /** How rows travel over connections; null on the snapshot road. */
  readonly copies: { readonly workers: number; readonly builds: number } | null;
  /** Bytes of every database of the instance: the snapshot holds all. */
  readonly databaseBytes: number;
  /** Bytes of the tables that are verified. */
  readonly verifiedBytes: number;
  readonly verifyWorkers: number;
  /** Tables that are pruned; 0 when nothing is. */
  readonly prunedTables: number;
  /** Null when the source is not scanned. */
  readonly scanWorkers: number | null;
  readonly walBytesPerSecond: number;
  readonly walBasis: string;
  /** Bytes of tables without a key that are written to: they are read whole once more under the fence. */
  readonly keylessBytes: number;
  readonly recordTtlSeconds: number;
  readonly switchKind: Switch['kind'];
}

/** Predicts the phases, the WAL that the source must keep, and the outage. */
export function predict(facts: PredictionFacts): Prediction {
  const unheld = facts.copies === null ? [] : [birth()];
  const seed = facts.copies === null ? inSnapshot(facts) : overConnections(facts, facts.copies);
  const seedSeconds = sum(seed);
  const catchingUp = catchUp(facts, seedSeconds);
  const retentionSeconds = seedSeconds + catchingUp.seconds;
  return {
    phases: [...pruning(facts), ...scan(facts), ...unheld, ...seed, catchingUp, verification(facts), cutover()],
    retentionSeconds,
    walBytesPerSecond: Math.round(facts.walBytesPerSecond),
    walRetainedBytes: Math.round(facts.walBytesPerSecond * retentionSeconds),
    walBasis: facts.walBasis,
    ...outage(facts),
  };
}

/** True when apply can gain on the source by less than half of its speed. */
export function isHardToCatchUp(walBytesPerSecond: number): boolean {
  return walBytesPerSecond > ASSUMED.applyBytesPerSecond / 2;
}

/** Before the slots exist: the source keeps no WAL for it. */
function pruning(facts: PredictionFacts): PredictedPhase[] {
  if (facts.prunedTables === 0) return [];
  const rate = ASSUMED.countBytesPerSecond;
  const baseline = sum([snapshot(facts), encryptedCopy(facts)]);
  return [
    {
      phase: 'Prune',
      seconds: seconds(60 + baseline + facts.verifiedBytes / rate),
      basis:
        `assumed: the baseline and its encrypted copy as below, and counting at ${bytesInWords(rate)}/s; the removal is not in ` +
        `it, a dry run of Prune predicts it for each of the ${facts.prunedTables} tables`,
    },
  ];
}

function scan({ scanWorkers: workers, verifiedBytes }: PredictionFacts): PredictedPhase[] {
  if (workers === null) return [];
  const rate = ASSUMED.scanBytesPerSecondOfWorker;
  return [
    {
      phase: 'Scan',
      seconds: seconds(60 + verifiedBytes / (rate * workers)),
      basis: `${gibibytes(verifiedBytes)} by ${workers} workers at ${bytesInWords(rate)}/s each (assumed)`,
    },
  ];
}

function inSnapshot(facts: PredictionFacts): PredictedPhase[] {
  return [preparation(), snapshot(facts), encryptedCopy(facts), restore()];
}

/** The target is born before the slots are made. */
function birth(): PredictedPhase {
  const { birthSeconds } = ASSUMED;
  return {
    phase: 'Empty target',
    seconds: birthSeconds,
    basis: `assumed: ${durationInWords(birthSeconds)} for a fresh instance with its standby`,
  };
}

/** The bytes are those of the databases with their indexes: more than travels, and as much as is written. */
function overConnections(
  { verifiedBytes }: PredictionFacts,
  { workers, builds }: NonNullable<PredictionFacts['copies']>,
): PredictedPhase[] {
  const { schemaSeconds, rowBytesPerSecondOfWorker: rate, indexBytesPerSecondOfBuild: built } = ASSUMED;
  return [
    preparation(),
    {
      phase: 'Schema',
      seconds: schemaSeconds,
      basis: `assumed: ${durationInWords(schemaSeconds)} for reading every schema and making the tables`,
    },
    {
      phase: 'Copy rows',
      seconds: seconds(verifiedBytes / (rate * workers)),
      basis: `${gibibytes(verifiedBytes)} by ${workers} workers at ${bytesInWords(rate)}/s each (assumed); the source keeps every dead row meanwhile`,
    },
    {
      phase: 'Indexes and constraints',
      seconds: seconds(verifiedBytes / (built * builds)),
      basis: `${gibibytes(verifiedBytes)} by ${builds} builds at ${bytesInWords(built)}/s each (assumed)`,
    },
  ];
}

function preparation(): PredictedPhase {
  return { phase: 'Prepare', seconds: ASSUMED.preparationSeconds, basis: 'assumed: roles, publications and slots' };
}

function snapshot({ databaseBytes }: PredictionFacts): PredictedPhase {
  const { snapshotSeconds: fixed, snapshotBytesPerSecond: rate } = ASSUMED;
  return {
    phase: 'Snapshot',
    seconds: seconds(fixed + databaseBytes / rate),
    basis: `assumed: ${durationInWords(fixed)}, and ${gibibytes(databaseBytes)} at ${bytesInWords(rate)}/s; less when a recent snapshot exists`,
  };
}

function encryptedCopy({ databaseBytes }: PredictionFacts): PredictedPhase {
  const { copySeconds: fixed, copyBytesPerSecond: rate } = ASSUMED;
  return {
    phase: 'Encrypted copy',
    seconds: seconds(fixed + databaseBytes / rate),
    basis: `assumed: ${durationInWords(fixed)}, and ${gibibytes(databaseBytes)} at ${bytesInWords(rate)}/s; AWS states no figure`,
  };
}

function restore(): PredictedPhase {
  const { restoreSeconds } = ASSUMED;
  return {
    phase: 'Restore',
    seconds: restoreSeconds,
    basis: `assumed: ${durationInWords(restoreSeconds)} at any size, because blocks are loaded when they are first read`,
  };
}

/** What was written meanwhile is applied while more is written. */
function catchUp({ walBytesPerSecond: written }: PredictionFacts, seedSeconds: number): PredictedPhase {
  const { applyBytesPerSecond: applied } = ASSUMED;
  const gain = Math.max(applied - written, applied * LEAST_GAIN);
  const hardly = isHardToCatchUp(written) ? '; it may not catch up at the present rate' : '';
  return {
    phase: 'Catch up',
    seconds: seconds((written * seedSeconds) / gain),
    basis: `WAL at ${bytesInWords(written)}/s (measured) since the slots, applied at ${bytesInWords(applied)}/s (assumed)${hardly}`,
  };
}

function verification({ verifiedBytes, verifyWorkers }: PredictionFacts): PredictedPhase {
  const rate = ASSUMED.verifyBytesPerSecondOfWorker;
  return {
    phase: 'Verify',
    seconds: seconds(60 + verifiedBytes / (rate * verifyWorkers)),
    basis: `${gibibytes(verifiedBytes)} by ${verifyWorkers} workers at ${bytesInWords(rate)}/s each (assumed)`,
  };
}

function cutover(): PredictedPhase {
  const { cutoverSeconds } = ASSUMED;
  return {
    phase: 'Cutover',
    seconds: cutoverSeconds,
    basis: 'assumed: guardrails, the outage, clearing up; without the time that an approval waits',
  };
}

/** Clients keep the old address as long as the record says; Route 53's own delay has no figure (facts E21). */
function outage(facts: PredictionFacts): Pick<Prediction, 'outageMs' | 'outageBasis'> {
  const { fencedMs, hashBytesPerSecond } = ASSUMED;
  const hashMs = Math.round((facts.keylessBytes / hashBytesPerSecond) * 1000);
  const ttlMs = facts.recordTtlSeconds * 1000;
  const hashing =
    hashMs < NOTABLE_MS
      ? ''
      : ` ${durationInWords(hashMs / 1000)} for ${gibibytes(facts.keylessBytes)} of tables without a key that are read whole under the fence,`;
  return {
    outageMs: fencedMs + hashMs + ttlMs + switchMs(facts.switchKind),
    outageBasis:
      `${durationInWords(fencedMs / 1000)} from fence to switch (assumed from rehearsals),${hashing} ` +
      outageBehind(facts.switchKind, facts.recordTtlSeconds),
  };
}

function sum(phases: readonly PredictedPhase[]): number {
  return phases.reduce((total, phase) => total + phase.seconds, 0);
}

function seconds(value: number): number {
  return Math.ceil(value);
}
