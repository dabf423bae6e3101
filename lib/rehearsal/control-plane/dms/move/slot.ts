import { randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import { lsnNumber } from '../positions';
import { TaskFailure } from './failure';
import type { RunWorld } from './run-world';

interface SlotRow {
  readonly plugin: string;
  readonly confirmed: string | null;
  readonly type: string;
}

/** A slot that a task reads. */
export interface ReadySlot {
  readonly name: string;
  /** Nothing before this position can be read from it. */
  readonly confirmedLsn: string;
}

/**
 * Finds or makes the slot of a run. A fresh start makes the task's own slot anew, and the endpoint's as well when the task ran
 * before: what was written in between is gone, as with DMS's *restart*. A resumed one takes the slot as it stands.
 *
 * @throws TaskFailure when the endpoint's slot is missing or decodes otherwise, or when a resumed task's own is gone
 */
export async function readySlot(
  client: Client,
  world: RunWorld,
  start: 'first' | 'restart' | 'resume',
): Promise<ReadySlot> {
  const { task } = world;
  const given = task.source.settings.slotName;
  const name = given ?? (start === 'resume' ? task.ownSlot : null);
  if (given !== null && start !== 'restart') return existing(client, given);
  if (start === 'resume') {
    if (name === null) throw new TaskFailure('the task has no replication slot to resume from');
    return existing(client, name);
  }
  await dropSlot(client, given ?? task.ownSlot);
  const fresh = given ?? `dms_${randomBytes(8).toString('hex')}_${randomBytes(16).toString('hex')}`;
  const { rows } = await client.query<{ lsn: string }>(
    "select lsn::text from pg_catalog.pg_create_logical_replication_slot($1, 'test_decoding')",
    [fresh],
  );
  if (given === null) task.ownSlot = fresh;
  return { name: fresh, confirmedLsn: rows[0]?.lsn ?? '0/0' };
}

/** Drops a slot; one that is not there is no error. */
export async function dropSlot(client: Client, name: string | null): Promise<void> {
  if (name === null) return;
  await client.query(
    'select pg_catalog.pg_drop_replication_slot(slot_name) from pg_catalog.pg_replication_slots where slot_name = $1',
    [name],
  );
}

/**
 * Where reading begins: behind what the target has, or at the position that the task was given.
 *
 * @throws TaskFailure for a position that the slot can no longer give, and for a slot of the endpoint's without a position
 */
export function startLsn(world: RunWorld, slot: ReadySlot, resumed: boolean): string {
  const { task } = world;
  const wanted = resumed ? (task.checkpoint ?? task.cdcStartPosition) : task.cdcStartPosition;
  if (wanted === null) {
    if (task.type === 'cdc' && task.source.settings.slotName !== null)
      throw new TaskFailure(`slot ${slot.name} is given, but the task has no CdcStartPosition`);
    return slot.confirmedLsn;
  }
  if (!resumed && lsnNumber(wanted) < lsnNumber(slot.confirmedLsn)) {
    throw new TaskFailure(
      `CdcStartPosition ${wanted} is older than the confirmed position ${slot.confirmedLsn} of slot ${slot.name}`,
    );
  }
  return wanted;
}

async function existing(client: Client, name: string): Promise<ReadySlot> {
  const { rows } = await client.query<SlotRow>(
    `select coalesce(plugin::text, '') as plugin, confirmed_flush_lsn::text as confirmed, slot_type as type
       from pg_catalog.pg_replication_slots
      where slot_name = $1 and (database is null or database = current_database())`,
    [name],
  );
  const [row] = rows;
  if (!row) throw new TaskFailure(`replication slot ${name} does not exist in this database`);
  if (row.type !== 'logical' || row.plugin !== 'test_decoding')
    throw new TaskFailure(`replication slot ${name} has plugin ${row.plugin}, it must be test_decoding`);
  return { name, confirmedLsn: row.confirmed ?? '0/0' };
}
