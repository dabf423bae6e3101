/** Taking our slots off a server, with whoever still reads from them. */
import { NotReady } from '../errors';
import { postgresPrefix } from './names';
import type { Server, Statement } from './postgres';
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

/**
 * Logical slots of the migration, by the exact form of our names: a prefix alone would also find those of a migration whose
 * id begins like ours (fault 68).
 */
function slotsNamed(pattern: string): Statement {
  return {
    text: `select slot_name as name, database, active_pid as "activePid" from pg_replication_slots
      where slot_type = 'logical' and slot_name ~ $1 order by slot_name`,
    values: [pattern],
  };
}

/** Ends the session of a process. */
function terminate(pid: number): Statement {
  return { text: 'select pg_terminate_backend($1)', values: [pid] };
}

/** Drops a slot of ours that nobody uses. */
export function dropSlot(name: string): Statement {
  return { text: 'select pg_drop_replication_slot($1)', values: [name] };
}

interface Slot {
  readonly name: string;
  readonly database: string | null;
  readonly activePid: number | null;
}

/** Drops every logical slot whose name matches and returns their names. Throws `NotReady` when one stays in use. */
export async function dropSlots(server: Server, pattern: string): Promise<string[]> {
  const home = await server.home();
  const found = await home.query<Slot>(slotsNamed(pattern));
  for (const { name } of found) {
    const deadline = Date.now() + END_MS;
    // Ends when the slot is gone or at the deadline; a subscription that still runs takes its slot again, so more than once.
    while (!(await dropped(server, name))) {
      if (Date.now() > deadline)
        throw new NotReady(`slot ${name} stays in use on the ${server.side}, it is tried again`);
      await new Promise((resolve) => setTimeout(resolve, ASK_MS));
    }
  }
  return found.map((slot) => slot.name);
}

async function dropped(server: Server, name: string): Promise<boolean> {
  const home = await server.home();
  const [slot] = await home.query<Slot>(slotsNamed(`^${name}$`));
  if (slot === undefined) return true;
  if (slot.activePid !== null) {
    await home.query(terminate(slot.activePid));
    return false;
  }
  try {
    await home.query(dropSlot(name));
    return true;
  } catch (error) {
    // In use again, or gone meanwhile.
    if (sqlStateOf(error) === '55006' || sqlStateOf(error) === '42704') return false;
    throw error;
  }
}
