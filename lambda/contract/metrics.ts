/** The metrics that steps emit; dashboard and alarms read no other. */
import type { StepName } from '../contract';

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
  /** Of the way back: what the source has not confirmed yet, of the worst database. */
  WayBackLagBytes: { unit: 'Bytes', steps: ['watch-way-back'] },
  /** WAL that the slot that holds most keeps on the target. */
  WayBackRetainedBytes: { unit: 'Bytes', steps: ['watch-way-back'] },
  /** Databases whose slot nobody reads from, lost ones included. */
  WayBackIdleSlots: { unit: 'Count', steps: ['watch-way-back'] },
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
