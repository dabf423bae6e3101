/**
 * Prunes queued pieces until the time budget ends. What a piece removes and its `done` mark commit in the transaction that
 * claimed it, in the database of the rows: a killed worker leaves its piece whole, a doubled one finds it done.
 */
import * as z from 'zod';
import type { Input, Output } from '../contract/payloads';
import { Blocked, NotReady } from '../errors';
import { assertCurrent, holdExpected, readLedger } from '../platform/ledger';
import { claimedCall, databases, serverFacts } from '../platform/payload';
import { BEFORE_SEEDING } from '../platform/phases';
import type { Server, Session } from '../platform/postgres';
import { connectionLost } from '../platform/postgres-error';
import { type ClaimedItem, claimItem, countAttempt, countQueue, finishItem } from '../platform/queue';
import { Throttle } from '../platform/throttle';
import type { World } from '../platform/world';
import { type Model, nameOf, relation } from './model';
import { pruneItem } from './piece';
import { modelOf, type PruneFacts, readFacts } from './plan-facts';
import { type PruneItem, pruneQueue } from './queue';
import { readStructure } from './read-model';
import { failOnHiddenRows } from './sql/batch';

/** Input of `prune-rows`. */
export const rowsInput = claimedCall.extend({
  source: serverFacts,
  databases,
  worker: z.number().int().nonnegative(),
});

/** A worker takes no piece this long before the Lambda ends: two statements of a piece can still run out of time. */
const RESERVE_MS = 90_000;

/** Short, so that no row stays locked for long; a piece that needs longer is put aside and tried again. */
const TIMEOUTS = { statementMs: 30_000, lockMs: 2_000 };

/** Pause before looking again for a piece that another worker holds, or whose rows an application holds. */
const OTHERS_MS = 200;

/** Opens the source and prunes. */
export async function pruneRows(input: Input<'prune-rows'>, world: World): Promise<Output<'prune-rows'>> {
  return pruneRowsOn(await world.openSource(input.source), input.databases, input.worker, world);
}

/**
 * Prunes until no piece is open or the time is over, database after database and stage after stage, and says what is left. Throws
 * `Blocked` naming a table whose rows cannot be removed, after the other pieces of its stage.
 */
export async function pruneRowsOn(
  source: Server<'source'>,
  names: readonly string[],
  worker: number,
  world: World,
): Promise<Output<'prune-rows'>> {
  await assertCurrent(await source.home(), world.expect(...BEFORE_SEEDING));
  const totals = { left: 0, done: 0, rows: 0 };
  let throttle: Throttle | null = null;
  for (const name of names) {
    const session = await source.another(name, TIMEOUTS);
    const facts = readFacts(await readLedger(session, world.migrationId), world.epoch);
    if (facts !== null) {
      throttle ??= await Throttle.start(source, facts.calmPulseMs);
      const work = new DatabaseWork(session, facts, throttle, world);
      await work.begin();
      for (const stage of facts.stages.keys()) {
        // What is pointed at waits for what points at it, whoever works that off.
        totals.left += await work.workOff(stage);
        if (totals.left > 0) break;
      }
      totals.done += work.done;
      totals.rows += work.rows;
    }
    await session.close();
    if (totals.left > 0) break;
  }
  await throttle?.stop();
  world.log.fact('pieces pruned', { worker, ...totals });
  world.metrics.measured({ RowsPruned: totals.rows });
  return totals;
}

interface Failure {
  readonly item: ClaimedItem<PruneItem>;
  readonly error: Error;
}

type Outcome = 'done' | 'none' | 'aside' | 'failed';

/** One worker in one database. */
class DatabaseWork {
  done = 0;
  rows = 0;
  private model: Model | null = null;
  private readonly failed: Failure[] = [];
  private readonly aside = new Set<string>();

  constructor(
    private readonly session: Session,
    private readonly facts: PruneFacts,
    private readonly throttle: Throttle,
    private readonly world: World,
  ) {}

  /** Reads the catalogue as it is now. */
  async begin(): Promise<void> {
    await this.session.query(failOnHiddenRows);
    this.model = modelOf(await readStructure(this.session, this.facts.entries), this.facts.entries);
  }

  /** Works a stage off and returns how many of its pieces are left. */
  async workOff(stage: number): Promise<number> {
    const queue = pruneQueue(stage);
    // Every turn finishes a piece, puts one aside, or waits for another worker's; the time budget bounds it.
    while (this.world.remainingMs() > RESERVE_MS) {
      const outcome = await this.next(queue, stage);
      if (outcome === 'none') {
        if ((await this.open(queue)) <= this.failed.length) break;
        this.aside.clear();
        await new Promise((resolve) => setTimeout(resolve, OTHERS_MS));
      } else await this.throttle.rest(this.session);
    }
    const [first] = this.failed;
    if (first !== undefined) throw this.failureOf(first);
    return this.open(queue);
  }

  private async open(queue: string): Promise<number> {
    return (await this.session.one<{ open: number }>(countQueue(queue))).open;
  }

  private async next(queue: string, stage: number): Promise<Outcome> {
    let item = null as ClaimedItem<PruneItem> | null;
    const without = [...this.failed.map((failure) => failure.item.item), ...this.aside];
    try {
      return await this.session.transaction(async () => {
        await holdExpected(this.session, this.world.expect(...BEFORE_SEEDING));
        item = await claimItem<PruneItem>(this.session, queue, without);
        if (item === null) return 'none';
        await this.work(queue, stage, item);
        return 'done';
      });
    } catch (error) {
      if (item === null || !(error instanceof Error) || connectionLost(error)) throw error;
      await this.session.execute(countAttempt(queue, item.item));
      // A lock that an application keeps, a deadlock, a slow statement: another time.
      if (error instanceof NotReady) {
        this.aside.add(item.item);
        return 'aside';
      }
      this.failed.push({ item, error });
      return 'failed';
    }
  }

  private async work(queue: string, stage: number, item: ClaimedItem<PruneItem>): Promise<void> {
    const startedAt = Date.now();
    const retention = [...(this.model?.retentions.values() ?? [])][this.facts.stages[stage]?.entry ?? -1];
    if (this.model === null || retention === undefined) throw new Error(`stage ${stage} has no entry`);
    const removed = await pruneItem(this.session, this.model, retention, item.payload);
    await this.session.execute(finishItem(queue, item.item, { ...removed, ms: Date.now() - startedAt }));
    this.done += 1;
    this.rows += removed.leaves.reduce((sum, { rows }) => sum + rows, 0);
  }

  private failureOf({ item: { payload }, error }: Failure): Blocked {
    const { model } = this;
    const table = model?.relations.has(payload.leaf) ? nameOf(relation(model, payload.leaf)) : payload.leaf;
    const database = JSON.stringify(this.session.database);
    return new Blocked(`old rows of table ${table} of database ${database} cannot be removed: ${error.message}`, {
      cause: error,
    });
  }
}
