/** Taking subscriptions off the target: first parted from their slot, so that nothing is dropped on the publisher (facts A11). */
import { joinRoles } from '../platform/memberships';
import type { Server, Session } from '../platform/postgres';
import * as sql from './sql/release';

/** A subscription as the catalogue shows it. */
interface Subscription {
  readonly name: string;
  readonly owner: string;
  readonly enabled: boolean;
  readonly slot: string | null;
}

/** Drops the subscriptions of a database for which `chosen` is true and returns their names; the slots stay. */
export async function dropSubscriptions(
  target: Server<'target'>,
  database: string,
  chosen: (name: string) => boolean,
): Promise<string[]> {
  const session = await target.session(database);
  const found = await session.query<Subscription>(sql.subscriptions);
  const dropped = found.filter((subscription) => chosen(subscription.name));
  if (dropped.length > 0) await own(await target.home(), dropped);
  for (const subscription of dropped) await drop(session, subscription);
  return dropped.map((subscription) => subscription.name);
}

async function own(home: Session, subscriptions: readonly Subscription[]): Promise<void> {
  await home.transaction(() => joinRoles(home, [...new Set(subscriptions.map(({ owner }) => owner))]));
}

async function drop(session: Session, subscription: Subscription): Promise<void> {
  if (subscription.enabled) await session.execute(sql.disableSubscription(subscription.name));
  if (subscription.slot !== null) await session.execute(sql.forgetSlot(subscription.name));
  await session.execute(sql.dropSubscription(subscription.name));
}
