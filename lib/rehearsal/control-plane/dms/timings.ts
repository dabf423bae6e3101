/** How long DMS takes at least, in milliseconds on the rehearsal's clock; the work itself comes on top. */
export interface DmsTimings {
  readonly createInstanceMs: number;
  readonly deleteInstanceMs: number;
  /** From `testing` to the outcome of a connection test. */
  readonly testConnectionMs: number;
  readonly createTaskMs: number;
  readonly modifyTaskMs: number;
  readonly deleteTaskMs: number;
  /** From `starting` to `running`. */
  readonly startTaskMs: number;
  /** From `stopping` to `stopped`, beside the end of the transaction at hand. */
  readonly stopTaskMs: number;
  /** From `starting` over `provisioning` to `running` of an assessment run, each. */
  readonly assessmentStepMs: number;
  /** Between two passes of the validation of a task's tables. */
  readonly validationPassMs: number;
}

/** Orders of magnitude of a small task; nothing depends on their exactness [unverified]. */
export const DMS_TIMINGS: DmsTimings = {
  createInstanceMs: 300_000,
  deleteInstanceMs: 120_000,
  testConnectionMs: 30_000,
  createTaskMs: 30_000,
  modifyTaskMs: 20_000,
  deleteTaskMs: 30_000,
  startTaskMs: 60_000,
  stopTaskMs: 20_000,
  assessmentStepMs: 20_000,
  validationPassMs: 30_000,
};
