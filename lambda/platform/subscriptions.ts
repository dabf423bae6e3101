/** Taking subscriptions off a server: first parted from their slot, so that nothing is dropped on the publisher (facts A11). */
import { joinRoles } from './memberships';
import type { Server, Session, Statement } from './postgres';
import { ident } from './quote';

/** Subscriptions of the current database, without the column that holds passwords. */
const subscriptions: Statement = {
  text: `select subname as name, pg_get_userbyid(subowner) as owner, subenabled as enabled, subslotname as slot
    from pg_subscription
    where subdbid = (select oid from pg_database where datname = current_database()) order by subname`,
};

/** Stops a subscription's workers. */
function disableSubscription(name: string): Statement {
  return { text: `alter subscription ${ident(name)} disable` };
}

/** Parts a subscription from its slot, so that dropping it leaves the publisher alone. */
function forgetSlot(name: string): Statement {
  return { text: `alter subscription ${ident(name)} set (slot_name = none)` };
}

/** Drops a subscription that has no slot. */
function dropSubscription(name: string): Statement {
  return { text: `drop subscription ${ident(name)}` };
}

/** A subscription as the catalogue shows it. */
interface Subscription {
  readonly name: string;
  readonly owner: string;
  readonly enabled: boolean;
  readonly slot: string | null;
}

/** Drops the subscriptions of a database for which `chosen` is true and returns their names; the slots stay. */
export async function dropSubscriptions(
  server: Server,
  database: string,
  chosen: (name: string) => boolean,
): Promise<string[]> {
  const session = await server.session(database);
  const found = await session.query<Subscription>(subscriptions);
  const dropped = found.filter((subscription) => chosen(subscription.name));
  if (dropped.length > 0) await own(await server.home(), dropped);
  for (const subscription of dropped) await drop(session, subscription);
  return dropped.map((subscription) => subscription.name);
}

async function own(home: Session, subscriptions: readonly Subscription[]): Promise<void> {
  await home.transaction(() => joinRoles(home, [...new Set(subscriptions.map(({ owner }) => owner))]));
}

async function drop(session: Session, subscription: Subscription): Promise<void> {
  if (subscription.enabled) await session.execute(disableSubscription(subscription.name));
  if (subscription.slot !== null) await session.execute(forgetSlot(subscription.name));
  await session.execute(dropSubscription(subscription.name));
}
