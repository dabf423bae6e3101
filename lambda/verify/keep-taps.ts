/** One worker of the verification reads the taps while the others compare, so that hours of changes do not wait for the end. */
import type { Server, Session } from '../platform/postgres';
import type { World } from '../platform/world';
import { ChangeTap } from '../proof/change-tap';
import { keepUntil } from '../proof/keep-tap';
import { listTables } from '../proof/tables';
import { queuedDatabases } from './queue';

/** The worker that also reads the taps; there is always a first. */
export const KEEPER = 0;

/** Taps that are read, each with the session that keeps what it lists. */
export interface OpenTaps {
  /**
   * Reads until `done` settles, then closes. A stream that ends before, as when another call takes it over, is no failure: the
   * slot lists to the next reader what is not kept.
   */
  keepUntil(done: Promise<unknown>): Promise<void>;
}

/** Opens the tap of every database that is in the queue; throws `Blocked` when one is lost: the verification proves nothing. */
export async function openTaps(source: Server<'source'>, target: Server<'target'>, world: World): Promise<OpenTaps> {
  const home = await target.home();
  const names = await home.query<{ database: string }>(queuedDatabases);
  const open = await Promise.all(names.map(({ database }) => openTap(source, target, database, world)));
  return {
    async keepUntil(done) {
      await Promise.all(open.map((each) => keep(each, done, world)));
    },
  };
}

interface OpenTap {
  readonly database: string;
  readonly tap: ChangeTap;
  readonly session: Session<'target'>;
}

async function openTap(
  source: Server<'source'>,
  target: Server<'target'>,
  database: string,
  world: World,
): Promise<OpenTap> {
  const tables = await listTables(await source.session(database));
  const session = await target.another(database);
  return {
    database,
    session,
    tap: await ChangeTap.follow(source, { database, migrationId: world.migrationId, tables }),
  };
}

async function keep({ database, tap, session }: OpenTap, done: Promise<unknown>, world: World): Promise<void> {
  try {
    await keepUntil(tap, session, done);
  } catch (error) {
    const reason = error instanceof Error ? error.name : 'unknown';
    world.log.warning('tap is read no more, the conclusion reads the rest', { database, reason });
  } finally {
    await Promise.all([tap.close(), session.close()]);
  }
}
