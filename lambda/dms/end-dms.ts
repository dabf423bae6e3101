/** Removes what DMS has of the migration: each call looks at the task of every database and does the next thing. */
import * as z from 'zod';
import type { Input, Output } from '../contract/payloads';
import { claimedCall, databases } from '../platform/payload';
import type { World } from '../platform/world';
import { endTasks } from './task';

/** Input of the step. */
export const endDmsInput = claimedCall.extend({ databases, before: z.iso.datetime() });

/** A database of which nothing is in DMS is no error. */
export async function endDms(input: Input<'end-dms'>, world: World): Promise<Output<'end-dms'>> {
  let left = 0;
  for (const database of input.databases) {
    const { gone } = await endTasks(world.migrationId, database, input.before);
    if (!gone) left += 1;
  }
  world.log.fact('tasks ended', { databases: input.databases.length, left });
  return { left };
}
