/** Which backup is restored, and what that means. Pure: it is given what is there. */
import { Blocked } from '../errors';
import { type DescribedSnapshot, MIGRATION_TAG } from '../platform/rds';
import { classifySnapshotStatus } from '../platform/rds-status';
import { isSealed } from '../platform/snapshot-provenance';
import type { MapEntry } from './map';
import { BACKUP_TAGS } from './request';

/** How a backup is asked for. `at` is an ISO time: the latest good one that is not younger. */
export type Wanted =
  | { readonly by: 'snapshot'; readonly snapshotId: string }
  | { readonly by: 'application'; readonly applicationId: string }
  | { readonly by: 'time'; readonly at: string }
  | { readonly by: 'latest' };

/** What there is to choose from. */
export interface Choice {
  readonly migrationId: string;
  /** Keys under which a backup is good. */
  readonly keyArns: ReadonlySet<string>;
  /** Manual snapshots of the account. */
  readonly snapshots: readonly DescribedSnapshot[];
  /** What the map says of the application's id; null when it does not know it or none is asked for. */
  readonly mapped: MapEntry | null;
  /** Resource id of the instance that is live now; null when there is none. */
  readonly liveResourceId: string | null;
}

/** The backup that is restored. */
export interface Chosen {
  readonly snapshot: DescribedSnapshot;
  /** What whoever asked must know; sentences. */
  readonly notes: readonly string[];
}

/**
 * Chooses. What is named must be good, else `Blocked` says why it is not; by time and latest, what is not good is passed over and
 * named in the notes.
 */
export function chooseBackup(wanted: Wanted, choice: Choice): Chosen {
  if (wanted.by === 'snapshot') return named(wanted.snapshotId, choice, []);
  if (wanted.by === 'application') return byApplication(wanted.applicationId, choice);
  const at = wanted.by === 'time' ? Date.parse(wanted.at) : Number.POSITIVE_INFINITY;
  if (Number.isNaN(at)) throw new Blocked('the time of a restore is no time, give it as 2026-01-31T12:00:00Z');
  return latest(at, choice);
}

/** The first reason why a snapshot cannot be restored; null when it can. */
export function unfitness(snapshot: DescribedSnapshot, choice: Pick<Choice, 'migrationId' | 'keyArns'>): string | null {
  const { tags, status, encryption } = snapshot;
  const owner = tags[MIGRATION_TAG];
  if (owner !== choice.migrationId) {
    return `belongs to ${owner === undefined ? 'no migration' : `migration ${owner}`}, ${choice.migrationId} was expected`;
  }
  if (tags[BACKUP_TAGS.kind] === undefined) return 'is no backup: it lacks the tag that says what it was made for';
  if (classifySnapshotStatus(status) === 'human') return `is ${status} and cannot be restored`;
  if (classifySnapshotStatus(status) === 'transient') return `is ${status}, ask again when it is available`;
  if ([...choice.keyArns].some((keyArn) => isSealed(encryption, keyArn))) return null;
  return `is encrypted as ${encryption.type} under ${encryption.keyArn ?? 'no key'}, ${[...choice.keyArns].join(' or ')} was expected`;
}

function named(snapshotId: string, choice: Choice, notes: readonly string[]): Chosen {
  const snapshot = choice.snapshots.find(({ id }) => id === snapshotId);
  if (snapshot === undefined) throw new Blocked(`snapshot ${snapshotId} is not there, choose another backup`);
  const reason = unfitness(snapshot, choice);
  if (reason !== null) throw new Blocked(`snapshot ${snapshotId} ${reason}`);
  return { snapshot, notes: [...notes, ...meaningOf(snapshot, choice)] };
}

/** Tags and map must not name different ones; one of both suffices. */
function byApplication(applicationId: string, choice: Choice): Chosen {
  const { mapped, migrationId } = choice;
  const asked = JSON.stringify(applicationId);
  const tagged = choice.snapshots.filter(
    ({ tags }) => tags[MIGRATION_TAG] === migrationId && tags[BACKUP_TAGS.applicationId] === applicationId,
  );
  const ids = new Set([...tagged.map(({ id }) => id), ...(mapped === null ? [] : [mapped.snapshotId])]);
  const [only] = ids;
  if (only === undefined) throw new Blocked(`neither tags nor map know a backup of the application with id ${asked}`);
  if (ids.size > 1) {
    throw new Blocked(
      `the application's id ${asked} names ${[...ids].sort().join(' and ')}, restore one of them by its name`,
    );
  }
  if (tagged.length === 0 && !choice.snapshots.some(({ id }) => id === only)) {
    throw new Blocked(
      `the application's id ${asked} names snapshot ${only} of ${mapped?.takenAt}, which is not there any more`,
    );
  }
  const oneSided = mapped === null ? ['only its tags name it, the map does not know it'] : [];
  return named(only, choice, tagged.length === 0 ? ['only the map names it, its tags were changed'] : oneSided);
}

function latest(at: number, choice: Choice): Chosen {
  const backups = choice.snapshots
    .filter(({ tags }) => tags[MIGRATION_TAG] === choice.migrationId && tags[BACKUP_TAGS.kind] !== undefined)
    .filter(({ createdAt }) => createdAt !== null && Date.parse(createdAt) <= at)
    .sort((left, right) => Date.parse(right.createdAt ?? '') - Date.parse(left.createdAt ?? ''));
  const passed: string[] = [];
  for (const snapshot of backups) {
    const reason = unfitness(snapshot, choice);
    if (reason === null) return { snapshot, notes: [...passed, ...meaningOf(snapshot, choice)] };
    passed.push(`passed over: snapshot ${snapshot.id} of ${snapshot.createdAt} ${reason}`);
  }
  const until = at === Number.POSITIVE_INFINITY ? '' : ` up to ${new Date(at).toISOString()}`;
  throw new Blocked([`there is no good backup${until}`, ...passed].join('; '));
}

/** What a restore of it is, and is not. */
function meaningOf(snapshot: DescribedSnapshot, { liveResourceId }: Choice): string[] {
  const { createdAt, instanceId, instanceResourceId } = snapshot;
  const since = `what was written after ${createdAt ?? 'the snapshot was taken'} is not in it`;
  if (liveResourceId === null || instanceResourceId === liveResourceId) return [since];
  return [
    since,
    `it is of instance ${instanceId} (${instanceResourceId ?? 'unknown'}), not of the one that is live (${liveResourceId}): ` +
      'it was taken before a migration or a switch, and what was moved, pruned or changed since is not undone by it',
    'its restore is a new instance beside the live one, which stays as it is; applications see it when they are switched to it',
  ];
}
