/** Makes what `plan-schema` queued: tables before the rows come, indexes, constraints and the rest when they are there. */
import * as z from 'zod';
import type { Input, Output } from '../contract/payloads';
import { followHome, followSource } from '../platform/ledger-follow';
import { bothSides, claimedCall, databases } from '../platform/payload';
import type { World } from '../platform/world';
import { copySettings } from './copy-settings';
import { AFTER_ROWS, BEFORE_ROWS } from './schema/items';
import { type MakeProgress, makeItems } from './schema/make';

/** Input of the step. */
export const makeSchemaInput = claimedCall.extend({
  ...bothSides,
  databases,
  part: z.enum(['before-rows', 'after-rows']),
});

/** Opens both servers and works at one database after the other until the time budget ends. */
export async function makeSchema(input: Input<'make-schema'>, world: World): Promise<Output<'make-schema'>> {
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  const [expected, home] = [world.expect('seeding'), await target.home()];
  await followSource(await source.home(), home, expected);
  const queue = input.part === 'before-rows' ? BEFORE_ROWS : AFTER_ROWS;
  const made: MakeProgress[] = [];
  for (const database of input.databases) {
    await followHome(home, await target.session(database), expected);
    made.push(await makeItems(target, { database, queue, parallel: copySettings(world).builds, expected }, world));
  }
  const unfinished = made.find(({ left }) => left > 0);
  const left = made.reduce((sum, progress) => sum + progress.left, 0);
  return { left, progress: unfinished?.text ?? made.at(-1)?.text ?? 'nothing to make' };
}
