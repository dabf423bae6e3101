/**
 * Plans the verification: opens the tap of every database, waits until the target stands behind it, then queues every range of
 * every table. Planning again within one epoch changes nothing while its tap can still be read.
 */
import * as z from 'zod';
import type { Input, Output } from '../contract';
import { Blocked } from '../errors';
import { guarded, readLedger } from '../platform/ledger';
import { mergeFacts } from '../platform/ledger-sql';
import { bothSides, claimedCall, databases } from '../platform/payload';
import type { Server } from '../platform/postgres';
import { endPredecessors } from '../platform/predecessors';
import type { World } from '../platform/world';
import { passBarrier, raiseBarrier } from '../proof/barrier';
import { dropTap, openTap, tapIsOpen } from '../proof/change-tap';
import { beginPendingKeys } from '../proof/pending-keys';
import { pinSettings } from '../proof/row-hash';
import { listTables } from '../proof/tables';
import { countQueue, emptyQueue, enqueue, type WorkItem } from './queue';
import { cutTable } from './ranges';

/** Input of `plan-verification`. */
export const planInput = claimedCall.extend({ ...bothSides, databases });

/** Longest wait for the target to pass the tap's beginning. */
const BARRIER_MS = 120_000;

/** What the ledger keeps of a plan: complete only when everything was queued. */
const planFacts = z.object({ verification: z.object({ epoch: z.string(), bytes: z.number() }) });

/** Plans the verification of every database and returns how much there is to do and the workers' numbers. */
export async function plan(input: Input<'plan-verification'>, world: World): Promise<Output<'plan-verification'>> {
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  await Promise.all([
    endPredecessors(await source.home(), world.migrationId, world.step),
    endPredecessors(await target.home(), world.migrationId, world.step),
  ]);
  const home = await target.home();
  const workers = Array.from({ length: world.environment.policy.verifyWorkers }, (_, index) => index);
  const known = await plannedBefore(world, source, target, input.databases);
  if (known !== null) return { ...known, workers };

  const expected = world.expect('replicating', 'verified');
  await guarded(home, expected, () => home.execute(emptyQueue));
  const planned = await Promise.all(input.databases.map((database) => planDatabase(world, source, target, database)));
  const items = planned.flat().sort((left, right) => right.table.bytes - left.table.bytes);
  const bytes = items.reduce((sum, item) => sum + (item.range.from === null ? item.table.bytes : 0), 0);
  await guarded(home, expected, async () => {
    await home.execute(emptyQueue);
    await home.execute(enqueue(items));
    await home.execute(mergeFacts(world.migrationId, { verification: { epoch: world.epoch, bytes } }));
  });
  world.log.fact('verification planned', { items: items.length, bytes });
  return { items: items.length, bytes, workers };
}

/** The plan of this epoch, when it is complete and every tap can still be read. */
async function plannedBefore(
  world: World,
  source: Server<'source'>,
  target: Server<'target'>,
  names: readonly string[],
): Promise<{ items: number; bytes: number } | null> {
  const home = await target.home();
  const ledger = await readLedger(home, world.migrationId);
  const parsed = planFacts.safeParse(ledger?.facts);
  if (!parsed.success || parsed.data.verification.epoch !== world.epoch) return null;
  const open = await Promise.all(names.map(async (name) => tapIsOpen(await source.session(name), world.migrationId)));
  if (open.includes(false)) return null;
  const { items } = await home.one<{ items: number }>(countQueue);
  return { items, bytes: parsed.data.verification.bytes };
}

async function planDatabase(
  world: World,
  sourceServer: Server<'source'>,
  targetServer: Server<'target'>,
  database: string,
): Promise<WorkItem[]> {
  const [source, target] = await Promise.all([sourceServer.session(database), targetServer.session(database)]);
  await Promise.all([pinSettings(source), pinSettings(target)]);
  // A tap of an earlier comparison lists keys since then: begin anew.
  await dropTap(source, world.migrationId);
  await openTap(source, world.migrationId);
  const marker = { kind: 'verify', epoch: world.epoch, execution: world.call.execution };
  await passBarrier(target, await raiseBarrier(source, marker), BARRIER_MS);
  await beginPendingKeys(target);
  const tables = await listTables(source);
  if (tables.length === 0) {
    throw new Blocked(
      `database ${JSON.stringify(database)} has no table to compare, leave it out by policy.excludeDatabases`,
    );
  }
  const items: WorkItem[] = [];
  for (const table of tables) {
    for (const range of await cutTable(source, table)) items.push({ database, table, range });
  }
  return items;
}
