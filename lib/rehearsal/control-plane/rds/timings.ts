/** How long RDS takes at least, in milliseconds on the rehearsal's clock; the work itself comes on top. */
export interface RdsTimings {
  /** From `creating` to the engine's answer. */
  readonly createInstanceMs: number;
  /** The first backup of a new instance: `backing-up`. */
  readonly firstBackupMs: number;
  readonly modifyInstanceMs: number;
  readonly rebootMs: number;
  readonly deleteInstanceMs: number;
  readonly createSnapshotMs: number;
  readonly copySnapshotMs: number;
  /** From the creation of a managed master secret to its `active`. */
  readonly masterSecretMs: number;
  /** From the registration of an instance with a proxy to its `AVAILABLE`. */
  readonly registerTargetMs: number;
}

/** Orders of magnitude of a small instance; nothing depends on their exactness [unverified]. */
export const RDS_TIMINGS: RdsTimings = {
  createInstanceMs: 120_000,
  firstBackupMs: 30_000,
  modifyInstanceMs: 20_000,
  rebootMs: 20_000,
  deleteInstanceMs: 30_000,
  createSnapshotMs: 60_000,
  copySnapshotMs: 60_000,
  masterSecretMs: 10_000,
  registerTargetMs: 30_000,
};
