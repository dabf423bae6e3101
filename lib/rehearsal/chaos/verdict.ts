/** The judgement on one run. */
import type { StepName } from '../../../lambda/contract';
import type { Report } from '../report/report';
import type { Schedule } from './schedule';
import type { Strike } from './strike';

/** What became of a run. */
export interface ChaosVerdict {
  readonly schedule: Schedule;
  readonly report: Report;
  /** What struck and how that ended, in order; then what did not. */
  readonly strikes: readonly Strike[];
  /** Steps that were called with an old epoch at the end. */
  readonly calledLate: readonly StepName[];
  /** What did not hold; empty when everything did. */
  readonly violations: readonly string[];
  /** Where the run's log was kept; null when it was not. */
  readonly keptIn: string | null;
}
