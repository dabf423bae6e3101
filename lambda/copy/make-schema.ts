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
import { makeEarly } from './schema/early';
import { AFTER_ROWS, BEFORE_ROWS } from './schema/items';
import { type MakeProgress, makeItems } from './schema/make';

/** Input of the step. */
export const makeSchemaInput = claimedCall.extend({
  ...bothSides,
  databases,
  part: z.enum(['before-rows', 'as-rows-come', 'after-rows']),
});

/** Opens both servers and works until the time budget ends: at one database after the other, while rows come at all of them. */
export async function makeSchema(input: Input<'make-schema'>, world: World): Promise<Output<'make-schema'>> {
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  const expected = world.expect('seeding');
  await followEverywhere(source, target, input.databases, expected);
  const { builds: parallel } = requireCopySettings(world.environment);
  if (input.part === 'as-rows-come') {
    const coming = () => everySnapshotHeld(source, input.databases, world);
    const { databases } = input;
    const rows = { rowsQueue: COPY_QUEUE, coming };
    const { left, text } = await makeEarly(
      target,
      { databases, queue: AFTER_ROWS, parallel, expected, ...rows },
      world,
    );
    return { left, progress: text };
  }
  const queue = input.part === 'before-rows' ? BEFORE_ROWS : AFTER_ROWS;
  const made: MakeProgress[] = [];
  for (const database of input.databases) {
    made.push(await makeItems(target, { database, queue, parallel, expected }, world));
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
