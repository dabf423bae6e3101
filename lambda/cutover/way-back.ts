/**
 * The way back: the old source follows the target from the flip on, so that the applications can return with every write that
 * was accepted since (decision 14).
 *
 *   before the fence   target: replication role, publication, slot       source: subscription, disabled
 *   in the flip        the target's place in its WAL, kept with the flip
 *   settled            source: origin at that place, subscription enabled
 *
 * Nothing goes round in a circle: what the target got from the source was committed there before that place and is skipped, and
 * the road from the source to the target is gone before the one back is opened. Where both are 16 or newer `origin = none` says the
 * same again.
 */
import { Blocked, NotReady } from '../errors';
import { assertCurrent, type Expectation, guarded } from '../platform/ledger';
import { followHome } from '../platform/ledger-follow';
import { ensureReplicationRole } from '../platform/make-replication-role';
import {
  advanceOrigin,
  assertApplyCapacity,
  connectionFor,
  enableSubscription,
  findSubscription,
  makeSubscription,
  type SubscriptionRow,
} from '../platform/make-subscription';
import { streamName } from '../platform/names';
import type { Server, Session } from '../platform/postgres';
import { createPublication } from '../platform/publications';
import { makeSlot } from '../platform/slots';
import { removeWayBack, type WayBackFacts } from '../platform/way-back';
import type { World } from '../platform/world';
import type { Stage } from './stage';
import type { WayBackPlan } from './way-back-plan';
import * as sql from './way-back-sql';

/** Longest wait for the slot on the target: only transactions of apply run there. */
const SLOT_WAIT_MS = 60_000;

/**
 * Makes both ends of the way back, so that the outage does not pay for it. What an earlier cutover left of it is made anew: a
 * slot must be younger than its publication (facts A3). Throws `Blocked` when the source does not reach the target.
 */
export async function prepareWayBack(stage: Stage): Promise<void> {
  const { world, wayBack, names } = stage;
  if (wayBack === null) return;
  const expected = world.expect('verified');
  await assertApplyCapacity(stage.sourceHome, names.length);
  await removeWayBack(stage, names, world.migrationId);
  await guarded(stage.targetHome, expected, () =>
    ensureReplicationRole(stage.targetHome, world.migrationId, wayBack.credentials, names),
  );
  await Promise.all(names.map((name) => prepareDatabase(stage, wayBack, name)));
  world.log.fact('way back prepared', { databases: names.length, hours: wayBack.windowHours });
}

async function prepareDatabase(stage: Stage, wayBack: WayBackPlan, database: string): Promise<void> {
  const { world, source, target } = stage;
  const name = streamName(world.migrationId, database);
  const [left, right] = await Promise.all([
    source.another(database),
    target.another(database, { statementMs: SLOT_WAIT_MS, lockMs: 5_000 }),
  ]);
  const tables = await left.query<{ schema: string; name: string }>(sql.publishedTables(name));
  await guarded(right, world.expect('verified'), () => right.execute(createPublication(name, tables)));
  await assertCurrent(stage.sourceHome, world.expect('verified'));
  await makeSlot(right, name);
  await subscribeSource(left, right.major, wayBack, world);
  await Promise.all([left.close(), right.close()]);
}

/** The target is asked for its tables, which shows that the road exists before anything is fenced. */
async function subscribeSource(
  session: Session<'source'>,
  publisherMajor: number,
  { target, credentials }: WayBackPlan,
  world: World,
): Promise<void> {
  const { rollback } = world.environment.policy;
  const name = streamName(world.migrationId, session.database);
  const connection = connectionFor(world, session.database, target, credentials, rollback);
  try {
    await guarded(session, world.expect('verified'), () =>
      makeSubscription(session, { name, connection, publisherMajor, localOnly: true }),
    );
  } catch (error) {
    if (!(error instanceof NotReady)) throw error;
    throw new Blocked(
      `the source does not reach the target for database ${JSON.stringify(session.database)}, so that there would be no way ` +
        'back: let its security group out to the port of the target, or set rollback.host and rollback.port, or ' +
        'rollback.windowHours to 0',
      { cause: error },
    );
  }
}

/** What the flip keeps of the way back, read in its transaction; empty without one. */
export async function keepPlace(stage: Stage): Promise<{ readonly wayBack?: WayBackFacts }> {
  if (stage.wayBack === null) return {};
  const { lsn, until } = await stage.targetHome.one<{ lsn: string; until: string }>(
    sql.placeAndEnd(stage.wayBack.windowHours),
  );
  return { wayBack: { lsn, until, databases: [...stage.names] } };
}

/** Lets the source follow the target from the flip on; what runs already is left as it is. The road to the target must be gone. */
export async function openWayBack(
  source: Server<'source'>,
  { lsn, databases }: WayBackFacts,
  expected: Expectation,
  world: World,
): Promise<void> {
  for (const database of databases) {
    const session = await source.session(database);
    await followHome(await source.home(), session, expected);
    const name = streamName(world.migrationId, database);
    await guarded(session, expected, async () => {
      const [found] = await session.query<SubscriptionRow>(findSubscription(name));
      if (found === undefined) {
        throw new Blocked(
          `subscription ${name} of the source is gone since the cutover, there is no way back any more: start Retire early`,
        );
      }
      if (found.enabled) return;
      await session.execute(sql.forgetMarkers);
      await session.query(advanceOrigin(found.oid, lsn));
      await session.execute(enableSubscription(name));
    });
  }
  world.log.fact('way back opened', { databases: databases.length, lsn });
}
