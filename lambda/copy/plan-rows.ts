/** Checks the set of tables of every database and queues their rows under the snapshot that is held. */
import type { Input, Output } from '../contract/payloads';
import { requireCopySettings } from '../platform/environment';
import { bothSides, claimedCall, databases } from '../platform/payload';
import type { World } from '../platform/world';
import { type PlannedRows, planRowsOn } from './rows/plan';
import { SnapshotGone } from './rows/snapshot-import';

/** Input of the step. */
export const planRowsInput = claimedCall.extend({ ...bothSides, databases });

/** A snapshot that ended is no failure: another one is held, and the plan starts over. */
const GONE: Output<'plan-rows'> = {
  snapshot: 'gone',
  items: 0,
  tables: 0,
  bytes: 0,
  leftOut: 0,
  workers: [],
  report: null,
};

/** Opens both servers, plans, and keeps what was left out as evidence. */
export async function planRows(input: Input<'plan-rows'>, world: World): Promise<Output<'plan-rows'>> {
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  const planned: ({ database: string } & PlannedRows)[] = [];
  try {
    for (const database of input.databases) {
      planned.push({ database, ...(await planRowsOn(source, target, database, world)) });
    }
  } catch (error) {
    if (error instanceof SnapshotGone) return GONE;
    throw error;
  }
  const report = await world.keepEvidence('rows', { databases: planned });
  const sum = (count: (one: PlannedRows) => number) => planned.reduce((all, one) => all + count(one), 0);
  const items = sum((one) => one.items);
  return {
    snapshot: 'held',
    items,
    tables: sum(({ tables }) => tables),
    bytes: sum(({ bytes }) => bytes),
    leftOut: sum(({ leftOut }) => leftOut.length),
    workers: Array.from(
      { length: Math.max(1, Math.min(requireCopySettings(world.environment).workers, items)) },
      (_, worker) => worker,
    ),
    report,
  };
}
