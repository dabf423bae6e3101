/** Taking our slots off a server, with whoever still reads from them. */
import { NotReady } from '../errors';
import { postgresPrefix } from './names';
import type { Server, Session, Statement } from './postgres';
import { sqlStateOf } from './postgres-error';

/** How long a reader that was told to end may take: a walsender looks up within a second. */
const END_MS = 10_000;
const ASK_MS = 100;

/** Names of stream and tap slots of a migration, as a regular expression; see `streamName` and `tapName`. */
export function slotPattern(migrationId: string): string {
  return `^${postgresPrefix(migrationId)}_(tap_)?[0-9a-f]{8}$`;
}

/** Names of tap slots alone; see `tapName`. */
export function tapPattern(migrationId: string): string {
  return `^${postgresPrefix(migrationId)}_tap_[0-9a-f]{8}$`;
}

/** A logical slot. */
export interface Slot {
  readonly name: string;
  /** Process that reads from it; null when nobody does. */
  readonly activePid: number | null;
  /** `lost` can never be read again (facts B10). */
  readonly walStatus: string;
}

/** `wal_status` came with 13; JSON hides what a version lacks. */
const COLUMNS = `s.slot_name as name, s.active_pid as "activePid",
  coalesce(to_jsonb(s) ->> 'wal_status', 'reserved') as "walStatus"`;

/**
 * Logical slots of the migration, by the exact form of our names: a prefix alone would also find those of a migration whose
 * id begins like ours (fault 68).
 */
function slotsNamed(pattern: string): Statement {
  return {
    text: `select ${COLUMNS} from pg_replication_slots s where s.slot_type = 'logical' and slot_name ~ $1 order by slot_name`,
    values: [pattern],
  };
}

function slotNamed(name: string): Statement {
  return {
    text: `select ${COLUMNS} from pg_replication_slots s where s.slot_type = 'logical' and slot_name = $1`,
    values: [name],
  };
}

/** Our slots that the subscriptions of the session's database read from; the names of others' are none of our business. */
export const slotsFollowed: Statement = {
  text: `select subslotname::text as name from pg_subscription
    where subdbid = (select oid from pg_database where datname = current_database()) and subslotname ~ '^sealift_'`,
};

/** A slot by its name; null when there is none. */
export async function findSlot(session: Session, name: string): Promise<Slot | null> {
  const [slot] = await session.query<Slot>(slotNamed(name));
  return slot ?? null;
}

/**
 * Ends whoever reads from a slot, and answers the slot that nobody reads from; null when there is none. Throws `NotReady` when
 * it stays in use: a subscription that still runs takes its slot again.
 */
export async function freeSlot(session: Session, name: string): Promise<Slot | null> {
  const deadline = Date.now() + END_MS;
  for (;;) {
    const slot = await findSlot(session, name);
    if (slot === null || slot.activePid === null) return slot;
    if (Date.now() > deadline) {
      throw new NotReady(`slot ${name} stays in use on the ${session.side}, it is tried again`);
    }
    await session.query({ text: 'select pg_terminate_backend($1)', values: [slot.activePid] });
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}

/** Makes a slot; waits for every transaction that has already written (facts A12). */
function createSlot(name: string, plugin: string): Statement {
  return { text: 'select lsn::text as lsn from pg_create_logical_replication_slot($1, $2)', values: [name, plugin] };
}

/** What keeps a slot from being made: the oldest transaction with an id, running or prepared, and its age in seconds. */
const oldestWriter: Statement = {
  text: `select who, seconds from (
      select format('process %s of user %s, application %s', pid, usename, application_name) as who,
        extract(epoch from clock_timestamp() - xact_start)::bigint::integer as seconds
      from pg_stat_activity where backend_xid is not null and pid <> pg_backend_pid()
      union all
      select format('prepared transaction %s of user %s', gid, owner),
        extract(epoch from clock_timestamp() - prepared)::bigint::integer
      from pg_prepared_xacts) as writers
    order by seconds desc nulls last limit 1`,
};

/** The error of a slot that had to wait too long: names the oldest writer (facts A12). */
export async function waitsForWriters(session: Session, name: string, cause?: unknown): Promise<NotReady> {
  const [writer] = await session.query<{ who: string; seconds: number }>(oldestWriter);
  const why = writer === undefined ? '' : `: ${writer.who} has been open for ${writer.seconds} s`;
  return new NotReady(
    `slot ${name} waits for transactions that were already writing${why}, end it or wait, it is tried again`,
    { cause },
  );
}

/** Makes a logical slot. Throws `NotReady` naming the oldest writer when it has to wait for one too long. */
export async function makeSlot(
  session: Session,
  name: string,
  plugin: 'pgoutput' | 'test_decoding' = 'pgoutput',
): Promise<void> {
  try {
    await session.query(createSlot(name, plugin));
  } catch (error) {
    if (sqlStateOf(error) !== '57014') throw error;
    throw await waitsForWriters(session, name, error);
  }
}

/** Drops a slot, with whoever reads from it; no error when there is none. Throws `NotReady` when it stays in use. */
export async function dropSlot(session: Session, name: string): Promise<void> {
  const deadline = Date.now() + END_MS;
  // Ends when the slot is gone or at the deadline: between the look and the drop somebody may have taken it again.
  while ((await freeSlot(session, name)) !== null) {
    try {
      await session.query({ text: 'select pg_drop_replication_slot($1)', values: [name] });
      return;
    } catch (error) {
      const gone = sqlStateOf(error) === '42704';
      if (gone) return;
      if (sqlStateOf(error) !== '55006' || Date.now() > deadline) throw error;
    }
  }
}

/** Drops every logical slot whose name matches and returns their names. Throws `NotReady` when one stays in use. */
export async function dropSlots(server: Server, pattern: string): Promise<string[]> {
  const home = await server.home();
  const found = await home.query<Slot>(slotsNamed(pattern));
  for (const { name } of found) await dropSlot(home, name);
  return found.map((slot) => slot.name);
}
