/** The way back as every step knows it: what the target's ledger keeps of it, and how both of its ends are taken away. */
import * as z from 'zod';
import type { LedgerRow } from './ledger';
import { streamName } from './names';
import type { Server } from './postgres';
import { dropPublicationIfPresent } from './publications';
import { removeReplicationRole } from './replication-role';
import { dropSlot } from './slots';
import { dropSubscriptions } from './subscriptions';

const wayBackFacts = z.object({
  /** Where the target's WAL stood in the flip: what was committed before came from the source. */
  lsn: z.string(),
  /** End of the window by the target's clock; ISO. */
  until: z.string(),
  databases: z.array(z.string()).min(1),
  /** When somebody was last told that the window has ended, ISO by the target's clock, and the execution that told. */
  told: z.object({ at: z.string(), execution: z.string() }).optional(),
});

/** What the target's ledger keeps of the way back from the flip on. */
export type WayBackFacts = z.infer<typeof wayBackFacts>;

/** The way back in a ledger; null when none was prepared, or when it was taken away. */
export function readWayBack({ facts }: LedgerRow): WayBackFacts | null {
  const found = wayBackFacts.safeParse(facts.wayBack);
  return found.success ? found.data : null;
}

/** What was taken away, by name. */
export interface WayBackRemoved {
  readonly subscriptions: readonly string[];
  readonly slots: readonly string[];
}

/**
 * Takes both ends of the way back away, whatever is there of them: first the subscription on the source, so that nothing takes
 * the slot again; then slot, publication and replication role on the target, which is null when it does not answer.
 */
export async function removeWayBack(
  { source, target }: { readonly source: Server<'source'>; readonly target: Server<'target'> | null },
  databases: readonly string[],
  migrationId: string,
): Promise<WayBackRemoved> {
  const subscriptions: string[] = [];
  const slots: string[] = [];
  for (const database of databases) {
    const name = streamName(migrationId, database);
    subscriptions.push(...(await dropSubscriptions(source, database, (candidate) => candidate === name)));
    if (target === null) continue;
    const session = await target.session(database);
    await dropSlot(session, name);
    await session.execute(dropPublicationIfPresent(name));
    slots.push(name);
  }
  if (target !== null) await removeReplicationRole(await target.home());
  return { subscriptions, slots };
}
