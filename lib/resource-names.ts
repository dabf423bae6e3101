/**
 * Names of what exists in AWS, derived from the migration id. Permissions name these exactly and never by prefix: with
 * `sealift-a-*` the migration `a` could touch what belongs to the migration `a-b`.
 */

/** The tag that every resource of a migration carries, snapshots included. */
export const ID_TAG = 'sealift:id';

/** The state machines: one for each phase, those of the way back, of its window and of its end, the one that runs the phases, and the one that cleans up after all. */
export const MACHINES = [
  'assess',
  'prune',
  'scan',
  'replicate',
  'cutover',
  'rollback',
  'window',
  'retire',
  'migrate',
  'reaper',
] as const;

/** Name of one of the state machines. */
export type MachineName = (typeof MACHINES)[number];

/** Name of a stack. */
export function stackName(migration: string, stack: 'Foundation' | 'Dms' | 'Target' | 'Migration'): string {
  return `Sealift-${migration}-${stack}`;
}

/** Identifier of the target instance: fixed, so that permissions, alarms and log groups can name it before it exists. */
export function targetInstanceId(migration: string): string {
  return `sealift-${migration}-target`;
}

/** Identifier of the replication instance of DMS, and of its subnet group. */
export function replicationInstanceId(migration: string): string {
  return `sealift-${migration}-dms`;
}

/** The role as which DMS logs in on both sides. */
export function dmsLogin(migration: string): string {
  return `sealift_${migration.replaceAll('-', '_')}_dms`;
}

/** Name of a state machine. */
export function machineName(migration: string, machine: MachineName): string {
  return `sealift-${migration}-${machine}`;
}

/** The machines whose executions may hold the migration: the reaper sees to them when they do not end well. */
export const REAPED_MACHINES = [
  'prune',
  'scan',
  'replicate',
  'cutover',
  'rollback',
  'migrate',
] as const satisfies MachineName[];

/** Name of the rule that starts the reaper: after a phase, or after a reaper that did not come to its own end. */
export function reaperRuleName(migration: string, after: 'phases' | 'reaper'): string {
  return `sealift-${migration}-reap-${after}`;
}

/** Name of the rule that has the way back looked at. */
export function windowRuleName(migration: string): string {
  return `sealift-${migration}-window`;
}

/** Name of a function. */
export function functionName(migration: string, step: string): string {
  return `sealift-${migration}-${step}`;
}

/** Name of the log group of a function. */
export function logGroupName(migration: string, of: string): string {
  return `/sealift/${migration}/${of}`;
}

/** Name of the log group of a state machine; the prefix spares the account's policy of log delivery, which has a size limit. */
export function machineLogGroupName(migration: string, machine: MachineName): string {
  return `/aws/vendedlogs/states/${machineName(migration, machine)}`;
}

/** Name of the snapshot of the source, as the step `snapshot` makes it. */
export function seedSnapshotName(migration: string): string {
  return `sealift-${migration}-seed`;
}

/** Name of the encrypted copy of that snapshot, as the step `encrypt` makes it. */
export function encryptedSeedName(migration: string): string {
  return `sealift-${migration}-seed-encrypted`;
}

/** Name of the snapshot that is taken before anything is pruned. */
export function baselineSnapshotName(migration: string): string {
  return `sealift-${migration}-baseline`;
}

/** Name of the encrypted copy of that snapshot. */
export function encryptedBaselineName(migration: string): string {
  return `sealift-${migration}-baseline-encrypted`;
}

/** Name of the last snapshot of the source, taken when the way back is closed. */
export function finalSnapshotName(migration: string): string {
  return `sealift-${migration}-final`;
}

/** Name of the encrypted copy of that snapshot. */
export function encryptedFinalName(migration: string): string {
  return `sealift-${migration}-final-encrypted`;
}

/** Name of the dashboard. */
export function dashboardName(migration: string): string {
  return `sealift-${migration}`;
}

/** Name of the queue of messages that EventBridge could not deliver. */
export function undeliveredQueueName(migration: string): string {
  return `sealift-${migration}-undelivered`;
}

/** Name of the policy of who runs the machines. */
export function operatorPolicyName(migration: string): string {
  return `sealift-${migration}-operator`;
}

/** Name of the policy of who approves. */
export function approverPolicyName(migration: string): string {
  return `sealift-${migration}-approver`;
}

/** What a migration is watched for while it runs. */
export const MIGRATION_ALARMS = ['slot-unsafe', 'lag-growing', 'source-free-storage', 'undelivered-messages'] as const;

/** What a way back is watched for while it is open; made only where the configuration asks for one. */
export const WAY_BACK_ALARMS = ['way-back-behind', 'way-back-storage'] as const;

/** An alarm of the migration. */
export type MigrationAlarm = (typeof MIGRATION_ALARMS)[number] | (typeof WAY_BACK_ALARMS)[number];

/** Name of an alarm of the migration. */
export function migrationAlarmName(migration: string, alarm: MigrationAlarm): string {
  return `sealift-${migration}-${alarm}`;
}

/** Name of the alarm that a machine's executions fail. */
export function failureAlarmName(migration: string, machine: MachineName): string {
  return `${machineName(migration, machine)}-execution-failed`;
}

/** What the target is watched for. */
export const TARGET_ALARMS = ['free-storage', 'cpu', 'connections'] as const;

/** Name of an alarm of the target. */
export function targetAlarmName(migration: string, alarm: (typeof TARGET_ALARMS)[number]): string {
  return `${targetInstanceId(migration)}-${alarm}`;
}
