/** PostgreSQL's own: publication, pgoutput slot and subscription of one name (facts B). */
import { Blocked } from '../../errors';
import { guarded } from '../ledger';
import {
  advanceOrigin,
  assertApplyCapacity,
  connectionFor,
  enableSubscription,
  findSubscription,
  isOurSubscription,
  makeSubscription,
  type SubscriptionRow,
} from '../make-subscription';
import { streamName } from '../names';
import type { Session, Statement } from '../postgres';
import type { Engine, FollowerState, Following } from './engine';

/** State of a subscription of the target, and its worker. */
function subscriptionState(name: string): Statement {
  return {
    text: `select s.subenabled as enabled, t.pid is not null as working
      from pg_subscription s
      left join pg_stat_subscription t on t.subid = s.oid and t.relid is null
      where s.subname = $1 and s.subdbid = (select oid from pg_database where datname = current_database())
      order by working desc limit 1`,
    values: [name],
  };
}

/** Errors of a subscription's apply worker since it was made, a connection cut while it streamed included; from 15. */
function applyErrors(name: string): Statement {
  return {
    text: 'select apply_error_count::integer as errors from pg_stat_subscription_stats where subname = $1',
    values: [name],
  };
}

/** The engine; its publication is made with the source's, and nothing is made on the target before it follows. */
export const NATIVE: Engine = {
  name: 'native',
  retrySeconds: null,
  holdsSlot: true,
  outputPlugin: 'pgoutput',
  slotOf: (_facts, migrationId, database) => streamName(migrationId, database),
  offer: async () => undefined,
  joins: false,
  join: async () => undefined,
  assertCapacity: assertApplyCapacity,
  followerName: streamName,
  enableCommand: (migrationId, database) => `alter subscription ${streamName(migrationId, database)} enable`,
  follow,
  follows,
  // The launcher starts it by itself within wal_retrieve_retry_interval.
  wake: async () => undefined,
  conclude: async () => undefined,
  state,
};

/** Made, placed and enabled in one transaction with the check of the ledger. */
async function follow(session: Session<'target'>, startLsn: string, following: Following): Promise<boolean> {
  const { world, replication, sourceEndpoint, sourceMajor } = following;
  const name = streamName(world.migrationId, session.database);
  const { replicationConnection } = world.environment.policy;
  const connection = connectionFor(world, session.database, sourceEndpoint, replication, replicationConnection);
  return guarded(session, world.expect('seeding', 'replicating'), async () => {
    const [found] = await session.query<SubscriptionRow>(findSubscription(name));
    if (found !== undefined) {
      if (!isOurSubscription(found, name)) throw foreign(session.database, name, found);
      // Its origin was advanced by the transaction that made it, and stands where apply has come since.
      if (!found.enabled) await session.execute(enableSubscription(name));
      return false;
    }
    const made = await makeSubscription(session, { name, connection, publisherMajor: sourceMajor, localOnly: false });
    await session.query(advanceOrigin(made.oid, startLsn));
    await session.execute(enableSubscription(name));
    return true;
  });
}

function foreign(database: string, name: string, found: SubscriptionRow): Blocked {
  return new Blocked(
    `subscription ${name} of target database ${JSON.stringify(database)} has slot ${found.slot ?? 'none'} and publications ` +
      `${found.publications.join(', ')}, it is not ours, drop it`,
  );
}

async function follows(session: Session<'target'>, migrationId: string): Promise<boolean> {
  const name = streamName(migrationId, session.database);
  const [found] = await session.query<SubscriptionRow>(findSubscription(name));
  return found?.enabled === true && isOurSubscription(found, name);
}

async function state(session: Session<'target'>, migrationId: string): Promise<FollowerState | null> {
  const name = streamName(migrationId, session.database);
  const [found] = await session.query<Omit<FollowerState, 'failures'>>(subscriptionState(name));
  if (found === undefined) return null;
  if (session.major < 15) return { ...found, failures: null };
  const [counted] = await session.query<{ errors: number }>(applyErrors(name));
  return { ...found, failures: counted?.errors ?? 0 };
}
