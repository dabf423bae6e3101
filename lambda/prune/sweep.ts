/** Rows that an application updated while workers went by lie in blocks that were done: their tables are queued once more. */
import { guarded, readLedger } from '../platform/ledger';
import { mergeFacts } from '../platform/ledger-sql';
import { BEFORE_SEEDING } from '../platform/phases';
import type { Session } from '../platform/postgres';
import { enqueue } from '../platform/queue';
import type { World } from '../platform/world';
import { relation } from './model';
import { cutEntry } from './pieces';
import { modelOf, type PruneFacts, readFacts } from './plan-facts';
import { pruneQueue, stageResults } from './queue';
import { readStructure } from './read-model';
import { countOld } from './sql/count';

/** Times that a table is gone through: what is old after the last one keeps being made old by the application. */
const ROUNDS = 3;

/** What a stage came to, as `stageResults` returns it. */
export interface StageResult {
  readonly stage: number;
  readonly items: number;
  readonly open: number;
  readonly kept: string;
  readonly ms: string;
  readonly partitions: readonly string[];
}

/** Old rows of an entry that stayed in its latest round, because rows that stay point at them. */
export function keptBy(entry: number, facts: Pick<PruneFacts, 'stages'>, results: readonly StageResult[]): number {
  const stage = facts.stages.map((one) => one.entry).lastIndexOf(entry);
  return Number(results.find((one) => one.stage === stage)?.kept ?? 0);
}

/** Queues a further round of every table with old rows that nothing keeps; true when there is one. */
export async function sweepAgain(session: Session, world: World): Promise<boolean> {
  const facts = readFacts(await readLedger(session, world.migrationId), world.epoch);
  if (facts?.before == null) return false;
  const model = modelOf(await readStructure(session, facts.entries), facts.entries);
  const results = await session.query<StageResult>(stageResults);
  const retentions = [...model.retentions.values()];
  const stages: { entry: number; round: number }[] = [];
  const pieces: Awaited<ReturnType<typeof cutEntry>>[] = [];
  for (const [index, entry] of facts.entries.entries()) {
    const [retention, counted] = [retentions[index], facts.before.counts[index]];
    const rounds = facts.stages.filter((stage) => stage.entry === index).length;
    if (retention === undefined || counted === undefined || rounds >= ROUNDS) continue;
    const { old } = await session.one<{ old: string }>(countOld(relation(model, retention.table), retention));
    if (Number(old) <= keptBy(index, facts, results)) continue;
    stages.push({ entry: index, round: rounds });
    pieces.push(await cutEntry(session, model, entry, index, counted));
  }
  if (stages.length === 0) return false;
  await guarded(session, world.expect(...BEFORE_SEEDING), async (row) => {
    const present = readFacts(row, world.epoch);
    // Another call was here first.
    if (present?.stages.length !== facts.stages.length) return;
    for (const [offset, items] of pieces.entries()) {
      await session.execute(enqueue(pruneQueue(facts.stages.length + offset), items));
    }
    const prune = { ...present, stages: [...present.stages, ...stages] };
    await session.execute(mergeFacts(world.migrationId, { prune }));
  });
  return true;
}
