/** Copies queued rows of every database until the time budget ends. */
import * as z from 'zod';
import type { Input, Output } from '../contract/payloads';
import { followEverywhere } from '../platform/ledger-follow';
import { bothSides, claimedCall, databases } from '../platform/payload';
import type { World } from '../platform/world';
import { copyRowsOn } from './rows/work';

/** Input of the step. */
export const copyRowsInput = claimedCall.extend({
  ...bothSides,
  databases,
  worker: z.number().int().nonnegative(),
});

/** Opens both servers and copies; the workers share one queue for each database. */
export async function copyRows(input: Input<'copy-rows'>, world: World): Promise<Output<'copy-rows'>> {
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  await followEverywhere(source, target, input.databases, world.expect('seeding'));
  const { left, done, rows, snapshot } = await copyRowsOn(source, target, input.databases, world);
  return { left, done, rows, snapshot };
}
