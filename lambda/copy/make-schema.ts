/** Makes what `plan-schema` queued: tables before the rows come, indexes, constraints and the rest when they are there. */
import * as z from 'zod';
import type { Input, Output } from '../contract/payloads';
import { requireCopySettings } from '../platform/environment';
import { followEverywhere } from '../platform/ledger-follow';
import { bothSides, claimedCall, databases } from '../platform/payload';
import type { World } from '../platform/world';
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
  const expected = world.expect('seeding');
  await followEverywhere(source, target, input.databases, expected);
  const queue = input.part === 'before-rows' ? BEFORE_ROWS : AFTER_ROWS;
  const made: MakeProgress[] = [];
  for (const database of input.databases) {
    made.push(
      await makeItems(
        target,
        { database, queue, parallel: requireCopySettings(world.environment).builds, expected },
        world,
      ),
    );
  }
  const unfinished = made.find(({ left }) => left > 0);
  const left = made.reduce((sum, progress) => sum + progress.left, 0);
  return { left, progress: unfinished?.text ?? made.at(-1)?.text ?? 'nothing to make' };
}
