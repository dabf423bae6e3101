/**
 * One run of a task: tables found, loaded under snapshots of their own, changes followed from a slot, rows validated. It stands in
 * for what a replication instance does. Imitated: table by table loads, the order of commits, the apply as an ordinary session,
 * error policies, control tables, the mapping of values, LOB modes, what DMS leaves behind (sequences, DDL, TRUNCATE, primary key
 * changes, rows without a key). Not imitated: speed, buffers and memory, parallel load of one table, the net changes of batch apply
 * (it only groups transactions), partly loaded tables (a load is one transaction), DDL capture, pglogical, lookups of large values
 * while changes are followed, and the overlap of load and changes, which here is exact for tables without a key as well.
 */
import type { Client } from 'pg';
import { lsnNumber } from '../positions';
import { type TableState, type Task, writeLog } from '../task';
import { createControlTables, readRecovery } from './control-tables';
import { describeError, isRecoverable, TaskFailure } from './failure';
import { type FollowEnd, followChanges } from './follow-changes';
import { beat } from './heartbeat';
import { discoverTables, loadTables, refuseTables, truncateTables } from './load';
import { openSource, openTarget, type RunWorld, withSession } from './run-world';
import { dropSlot, readySlot, startLsn } from './slot';
import type { SourceTable } from './source-tables';
import { Validation } from './validate';

/** How a run begins. */
export type RunStart = 'first' | 'restart' | 'resume' | 'reload';

/** Why a run ended by itself or was stopped, in DMS's words without `Stop Reason`. */
export type RunEnd = 'NORMAL' | 'FULL_LOAD_ONLY_FINISHED' | 'STOPPED_AFTER_FULL_LOAD' | Exclude<FollowEnd, null>;

/** A run: its end, and the table reloads that it takes while it goes on. */
export interface TaskRun {
  readonly ended: Promise<RunEnd>;
  /** Asks for tables to be emptied and loaded anew; their changes wait in the slot meanwhile. */
  reload(keys: readonly string[]): void;
}

/** Begins a run; it ends soon after the world's signal, behind the transaction at hand. */
export function startRun(world: RunWorld, start: RunStart, onReady: () => void): TaskRun {
  const run = new Run(world, start, onReady);
  return { ended: run.go(), reload: (keys) => run.reload(keys) };
}

class Run {
  readonly #validation: Validation;
  #slotReady: 'first' | 'restart' | 'resume';
  #prepared = false;
  #reloads: string[] = [];

  constructor(
    private readonly world: RunWorld,
    private readonly start: RunStart,
    private readonly onReady: () => void,
  ) {
    this.#validation = new Validation(world);
    // A run that was stopped before it came to its slot left nothing to resume from.
    const neverReached = start === 'resume' && world.task.checkpoint === null;
    this.#slotReady = start === 'reload' ? 'restart' : neverReached ? 'first' : start;
  }

  /** Tries again after errors that pass, as often as the task's settings say. */
  async go(): Promise<RunEnd> {
    const { task, clock, signal } = this.world;
    const { recoverableCount, recoverableIntervalSeconds } = task.settings;
    // Ends with the run, with an error that does not pass, or with the last attempt; every round sleeps.
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#attempt();
      } catch (error) {
        if (signal.aborted) return 'NORMAL';
        const passes = isRecoverable(error) && (recoverableCount < 0 || attempt < recoverableCount);
        if (!passes) throw toTaskFailure(error);
        writeLog(task, `[TASK_MANAGER ]W: recoverable error, trying again: ${describeError(error)}`);
        await clock.sleep(recoverableIntervalSeconds * 1_000, signal).catch(() => undefined);
        if (signal.aborted) return 'NORMAL';
      }
    }
  }

  reload(keys: readonly string[]): void {
    this.#markForReload(keys);
    this.#reloads.push(...keys);
  }

  #markForReload(keys: readonly string[]): void {
    for (const key of keys) {
      const progress = this.world.task.tables.get(key);
      if (progress) Object.assign(progress, { state: 'Table is being reloaded', reloaded: true, error: null });
    }
  }

  async #loadAgain(): Promise<void> {
    const keys = this.#reloads;
    if (keys.length === 0) return;
    this.#reloads = [];
    // A first load may have ended meanwhile.
    this.#markForReload(keys);
    this.#validation.forget(keys);
    await truncateTables(this.world, this.#inState('Table is being reloaded'));
    await loadTables(this.world);
  }

  #inState(state: TableState): SourceTable[] {
    return [...this.world.tables].flatMap(([key, table]) =>
      this.world.task.tables.get(key)?.state === state ? [table] : [],
    );
  }

  async #attempt(): Promise<RunEnd> {
    const { task } = this.world;
    await discoverTables(this.world);
    if (task.type === 'full-load') return this.#loadOnly();
    return withSession(openSource(this.world), (source) =>
      withSession(openTarget(this.world), (target) => this.#loadAndFollow(source, target)),
    );
  }

  async #loadOnly(): Promise<RunEnd> {
    const { world } = this;
    if (world.task.settings.validation.enabled)
      await withSession(openTarget(world), (target) => createControlTables(target, world));
    await this.#prepareTables();
    this.onReady();
    await loadTables(world);
    await this.#validation.run('settled', world.signal);
    await this.#loadAgain();
    return world.signal.aborted ? 'NORMAL' : 'FULL_LOAD_ONLY_FINISHED';
  }

  async #loadAndFollow(source: Client, target: Client): Promise<RunEnd> {
    const { world } = this;
    await createControlTables(target, world);
    const resumed = this.#slotReady === 'resume';
    if (resumed) await this.#recoverCheckpoint(target);
    const slot = await readySlot(source, world, this.#slotReady);
    const fromLsn = startLsn(world, slot, resumed);
    if (!resumed) world.task.checkpoint = fromLsn;
    // From here on another attempt goes on where this one ended.
    this.#slotReady = 'resume';
    await this.#prepareTables();
    this.onReady();
    const { type, settings } = world.task;
    if (type === 'full-load-and-cdc') await loadTables(world);
    if (world.signal.aborted) return 'NORMAL';
    if (type === 'full-load-and-cdc' && settings.stopBeforeCachedChanges) return 'STOPPED_AFTER_FULL_LOAD';
    return this.#follow(source, target, slot.name, fromLsn);
  }

  async #follow(source: Client, target: Client, slot: string, fromLsn: string): Promise<RunEnd> {
    const stopping = new AbortController();
    const signal = AbortSignal.any([this.world.signal, stopping.signal]);
    const beside = Promise.all([
      this.#beside(signal, () => beat({ ...this.world, signal })),
      this.#beside(signal, () => this.#validation.run('stopped', signal)),
    ]);
    try {
      const end = await followChanges(this.world, {
        source,
        target,
        slot,
        fromLsn,
        onApplied: (statement) => this.#validation.noteChange(statement),
        between: () => this.#loadAgain(),
      });
      return end ?? 'NORMAL';
    } finally {
      stopping.abort();
      await beside;
    }
  }

  /** What goes on beside the changes ends no task: an error that passes is tried again, another only logged. */
  async #beside(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const { task, clock } = this.world;
    // Ends with the signal, with the work, or with an error that does not pass; every round sleeps.
    while (!signal.aborted) {
      try {
        return await work();
      } catch (error) {
        if (signal.aborted) return;
        writeLog(task, `[TASK_MANAGER ]E: ${describeError(error)}`);
        if (!isRecoverable(error)) return;
        await clock.sleep(task.settings.recoverableIntervalSeconds * 1_000, signal).catch(() => undefined);
      }
    }
  }

  /** What only the first attempt of a run does: empties, refuses, or says that there is nothing to load. */
  async #prepareTables(): Promise<void> {
    const { task } = this.world;
    if (this.#prepared) return;
    if (this.start !== 'resume') await refuseTables(this.world);
    // Tables whose reload was asked for, and did not begin before the last run ended.
    await truncateTables(this.world, this.#inState('Table is being reloaded'));
    if (task.type === 'cdc') this.#passOverLoad();
    else if (
      this.start === 'reload' ||
      (this.start !== 'resume' && task.settings.preparation === 'TRUNCATE_BEFORE_LOAD')
    )
      await truncateTables(this.world, this.#inState('Before load'));
    this.#prepared = true;
  }

  #passOverLoad(): void {
    const { task } = this.world;
    for (const progress of task.tables.values()) {
      if (progress.state !== 'Before load') continue;
      progress.state = 'Table completed';
      if (task.settings.validation.enabled) progress.validation = 'Pending validation';
    }
  }

  async #recoverCheckpoint(target: Client): Promise<void> {
    const { task } = this.world;
    const kept = await readRecovery(target, this.world);
    if (kept !== null && (task.checkpoint === null || lsnNumber(kept) > lsnNumber(task.checkpoint)))
      task.checkpoint = kept;
  }
}

/** Takes the slot away that a task made itself; the endpoint's stays. */
export async function removeOwnSlot(world: Pick<RunWorld, 'door'>, task: Task): Promise<void> {
  if (task.ownSlot === null) return;
  await world.door.within(task.source, `AWS DMS ${task.identifier}`, (client) => dropSlot(client, task.ownSlot));
}

function toTaskFailure(error: unknown): TaskFailure {
  if (error instanceof TaskFailure) return error;
  return new TaskFailure(
    error instanceof Error && error.name === 'EndpointFailure' ? error.message : describeError(error),
    {
      cause: error,
    },
  );
}
