/** Makes what `plan-schema` queued: tables before the rows come, indexes as they do, constraints and the rest when they are there. */
import * as z from 'zod';
import type { Input, Output } from '../contract/payloads';
import { requireCopySettings } from '../platform/environment';
import { assertCurrent } from '../platform/ledger';
import { followEverywhere } from '../platform/ledger-follow';
import { bothSides, claimedCall, databases } from '../platform/payload';
import type { Server } from '../platform/postgres';
import { snapshotFactsOf } from '../platform/snapshot-facts';
import type { World } from '../platform/world';
import { isHeld } from './rows/hold';
import { COPY_QUEUE } from './rows/queue';
import { AFTER_ROWS, BEFORE_ROWS } from './schema/items';
import { type MakeProgress, makeItems } from './schema/make';

/** Input of the step. */
export const makeSchemaInput = claimedCall.extend({
  ...bothSides,
  databases,
  part: z.enum(['before-rows', 'as-rows-come', 'after-rows']),
});

/** Opens both servers and works at one database after the other until the time budget ends. */
export async function makeSchema(input: Input<'make-schema'>, world: World): Promise<Output<'make-schema'>> {
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  const expected = world.expect('seeding');
  await followEverywhere(source, target, input.databases, expected);
  const queue = input.part === 'before-rows' ? BEFORE_ROWS : AFTER_ROWS;
  const coming = () => everySnapshotHeld(source, input.databases, world);
  const made: MakeProgress[] = [];
  for (const database of input.databases) {
    const progress = await makeItems(
      target,
      {
        database,
        queue,
        parallel: requireCopySettings(world.environment).builds,
        expected,
        ...(input.part === 'as-rows-come' && { rows: { queue: COPY_QUEUE, coming } }),
      },
      world,
    );
    made.push(progress);
    if (progress.rowsEnded) return { left: 0, progress: progress.text };
  }
  const unfinished = made.find(({ left }) => left > 0);
  const left = made.reduce((sum, progress) => sum + progress.left, 0);
  return { left, progress: unfinished?.text ?? made.at(-1)?.text ?? 'nothing to make' };
}

/** Workers end as soon as one snapshot did, so nobody copies the other databases either. */
async function everySnapshotHeld(
  source: Server<'source'>,
  databases: readonly string[],
  world: World,
): Promise<boolean> {
  for (const database of databases) {
    const session = await source.session(database);
    const snapshot = snapshotFactsOf((await assertCurrent(session, world.expect('seeding'))).facts);
    if (snapshot === null || !(await isHeld(session, snapshot, world))) return false;
  }
  return true;
}
