/** Checks of what the account has, offers and attaches to the source (facts E2, E20; faults 84, 85). */
import type { Check, Inspection } from '../../contract/assessment';
import type { Policy } from '../../contract/settings';
import { block, listed, pass, warn } from '../check';
import { type ManagedInspection, managedInspection } from '../managed';
import { durationInWords } from '../words';

/** The youngest restorable moment is normally five minutes old; from this age on backups are not well. */
const OLD_BACKUP_SECONDS = 3_600;

/** A snapshot and its encrypted copy: of the seed, of the baseline of a pruning. */
const SNAPSHOTS_OF_ONE = 2;

/** All of them. */
export function accountChecks(inspection: Inspection, policy: Policy): readonly Check[] {
  const managed = managedInspection(inspection);
  return [
    instanceOffered(inspection),
    quotas(inspection, policy),
    ...(managed === null ? [] : attachedChecks(managed)),
  ];
}

function attachedChecks(inspection: ManagedInspection): readonly Check[] {
  return [
    parameterDifferences(inspection),
    readReplicas(inspection),
    iamAuthentication(inspection),
    optionGroup(inspection),
    attachedRoles(inspection),
    recentBackup(inspection),
  ];
}

function instanceOffered({ surroundings: { target, offer } }: Inspection): Check {
  const id = 'instance-offered';
  const what = `${target.instanceClass} with PostgreSQL ${target.engineVersion} on ${target.storageType}`;
  if (offer === null) {
    return block(
      id,
      `RDS does not offer ${what} here`,
      'configure another target.instanceClass, engineVersion or storageType',
    );
  }
  const lacks = [
    ...(offer.encryption ? [] : ['encryption']),
    ...(target.multiAz && !offer.multiAz ? ['a standby in another zone'] : []),
    ...(target.allocatedStorageGib < (offer.minStorageGib ?? 0) ? [`less than ${offer.minStorageGib} GiB`] : []),
    ...(target.allocatedStorageGib > (offer.maxStorageGib ?? Number.MAX_SAFE_INTEGER)
      ? [`more than ${offer.maxStorageGib} GiB`]
      : []),
  ];
  if (lacks.length === 0) return pass(id, `RDS offers ${what}`);
  return block(id, `RDS offers ${what} without ${listed(lacks)}`, 'configure another target.instanceClass or storage');
}

/** A target that exists already is counted in what is used. Only a restore takes at least the source's storage. */
function quotas({ surroundings, target, source }: Inspection, { road, before }: Policy): Check {
  const id = 'quotas';
  const wanted = surroundings.target.allocatedStorageGib;
  const storage = road === 'copy' || source.kind === 'server' ? wanted : Math.max(wanted, source.allocatedStorageGib);
  const takes = road === 'snapshot' || (before.prunedTables > 0 && source.kind !== 'server');
  const needs: Readonly<Record<string, number>> = {
    DBInstances: 1,
    ManualSnapshots: takes ? SNAPSHOTS_OF_ONE : 0,
    AllocatedStorage: storage,
  };
  const judged = surroundings.quotas.map(({ name, used, max }) => {
    const there = target.instance !== null && name !== 'ManualSnapshots';
    return { name, needed: there ? 0 : (needs[name] ?? 0), free: max - used, max };
  });
  const what = judged.map(({ name, needed, free, max }) => `${name}: ${free} of ${max} free, ${needed} needed`);
  const short = judged.filter(({ needed, free }) => free < needed);
  if (short.length === 0) return pass(id, listed(what));
  const names = short.map(({ name }) => name);
  return block(
    id,
    listed(what),
    `raise the quota of ${listed(names)} in Service Quotas, or delete what is no longer needed`,
  );
}

/** The target's group begins with RDS's defaults: what was tuned on the source is not there unless it is configured. */
function parameterDifferences({ surroundings: { parameters, target } }: ManagedInspection): Check {
  const id = 'parameter-differences';
  const lost = parameters.filter(({ source }) => source !== null);
  if (lost.length === 0) return pass(id, `${target.parameterGroup} has what was set on the source`);
  const what = lost.map(({ name, source, target: there }) => `${name} is ${source}, there ${there ?? 'not set'}`);
  const wanted = Object.fromEntries(lost.map(({ name, source }) => [name, source]));
  return warn(id, listed(what, 20), `decide on each, and configure target.parameters: ${JSON.stringify(wanted)}`);
}

function readReplicas({ surroundings: { source } }: ManagedInspection): Check {
  const id = 'read-replicas';
  if (source.readReplicas.length === 0) return pass(id, 'the source has no read replica');
  return warn(
    id,
    `read replicas, which keep following the old source: ${listed(source.readReplicas)}`,
    'create replicas of the target after the cutover and point readers there',
  );
}

/** Policies name a resource id, and the target has another one (facts E20). */
function iamAuthentication({ surroundings, source }: ManagedInspection): Check {
  const id = 'iam-authentication';
  if (!surroundings.source.iamAuthentication) return pass(id, 'IAM authentication is off on the source');
  return warn(
    id,
    `IAM authentication is on, and policies for it name ${source.resourceId}`,
    'allow rds-db:connect on the resource id of the target as well, as soon as it exists and before the cutover',
  );
}

function optionGroup({ surroundings: { source } }: ManagedInspection): Check {
  const id = 'option-group';
  const own = source.optionGroups.filter((name) => !name.startsWith('default:'));
  if (own.length === 0) return pass(id, 'the source has no option group of its own');
  return warn(
    id,
    `option groups: ${listed(own)}`,
    'the target gets the default one: attach an option group to it by hand when one is needed',
  );
}

function attachedRoles({ surroundings: { source } }: ManagedInspection): Check {
  const id = 'attached-roles';
  if (source.attachedRoles.length === 0) return pass(id, 'no IAM role is attached to the source');
  return warn(
    id,
    `IAM roles are attached for ${listed(source.attachedRoles)}`,
    'attach them to the target before the cutover: aws rds add-role-to-db-instance',
  );
}

/** AWS's clocks on both sides: the moment of the inspection and that of the backup. */
function recentBackup({ surroundings: { source, inspectedAt } }: ManagedInspection): Check {
  const id = 'recent-backup';
  if (source.latestRestorableTime === null) {
    return warn(
      id,
      'the source has no automated backup',
      'set a backup retention of at least one day, which needs a short outage, or take a snapshot first',
    );
  }
  const ageSeconds = (Date.parse(inspectedAt) - Date.parse(source.latestRestorableTime)) / 1000;
  const what = `the source can be restored to ${source.latestRestorableTime}, ${durationInWords(Math.max(0, ageSeconds))} before this look`;
  if (ageSeconds <= OLD_BACKUP_SECONDS) return pass(id, what);
  return warn(id, what, 'look why automated backups lag, or take a snapshot first');
}
