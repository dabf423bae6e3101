/** Checks of what keeps and what takes away a slot that waits. */
import type { Check, Prediction } from '../../contract/assessment';
import type { Policy } from '../../contract/settings';
import { pass, warn } from '../check';
import { inPostgresqlConf, type SourceKind } from '../remedies';
import type { ServerSurvey } from '../survey';
import { bytesInWords } from '../words';

/** What the checks need to know beside the survey. */
export interface SlotContext {
  readonly kind: SourceKind;
  readonly policy: Policy;
  readonly prediction: Prediction;
}

/** All of them. */
export function slotChecks(survey: ServerSurvey, context: SlotContext): readonly Check[] {
  return [slotRetention(survey, context), idleSlots(survey, context)];
}

/** A slot that reaches the limit is lost, and the migration with it (facts B10); without a limit the disk fills instead. */
function slotRetention({ keepSizeMb }: ServerSurvey, { kind, policy, prediction }: SlotContext): Check {
  const id = 'slot-retention';
  const wantedBytes = Math.max(policy.slotSafeBytes, prediction.walRetainedBytes);
  const wantedMb = Math.ceil(wantedBytes / 1_048_576);
  const line = inPostgresqlConf({ max_slot_wal_keep_size: `${wantedMb}MB` }, 'reload');
  if (Number(keepSizeMb) < 0) {
    const what = 'max_slot_wal_keep_size is -1: a slot retains WAL without limit';
    if (kind === 'server')
      return warn(id, what, `${line}; below the free storage, so that a stalled stream cannot fill the disk`);
    const remedy = `set max_slot_wal_keep_size to at least ${wantedMb} MB and below the free storage, so that a stalled stream cannot fill the disk`;
    return warn(id, what, remedy);
  }
  const predicted = `the slots are predicted to retain ${bytesInWords(prediction.walRetainedBytes)}`;
  const what = `max_slot_wal_keep_size is ${keepSizeMb} MB, ${predicted}`;
  if (Number(keepSizeMb) * 1_048_576 >= wantedBytes) return pass(id, what);
  if (kind === 'server') return warn(id, what, `${line}; or slots are lost while the copy is made`);
  return warn(
    id,
    what,
    `set max_slot_wal_keep_size to at least ${wantedMb} MB, or slots are lost while the copy is made`,
  );
}

/** From 18 on; a slot waits unread while a snapshot is restored or rows are copied (manual, idle_replication_slot_timeout). */
function idleSlots({ idleSlotSeconds }: ServerSurvey, { kind }: SlotContext): Check {
  const id = 'idle-slots';
  if (idleSlotSeconds === null) return pass(id, 'the source takes no slot away because nobody reads it');
  if (idleSlotSeconds === 0) return pass(id, 'idle_replication_slot_timeout is 0');
  const remedy =
    kind === 'server'
      ? inPostgresqlConf({ idle_replication_slot_timeout: 0 }, 'reload')
      : "set idle_replication_slot_timeout to 0 in the source's parameter group";
  return warn(
    id,
    `idle_replication_slot_timeout is ${idleSlotSeconds} s: a slot that waits longer for its reader is lost, and the copy with it`,
    `${remedy}; and set it again after the migration`,
  );
}
