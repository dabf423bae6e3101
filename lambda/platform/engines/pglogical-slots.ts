/** What a target follows by pglogical, for whoever knows no migration: our subscriptions are told by their names. */
import type { Session } from '../postgres';
import * as sql from './pglogical-sql';

/** Names of the slots that subscriptions of ours in the session's database read from. */
export async function slotsFollowedByPglogical(target: Session<'target'>): Promise<string[]> {
  const { installed } = await target.one<{ installed: boolean }>(sql.extensionFacts);
  if (!installed) return [];
  return (await target.query<{ slot: string }>(sql.ownSlots)).map(({ slot }) => slot);
}

/** True when the session's database is followed by a pglogical subscription of ours. */
export async function followsByPglogical(target: Session<'target'>): Promise<boolean> {
  return (await slotsFollowedByPglogical(target)).length > 0;
}
