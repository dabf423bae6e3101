/**
 * Which snapshots stay. A pure rule: whoever deletes asks it with everything that is there, and deletes what it lets go, one by one.
 * It looks for a reason to remove; what it does not understand stays.
 */

/** What a backup was made for; each kind has a retention of its own. */
export const BACKUP_KINDS = ['scheduled', 'on-demand', 'baseline', 'application'] as const;

/** See `BACKUP_KINDS`. */
export type BackupKind = (typeof BACKUP_KINDS)[number];

/** `good`: there and encrypted as wanted. `damaged`: it will never be. `unknown`: anything else, one in the making too. */
export type BackupState = 'good' | 'damaged' | 'unknown';

/** A backup as retention sees it. */
export interface KeptBackup {
  readonly snapshotId: string;
  /** Immutable id of the instance: backups of one instance say nothing about those of another. */
  readonly instanceResourceId: string;
  /** Null when its tags do not say. */
  readonly kind: BackupKind | null;
  readonly state: BackupState;
  /** ISO; null while it has none. */
  readonly takenAt: string | null;
  /** Why it may not be removed; null without a legal hold. */
  readonly legalHold: string | null;
  /** Execution that is not at its end and needs it; null when none does. */
  readonly neededBy: string | null;
  /** True when a restore of it matched its manifest. */
  readonly proven: boolean;
}

/** How long the backups of one kind stay: one stays that either field keeps. */
export interface RetentionRule {
  /** Good ones that stay whatever their age; less than 1 counts as 1. */
  readonly keepLatest: number;
  /** Age in days up to which one stays; null: for ever. */
  readonly keepDays: number | null;
}

/** A rule for each kind. */
export type Retention = Readonly<Record<BackupKind, RetentionRule>>;

/** Why a backup stays or goes. */
export type RetentionReason =
  | 'legal hold'
  | 'needed by a run'
  | 'kind unknown'
  | 'time unknown'
  | 'state unknown'
  | 'among the latest'
  | 'last proven'
  | 'young enough'
  | 'no good one of its kind'
  | 'too old'
  | 'damaged';

/** The answer for one backup. */
export interface RetentionVerdict {
  readonly snapshotId: string;
  readonly stays: boolean;
  readonly reason: RetentionReason;
  /** The reason in words, with the value that decided. */
  readonly detail: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Judges every backup, in the order given. `backups` must be all there are: of an incomplete list the last good one could be missing,
 * so a caller that could not list everything does not ask. `now` in milliseconds since 1970.
 */
export function judgeRetention(
  backups: readonly KeptBackup[],
  retention: Retention,
  now: number,
): readonly RetentionVerdict[] {
  const groups = new Map<string, KeptBackup[]>();
  for (const backup of backups.filter((candidate) => isGood(candidate, now))) {
    const group = groups.get(groupOf(backup)) ?? [];
    groups.set(groupOf(backup), [...group, backup]);
  }
  for (const [name, group] of groups) groups.set(name, group.sort(latestFirst));
  return backups.map((backup) => {
    const verdict = protectedBy(backup, now) ?? byRule(backup, groups.get(groupOf(backup)) ?? [], retention, now);
    return { snapshotId: backup.snapshotId, ...verdict };
  });
}

type Verdict = Omit<RetentionVerdict, 'snapshotId'>;

/** What no rule may remove. */
function protectedBy(backup: KeptBackup, now: number): Verdict | null {
  const { legalHold, neededBy, kind, takenAt, state } = backup;
  if (legalHold !== null) return stays('legal hold', `it is under legal hold: ${legalHold}`);
  if (neededBy !== null) return stays('needed by a run', `execution ${neededBy} is not at its end`);
  if (kind === null) return stays('kind unknown', 'its tags do not say what it was made for');
  if (state === 'unknown') return stays('state unknown', 'whether it is good is not known');
  if (takenAtMs(backup, now) === null) return stays('time unknown', `its time is ${takenAt ?? 'not known'}`);
  return null;
}

/** `good` are the good ones of the same kind and instance, latest first. */
function byRule(backup: KeptBackup, good: readonly KeptBackup[], retention: Retention, now: number): Verdict {
  const { keepLatest, keepDays } = ruleOf(backup, retention);
  if (backup.state === 'damaged') {
    if (good.length > 0) return goes('damaged', 'it can never be restored, and a good one of its kind is there');
    return stays('no good one of its kind', 'it is damaged, and no good one of its kind is there');
  }
  const rank = good.findIndex(({ snapshotId }) => snapshotId === backup.snapshotId) + 1;
  // Written so that a count that is no number keeps it.
  if (!(rank > Math.max(1, keepLatest))) {
    return stays('among the latest', `it is number ${rank} of the latest ${Math.max(1, keepLatest)} good ones`);
  }
  if (good.find(({ proven }) => proven)?.snapshotId === backup.snapshotId) {
    return stays('last proven', 'no later one of its kind was restored and found equal');
  }
  const ageDays = (now - (takenAtMs(backup, now) ?? now)) / DAY_MS;
  if (keepDays === null || !(ageDays > keepDays)) {
    return stays('young enough', `it is ${Math.floor(ageDays)} days old, ${keepDays ?? 'any number'} are kept`);
  }
  return goes(
    'too old',
    `it is ${Math.floor(ageDays)} days old, ${keepDays} are kept, and ${rank - 1} later ones are good`,
  );
}

function ruleOf({ kind }: KeptBackup, retention: Retention): RetentionRule {
  return kind === null ? { keepLatest: Number.POSITIVE_INFINITY, keepDays: null } : retention[kind];
}

function isGood(backup: KeptBackup, now: number): boolean {
  return backup.state === 'good' && backup.kind !== null && takenAtMs(backup, now) !== null;
}

function groupOf({ instanceResourceId, kind }: KeptBackup): string {
  return JSON.stringify([instanceResourceId, kind]);
}

/** Null when unknown; a time that is still to come is no time: it would be the latest for ever. */
function takenAtMs({ takenAt }: KeptBackup, now: number): number | null {
  const at = takenAt === null ? Number.NaN : Date.parse(takenAt);
  return at <= now ? at : null;
}

/** Of two of the same moment the name decides, so that the answer does not depend on the order of the list. */
function latestFirst(left: KeptBackup, right: KeptBackup): number {
  const apart = Date.parse(right.takenAt ?? '') - Date.parse(left.takenAt ?? '');
  return apart !== 0 ? apart : left.snapshotId < right.snapshotId ? 1 : -1;
}

function stays(reason: RetentionReason, detail: string): Verdict {
  return { stays: true, reason, detail };
}

function goes(reason: RetentionReason, detail: string): Verdict {
  return { stays: false, reason, detail };
}
