/** What a rehearsal tells while it runs: one line each with `--json`, the drawn progress otherwise. */
import type { Report } from '../report/report';

/** The parts of a rehearsal that take time, in order; the middle four are Sealift's own phases. */
export type PhaseName =
  | 'Start the source'
  | 'Load the database'
  | 'Synthesize the stacks'
  | 'Deploy the stacks'
  | 'Damage the database'
  | 'Start the writers'
  | 'Assess'
  | 'Prune'
  | 'Scan'
  | 'Replicate'
  | 'Cutover'
  | 'Write on the target'
  | 'Rollback'
  | 'Write afterwards'
  | 'Prove';

/** Something that happened; times are ISO strings. */
export type RehearsalEvent =
  | { readonly kind: 'phase-started'; readonly at: string; readonly phase: PhaseName }
  | { readonly kind: 'phase-ended'; readonly at: string; readonly phase: PhaseName; readonly ms: number }
  /** How far a phase is; `total` 0 when nobody knows. */
  | {
      readonly kind: 'progress';
      readonly at: string;
      readonly phase: PhaseName;
      readonly doing: string;
      readonly done: number;
      readonly total: number;
      readonly unit: 'rows' | 'bytes' | 'tables' | 'ranges' | 'indexes' | 'steps' | '%';
    }
  | { readonly kind: 'state'; readonly at: string; readonly machine: string; readonly state: string }
  /** A step failed; retried when the state machine says so. */
  | {
      readonly kind: 'step-failed';
      readonly at: string;
      readonly step: string;
      readonly error: string;
      readonly cause: string;
    }
  | { readonly kind: 'lag'; readonly at: string; readonly bytes: number; readonly ms: number | null }
  | {
      readonly kind: 'writers';
      readonly at: string;
      readonly acknowledged: number;
      readonly perSecond: number;
      readonly refused: number;
      readonly latencyP99Ms: number;
    }
  /** A person was asked, and answered. */
  | { readonly kind: 'answered'; readonly at: string; readonly text: string }
  | { readonly kind: 'note'; readonly at: string; readonly text: string }
  | { readonly kind: 'report'; readonly at: string; readonly report: Report };

/** An event without its time. */
export type Untimed = RehearsalEvent extends infer E ? (E extends RehearsalEvent ? Omit<E, 'at'> : never) : never;

/** Tells an event that happens now. */
export type Tell = (event: Untimed) => void;
