/** Everything that a cutover holds open before the fence: connections, taps, tables, and the clock of the outage. */
import type { BothSides, Input } from '../contract';
import { CutoverAborted } from '../errors';
import type { Server, Session } from '../platform/postgres';
import type { World } from '../platform/world';
import { ChangeTap } from '../proof/change-tap';
import type { ChangedKeys } from '../proof/changed-keys';
import type { Pair } from '../proof/compare';
import { readPendingKeys } from '../proof/pending-keys';
import { pinSettings } from '../proof/row-hash';
import type { Settling } from '../proof/settle-keys';
import { listTables, relationOf } from '../proof/tables';

/** One database on both sides. */
export interface DatabaseStage extends Settling {
  readonly name: string;
  readonly pair: Pair;
  /** Keys to be compared under the fence; grows until the gate. */
  readonly pending: ChangedKeys;
}

/** A cutover's world. */
export interface Stage {
  readonly world: World;
  readonly instances: BothSides;
  readonly source: Server<'source'>;
  readonly target: Server<'target'>;
  readonly sourceHome: Session<'source'>;
  readonly targetHome: Session<'target'>;
  readonly databases: DatabaseStage[];
  /** The epoch of the call; the fence makes it the next one on the source, the flip on the target. */
  readonly epoch: string;
  readonly fencedEpoch: string;
}

/** Longest wait of a barrier while writes still flow. */
const BARRIER_MS = 60_000;

/** Opens and warms everything that the outage will need. */
export async function openStage(input: Input<'cutover'>, world: World): Promise<Stage> {
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  const [sourceHome, targetHome] = await Promise.all([source.home(), target.home()]);
  return {
    world,
    instances: { source: input.source, target: input.target },
    source,
    target,
    sourceHome,
    targetHome,
    databases: [],
    epoch: input.epoch,
    fencedEpoch: nextEpoch(input.epoch),
  };
}

/** Opens the sessions and the tap of every database; the keys left by the verification become pending. */
export async function openDatabases(stage: Stage, names: readonly string[]): Promise<void> {
  stage.databases.push(...(await Promise.all(names.map((name) => openDatabase(stage, name)))));
}

async function openDatabase(stage: Stage, name: string): Promise<DatabaseStage> {
  const { world } = stage;
  const [source, target] = await Promise.all([stage.source.session(name), stage.target.session(name)]);
  await Promise.all([pinSettings(source), pinSettings(target)]);
  const tables = await listTables(source);
  const tap = await ChangeTap.follow(stage.source, { database: name, migrationId: world.migrationId, tables });
  return {
    name,
    pair: { source, target },
    tap,
    tables: new Map(tables.map((table) => [relationOf(table), table])),
    marker: { kind: 'cutover', epoch: stage.epoch, execution: world.call.execution },
    barrierMs: BARRIER_MS,
    pending: await readPendingKeys(target),
  };
}

/** The epoch after `epoch`. */
export function nextEpoch(epoch: string): string {
  return String(BigInt(epoch) + 1n);
}

/** The clock of an outage: how long each part took, and whether the budget is over. */
export class OutageClock {
  private readonly startedAt = performance.now();
  private lastAt = this.startedAt;

  constructor(private readonly budgetMs: number) {}

  /** Milliseconds since the last lap. */
  lap(): number {
    const now = performance.now();
    const ms = Math.round(now - this.lastAt);
    this.lastAt = now;
    return ms;
  }

  /** Milliseconds since the fence was begun. */
  totalMs(): number {
    return Math.round(performance.now() - this.startedAt);
  }

  /** Milliseconds until the budget is over; throws `CutoverAborted` when it is. */
  remainingMs(doing: string): number {
    const remaining = this.budgetMs - (performance.now() - this.startedAt);
    if (remaining > 0) return remaining;
    throw new CutoverAborted(
      `the budget of ${this.budgetMs} ms was over while ${doing}, writes go on at the source; look at the lag and at ` +
        'long transactions, or raise policy.cutoverBudgetSeconds',
    );
  }
}
