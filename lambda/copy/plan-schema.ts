/** Reads the schema of every database with pg_dump and queues it on the target, before anything is made there. */
import type { Input, Output } from '../contract/payloads';
import { requireCopySettings } from '../platform/environment';
import { guarded } from '../platform/ledger';
import { followEverywhere } from '../platform/ledger-follow';
import { streamName } from '../platform/names';
import { bothSides, claimedCall, databases } from '../platform/payload';
import { inheritReplicaIdentities } from '../platform/replica-identity';
import type { World } from '../platform/world';
import type { LeftOut } from './schema/filter';
import { planSchema as planDatabase, queuedSchema, queueSchema } from './schema/plan-schema';

/** Input of the step. */
export const planSchemaInput = claimedCall.extend({ ...bothSides, databases });

/** pg_dump's own memory; 20,000 tables took 0.75 GB. Beside it lies the heap of its thread, and both fit into the function's memory. */
export const DUMP_MEMORY_BYTES = 1_000 * 2 ** 20;

/** What a call needs beside a dump. */
const MARGIN_MS = 60_000;

/** Opens both servers, queues what is not queued yet, and keeps what was left out as evidence. */
export async function planSchema(input: Input<'plan-schema'>, world: World): Promise<Output<'plan-schema'>> {
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  const expected = world.expect('seeding');
  await followEverywhere(source, target, input.databases, expected);
  const planned: { database: string; items: number; leftOut: readonly LeftOut[] }[] = [];
  for (const database of input.databases) {
    const known = await queuedSchema(target, database, expected);
    if (known !== null) {
      planned.push({ database, ...known });
      continue;
    }
    const plan = await planDatabase(source, target, {
      database,
      limits: { timeoutMs: Math.max(1_000, world.remainingMs() - MARGIN_MS), memoryBytes: DUMP_MEMORY_BYTES },
      skipExtensions: requireCopySettings(world.environment).skipExtensions,
      ownPublication: streamName(world.migrationId, database),
    });
    const [from, to] = [await source.session(database), await target.session(database)];
    await guarded(to, expected, () => inheritReplicaIdentities(from, to));
    await queueSchema(target, database, plan, expected);
    planned.push({ database, items: plan.before.length + plan.after.length, leftOut: plan.leftOut });
    world.log.fact('schema planned', { database, leftOut: plan.leftOut.length });
  }
  const report = await world.keepEvidence('schema', { databases: planned });
  const sum = (count: (one: (typeof planned)[number]) => number) => planned.reduce((all, one) => all + count(one), 0);
  const lost = sum(({ leftOut }) => leftOut.filter(({ loss }) => loss === 'lost').length);
  return { items: sum(({ items }) => items), leftOut: lost, report };
}
