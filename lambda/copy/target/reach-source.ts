/**
 * Whether the target reaches a source that AWS does not manage, tried before anything is made: the target itself connects, as the
 * role and to the databases that it will follow, through whatever firewall and pg_hba.conf stand between. An instance is reached by
 * security groups, which the stacks open.
 */
import type { Endpoint } from '../../contract/instance';
import { Blocked, NotReady } from '../../errors';
import { connectionFor, makeSubscription } from '../../platform/make-subscription';
import { streamName } from '../../platform/names';
import type { Credentials, Server, Session } from '../../platform/postgres';
import { PostgresError, sqlStateOf } from '../../platform/postgres-error';
import type { World } from '../../platform/world';
import * as sql from './sql/databases';

/** The publisher answered, and named tables that are not there yet: a schema, a relation. */
const ANSWERED = ['3F000', '42P01'];

/** Before 15 a publisher that does not answer is an internal error to PostgreSQL. */
const NO_ANSWER_BEFORE_15 = 'XX000';

/** Thrown through a transaction, so that nothing of it stays. */
class Undone extends Error {
  override readonly name = 'Undone';
}

/** How the source is reached. */
export interface WayToSource {
  readonly endpoint: Endpoint;
  /** Of the replication role. */
  readonly credentials: Credentials;
  /** Major of the source. */
  readonly major: number;
}

/** Lets the target connect for each database, and takes it back. Throws `Blocked` with the line of pg_hba.conf that would let it in. */
export async function assertTargetReachesSource(
  target: Server<'target'>,
  names: readonly string[],
  way: WayToSource,
  world: World,
): Promise<void> {
  const home = await target.home();
  for (const name of names) {
    try {
      await subscribeForNow(home, name, way, world);
    } catch (error) {
      throw await explained(error, home, name, way);
    }
  }
  world.log.fact('source reached from the target', { databases: names.length });
}

/** A subscription asks the publisher when it is made; this one is rolled back at once. */
async function subscribeForNow(
  home: Session<'target'>,
  database: string,
  way: WayToSource,
  world: World,
): Promise<void> {
  const name = streamName(world.migrationId, database);
  const { replicationConnection } = world.environment.policy;
  const connection = connectionFor(world, database, way.endpoint, way.credentials, replicationConnection);
  try {
    await home.transaction(async () => {
      await makeSubscription(home, { name, connection, publisherMajor: way.major, localOnly: false });
      throw new Undone();
    });
  } catch (error) {
    if (error instanceof Undone || ANSWERED.includes(sqlStateOf(error) ?? '')) return;
    throw error;
  }
}

async function explained(
  error: unknown,
  home: Session<'target'>,
  database: string,
  { credentials }: WayToSource,
): Promise<unknown> {
  const state = sqlStateOf(error);
  const unanswered = error instanceof NotReady || (error instanceof PostgresError && state === NO_ANSWER_BEFORE_15);
  if (!unanswered) return error;
  const { address } = await home.one<{ address: string | null }>(sql.ownAddress);
  const mask = address?.includes(':') ? 128 : 32;
  const quoted = [database, credentials.username].map((name) => `"${name.replaceAll('"', '""')}"`).join(' ');
  return new Blocked(
    `the target cannot connect to database ${JSON.stringify(database)} of the source as role ${JSON.stringify(credentials.username)} ` +
      `(SQLSTATE ${state ?? 'unknown'}); the log of the source says whether and from where it came: let its firewall admit the target, and put ` +
      `into pg_hba.conf: hostssl ${quoted} ${address ?? "<the target's address>"}/${mask} scram-sha-256; reload it: select pg_reload_conf(); ` +
      'then start again',
    { cause: error },
  );
}
