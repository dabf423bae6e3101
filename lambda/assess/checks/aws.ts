/** Checks of what AWS says: instance, key, stack, record (faults 57, 79, 80, 93, 109). */
import type { Check, Inspection } from '../../contract/assessment';
import type { Policy } from '../../contract/settings';
import { classifyStackStatus, EMPTY_SEED } from '../../platform/cloudformation';
import { encryptedSnapshotName } from '../../platform/names';
import { describeSwitch, switchRemedy } from '../../platform/switch';
import { block, listed, pass, warn } from '../check';
import { type ManagedInspection, managedInspection } from '../managed';

/** Majors that the native engine is made for, on either road: `wal_status` begins with 13. */
export const SUPPORTED_MAJORS = { from: 13, to: 18 } as const;

/** All of them; `versionNumber` is what the server says of itself, such as 170010. */
export function awsChecks(
  inspection: Inspection,
  policy: Policy,
  { migrationId, versionNumber }: { readonly migrationId: string; readonly versionNumber: number },
): readonly Check[] {
  const managed = managedInspection(inspection);
  const version = managed?.source.engineVersion ?? versionInWords(versionNumber);
  return [
    managed === null ? hostEngine(inspection, version) : sourceEngine(managed),
    ...(managed === null ? [] : [sourceEncryption(managed, policy), parameterGroup(managed)]),
    keyUsable(inspection),
    targetStack(inspection),
    targetSeed(inspection, policy, migrationId),
    targetVersion(inspection, policy, version),
    recordPointsToSource(inspection, policy),
  ];
}

/** `17.10` of 170010. */
function versionInWords(versionNumber: number): string {
  return `${Math.trunc(versionNumber / 10_000)}.${versionNumber % 10_000}`;
}

function hostEngine({ source }: Inspection, version: string): Check {
  const id = 'source-engine';
  const what = `server ${source.instanceId}, which AWS does not manage, runs PostgreSQL ${version}`;
  const { from, to } = SUPPORTED_MAJORS;
  const major = majorOf(version);
  if (major >= from && major <= to) return pass(id, what);
  return block(
    id,
    what,
    `upgrade the source to a major from ${from} to ${to}: an older one does not say whether a slot has lost WAL, and nothing could be proved`,
  );
}

function sourceEngine({ source }: ManagedInspection): Check {
  const id = 'source-engine';
  const what = `instance ${source.instanceId} runs ${source.engine} ${source.engineVersion} and is ${source.status}`;
  const { from, to } = SUPPORTED_MAJORS;
  if (source.engine !== 'postgres')
    return block(id, what, 'name an RDS for PostgreSQL instance; Aurora is not supported');
  const major = majorOf(source.engineVersion);
  if (major < from || major > to) return block(id, what, `upgrade the source to a major from ${from} to ${to}`);
  if (source.status !== 'available') return block(id, what, 'wait until the instance is available');
  return pass(id, what);
}

/** Over connections a move under the same key makes sense: to a newer major. */
function sourceEncryption({ source, target, surroundings, key }: ManagedInspection, { road }: Policy): Check {
  const id = 'source-encryption';
  const { type, keyArn } = source.encryption;
  if (type === 'none') return pass(id, 'the source is not encrypted');
  const wanted = target.instance?.engineVersion ?? surroundings.target.engineVersion;
  if (keyArn === key.arn && road === 'copy' && majorOf(wanted) > majorOf(source.engineVersion)) {
    return pass(id, `the source is encrypted with ${key.arn} already, and moves to a newer major under it`);
  }
  if (keyArn === key.arn) {
    return block(
      id,
      `the source is already encrypted with ${key.arn}`,
      'there is nothing to do, or configure another key',
    );
  }
  return pass(id, `the source is encrypted (${type}) under ${keyArn ?? 'a key of AWS'} and will be encrypted anew`);
}

function parameterGroup({ source }: ManagedInspection): Check {
  const id = 'parameter-group';
  const off = source.parameterGroups.filter((group) => group.applyStatus !== 'in-sync');
  const what = source.parameterGroups.map(({ name, applyStatus }) => `${name} is ${applyStatus}`);
  if (off.length === 0) return pass(id, listed(what));
  return warn(
    id,
    listed(what),
    'reboot the source in a maintenance window, or expect its settings to change at the next reboot',
  );
}

function keyUsable({ key }: Inspection): Check {
  const id = 'key-usable';
  const what = `key ${key.arn} is ${key.state}, for ${key.usage}, managed by ${key.managedByCustomer ? 'the customer' : 'AWS'}`;
  if (key.state !== 'Enabled')
    return block(id, what, `aws kms enable-key --key-id ${key.arn}, or configure another key`);
  if (key.usage !== 'ENCRYPT_DECRYPT') return block(id, what, 'configure a symmetric key for encryption');
  if (!key.managedByCustomer)
    return block(id, what, 'configure a customer managed key; aws/rds cannot be shared or controlled');
  return pass(id, what);
}

function targetStack({ target }: Inspection): Check {
  const id = 'target-stack';
  const what = `stack ${target.stackName} is ${target.stackStatus}`;
  const kind = classifyStackStatus(target.stackStatus);
  if (kind === 'settled') return pass(id, what);
  if (kind === 'busy') return block(id, what, 'wait until its deployment has ended');
  return block(id, what, 'look at its events, delete it, and deploy it again with seed none');
}

/** The stack bears the migration's id, so an instance of its seed is this migration's; whether it is used, the ledger says. */
function targetSeed({ target }: Inspection, { road }: Policy, migrationId: string): Check {
  const id = 'target-seed';
  const { seed, instance, stackName } = target;
  const what = `stack ${stackName} has seed ${seed} and ${instance === null ? 'no instance' : `instance ${instance.instanceId}`}`;
  const ours =
    road === 'copy'
      ? seed === EMPTY_SEED
      : seed.startsWith('arn:') && seed.endsWith(`:${encryptedSnapshotName(migrationId, 'seed')}`);
  if (ours) return pass(id, `${what}, born by this migration`);
  if (seed !== 'none') {
    return block(
      id,
      what,
      'delete the target instance and its stack, and deploy the stack with seed none: another seed would replace the database',
    );
  }
  if (instance === null) return pass(id, what);
  return block(id, what, 'the instance is foreign: delete or rename it, or use another migration id');
}

/** RDS restores no snapshot into an older version than the one that it was taken of; rows do not mind a minor. */
function targetVersion({ target, surroundings }: Inspection, { road }: Policy, sourceVersion: string): Check {
  const id = 'target-version';
  const version = target.instance?.engineVersion ?? surroundings.target.engineVersion;
  const what = `the source runs ${sourceVersion}, the target ${target.instance === null ? 'is configured for' : 'runs'} ${version}`;
  const [from, to] = [majorOf(sourceVersion), majorOf(version)];
  if (road === 'copy') {
    if (from <= to) return pass(id, what);
    return block(
      id,
      what,
      `configure target.engineVersion with major ${from} or a newer one, and deploy the stacks anew`,
    );
  }
  if (from !== to) {
    const newer = from < to ? ', or road: copy, which moves to a newer one' : '';
    return block(
      id,
      what,
      `configure the major version of the source for the target${newer}, and deploy the target stack anew`,
    );
  }
  if (target.instance === null && minorOf(version) < minorOf(sourceVersion)) {
    return block(id, what, `configure target.engineVersion: ${sourceVersion}, or a newer minor`);
  }
  return pass(id, what);
}

function recordPointsToSource({ record, source }: Inspection, policy: Policy): Check {
  const id = 'record-points-to-source';
  const remedy = switchRemedy(record, source.instanceId, policy.recordTtlSeconds);
  const what = describeSwitch(record);
  if (record.pointsTo !== 'source') return block(id, what, remedy);
  if ((record.ttlSeconds ?? 0) > policy.recordTtlSeconds) {
    return warn(
      id,
      what,
      `lower the time to live to ${policy.recordTtlSeconds} s: clients keep the old address that long after the switch`,
    );
  }
  return pass(id, what);
}

/** The number before the first point. */
export function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}

/** The number behind the first point; 0 without one. */
function minorOf(version: string): number {
  return Number.parseInt(version.split('.')[1] ?? '0', 10);
}
