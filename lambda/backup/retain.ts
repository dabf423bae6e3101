/** Removes what retention lets go, and says for each backup why it stays or goes. */
import { NotReady } from '../errors';
import { deleteSnapshot, listManualSnapshots } from '../platform/backup-snapshots';
import { findSnapshot, MIGRATION_TAG } from '../platform/rds';
import type { World } from '../platform/world';
import { BACKUP_TAGS, keptBackup } from './request';
import { judgeRetention, type Retention, type RetentionVerdict } from './retention';

/** What is asked of a retention. */
export interface RetainRequest {
  readonly retention: Retention;
  /** Execution that needs it, by the id of the snapshot. */
  readonly neededBy: ReadonlyMap<string, string>;
  /** Further keys under which a backup is good, such as the one before the present. @default none */
  readonly formerKeyArns?: readonly string[];
  /** Only says what would go. @default false */
  readonly dryRun?: boolean;
}

/** A verdict, and what became of it. */
export interface Retained extends RetentionVerdict {
  /** False when it stays, when it was gone already, and when it could not be deleted now. */
  readonly removed: boolean;
}

/**
 * Judges this migration's backups and deletes what goes. One that cannot be deleted now stays until the next time. Throws, before
 * anything is deleted, when the list is not whole. `now` in milliseconds since 1970.
 */
export async function retainBackups(request: RetainRequest, world: World, now: number): Promise<readonly Retained[]> {
  const { retention, neededBy, formerKeyArns = [], dryRun = false } = request;
  const keyArns = new Set([world.environment.keyArn, ...formerKeyArns]);
  const ours = (await listManualSnapshots()).filter(({ tags }) => tags[MIGRATION_TAG] === world.migrationId);
  const backups = ours.flatMap((snapshot) => keptBackup(snapshot, keyArns, neededBy) ?? []);
  const retained: Retained[] = [];
  for (const verdict of judgeRetention(backups, retention, now)) {
    const removed = !verdict.stays && !dryRun && (await remove(verdict, world));
    retained.push({ ...verdict, removed });
  }
  return retained;
}

async function remove({ snapshotId, reason }: RetentionVerdict, world: World): Promise<boolean> {
  try {
    // A hold that was set while the others were judged and deleted.
    const held = (await findSnapshot(snapshotId))?.tags[BACKUP_TAGS.legalHold];
    if (held !== undefined) return false;
    const removed = await deleteSnapshot(snapshotId);
    if (removed) world.log.fact('backup removed', { snapshot: snapshotId, reason });
    return removed;
  } catch (error) {
    if (!(error instanceof NotReady)) throw error;
    world.log.warning('backup not removed', { snapshot: snapshotId });
    return false;
  }
}
