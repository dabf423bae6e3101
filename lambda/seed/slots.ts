/** Taking our slots off a server, with whoever still reads from them. */
import { NotReady } from '../errors';
import { postgresPrefix } from '../platform/names';
import type { Server } from '../platform/postgres';
import { sqlStateOf } from '../platform/postgres-error';
import { dropSlot } from './sql/prepare';
import * as sql from './sql/release';

/** How long a reader that was told to end may take: a walsender looks up within a second. */
const END_MS = 10_000;
const ASK_MS = 100;

/** Names of stream and tap slots of a migration, as a regular expression; see `streamName` and `tapName`. */
export function slotPattern(migrationId: string): string {
  return `^${postgresPrefix(migrationId)}_(tap_)?[0-9a-f]{8}$`;
}

interface Slot {
  readonly name: string;
  readonly database: string | null;
  readonly activePid: number | null;
}

/** Drops every logical slot whose name matches and returns their names. Throws `NotReady` when one stays in use. */
export async function dropSlots(server: Server, pattern: string): Promise<string[]> {
  const home = await server.home();
  const found = await home.query<Slot>(sql.slotsNamed(pattern));
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
  const [slot] = await home.query<Slot>(sql.slotsNamed(`^${name}$`));
  if (slot === undefined) return true;
  if (slot.activePid !== null) {
    await home.query(sql.terminate(slot.activePid));
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
