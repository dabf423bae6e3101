/**
 * Takes the stream of any engine off both sides, whatever is there of it: followers first, so that nothing takes a slot again. Every
 * part looks first and can run again; nobody has to know which engine it was.
 */
import { dropDmsLogin } from '../dms-login';
import { type Expectation, guarded } from '../ledger';
import { ledgerExists, mergeFacts } from '../ledger-sql';
import { dmsPrefix, pglogicalSubscription, streamName } from '../names';
import type { Server, Session } from '../postgres';
import { dropPublicationIfPresent } from '../publications';
import { dropSlots, slotPattern } from '../slots';
import { dropSubscriptions } from '../subscriptions';
import { leavePlace } from './pglogical-place';
import * as sql from './pglogical-sql';

/** Takes the follower of a database off the target and returns its name; with `expected`, also all that was made for it there. */
export async function takeDownFollower(
  target: Server<'target'>,
  database: string,
  migrationId: string,
  expected: Expectation | null,
): Promise<string[]> {
  const stream = streamName(migrationId, database);
  const dropped = await dropSubscriptions(target, database, (candidate) => candidate === stream);
  const session = await target.session(database);
  const name = pglogicalSubscription(migrationId, database);
  const { installed } = await session.one<{ installed: boolean }>(sql.extensionFacts);
  if (installed && (await session.query(sql.findSubscription(name))).length > 0) {
    await session.query(sql.dropSubscription(name));
    dropped.push(name);
  }
  await session.query(sql.dropOrigins(slotsOf(migrationId, [database])));
  // None of its sessions holds the slot then.
  if (await dropDmsLogin(session, migrationId)) dropped.push(dmsPrefix(migrationId, database));
  if (expected !== null) await leave(session, expected);
  return dropped;
}

/** Takes the slots of all `databases` off the source, taps included, and returns their names. Throws `NotReady` when one stays in use. */
export async function takeDownSlots(
  source: Server<'source'>,
  databases: readonly string[],
  migrationId: string,
): Promise<string[]> {
  const slots = await dropSlots(source, slotPattern(migrationId));
  if (databases.length > 0) slots.push(...(await dropSlots(source, slotsOf(migrationId, databases))));
  return slots;
}

/** Takes what a database of the source offers off it; its slots are gone before. Without `expected` the publication alone. */
export async function takeDownOffer(
  session: Session<'source'>,
  migrationId: string,
  expected: Expectation | null,
): Promise<void> {
  await session.execute(dropPublicationIfPresent(streamName(migrationId, session.database)));
  if (expected !== null) await leave(session, expected);
}

async function leave(session: Session, expected: Expectation): Promise<void> {
  if (!(await session.one<{ present: boolean }>(ledgerExists)).present) return;
  await leavePlace(session, expected);
  await guarded(session, expected, async ({ facts }) => {
    const carried = [facts.pglogical, facts.dms].some((each) => each !== undefined && each !== null);
    if (carried) await session.execute(mergeFacts(expected.migrationId, { pglogical: null, dms: null }));
  });
}

/** Names of the slots, and of the origins, of pglogical's subscriptions, as a regular expression; the node's name stands between. */
function slotsOf(migrationId: string, databases: readonly string[]): string {
  return `^pgl_.*_(${databases.map((database) => pglogicalSubscription(migrationId, database)).join('|')})$`;
}
