/** What a physical copy brings along and must lose before changes flow (facts A11). */
import type { Log } from '../platform/log';
import { joinRoles } from '../platform/memberships';
import { streamName } from '../platform/names';
import type { Server } from '../platform/postgres';
import { sqlStateOf } from '../platform/postgres-error';
import { dropPublicationIfPresent } from '../platform/publications';
import { removeReplicationRole } from '../platform/replication-role';
import { dropSlots } from '../platform/slots';
import { dropSubscriptions } from '../platform/subscriptions';
import * as sql from './sql/adopt';

/** What was found and removed, by name. */
export interface Inheritance {
  readonly subscriptions: readonly string[];
  readonly slots: readonly string[];
  readonly preparedTransactions: readonly string[];
  readonly roles: readonly string[];
}

/**
 * Removes what would reach back to the original or hold this server up: every subscription (parted from its slot first), every
 * logical slot (it pins WAL for a reader that reads elsewhere), our publications and replication role, every prepared
 * transaction (apply would wait for it for ever). Foreign publications stay: they belong to the database, reach nobody and
 * hold nothing.
 */
export async function clearInherited(
  target: Server<'target'>,
  databases: readonly string[],
  migrationId: string,
  log: Log,
): Promise<Inheritance> {
  const home = await target.home();
  const subscriptions: string[] = [];
  for (const { database } of await home.query<{ database: string }>(sql.databasesWithSubscriptions)) {
    subscriptions.push(...(await dropSubscriptions(target, database, () => true)));
  }
  const slots = await dropSlots(target, '');
  for (const database of databases) {
    const session = await target.session(database);
    await session.execute(dropPublicationIfPresent(streamName(migrationId, database)));
  }
  const preparedTransactions = await rollBackPrepared(target);
  const roles = await removeReplicationRole(home);
  log.fact('inherited objects removed', {
    subscriptions: subscriptions.length,
    slots: slots.length,
    preparedTransactions: preparedTransactions.length,
  });
  return { subscriptions, slots, preparedTransactions, roles };
}

async function rollBackPrepared(target: Server<'target'>): Promise<string[]> {
  const home = await target.home();
  const found = await home.query<{ gid: string; owner: string; database: string; foreign: boolean }>(
    sql.preparedTransactions,
  );
  for (const { gid, owner, database, foreign } of found) {
    if (foreign) await home.transaction(() => joinRoles(home, [owner]));
    const session = await target.another(database);
    try {
      if (foreign) await session.execute(sql.setRole(owner));
      await session.execute(sql.rollbackPrepared(gid));
    } catch (error) {
      // Gone meanwhile: the other call of this step rolled it back.
      if (sqlStateOf(error) !== '42704') throw error;
    } finally {
      await session.close();
    }
  }
  return found.map(({ gid }) => gid);
}
