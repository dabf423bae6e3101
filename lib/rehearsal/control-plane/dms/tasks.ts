import type { Clock } from '../../clock';
import { AwsFault, Refusal } from '../fault';
import type { Place } from '../place';
import type { Connections } from './connections';
import type { EndpointDoor } from './endpoint-door';
import type { Endpoints } from './endpoints';
import { mappingOf } from './move/mapping';
import { type RunStart, removeOwnSlot, startRun, type TaskRun } from './move/run-task';
import type { RunWorld } from './move/run-world';
import { dmsArn, dmsIdentifier, invalidCombination, invalidValue, newResourceName } from './names';
import type { ReplicationInstances } from './replication-instances';
import type { Task, TaskStatus } from './task';
import {
  definition,
  readPositions,
  type StartType,
  startOf,
  type TaskChange,
  type WantedTask,
  wantedOf,
} from './task-definition';
import type { DmsTimings } from './timings';

/** What tasks work with. */
export interface TasksProps {
  readonly place: Place;
  readonly clock: Clock;
  readonly timings: DmsTimings;
  readonly instances: ReplicationInstances;
  readonly endpoints: Endpoints;
  readonly connections: Connections;
  readonly door: EndpointDoor;
  /** Aborted when the control plane closes: every run ends with it. */
  readonly signal: AbortSignal;
}

interface Running {
  readonly run: TaskRun;
  readonly stop: AbortController;
}

/** The tasks, with DMS's own states; behind each that runs rows really move. */
export class Tasks {
  readonly #props: TasksProps;
  readonly #tasks = new Map<string, Task>();
  readonly #running = new Map<string, Running>();

  constructor(props: TasksProps) {
    this.#props = props;
  }

  /**
   * Begins the creation of a task; it answers while the task is still `creating`.
   *
   * @throws AwsFault `ResourceAlreadyExistsFault`, `ResourceNotFoundFault`, `InvalidResourceStateFault` unless the instance is
   * available, `InvalidParameterValueException`, `InvalidParameterCombinationException`; Refusal for settings that are not known
   */
  create(wanted: WantedTask): Task {
    const { place, clock, timings, instances, endpoints } = this.#props;
    const identifier = dmsIdentifier('ReplicationTaskIdentifier', wanted.identifier, 255);
    this.#demandFree(identifier);
    const [source, target] = [endpoints.get(wanted.sourceArn), endpoints.get(wanted.targetArn)];
    if (source.type !== 'source') throw invalidValue(`Endpoint ${source.arn} is no source endpoint`);
    if (target.type !== 'target') throw invalidValue(`Endpoint ${target.arn} is no target endpoint`);
    const task: Task = {
      arn: dmsArn(place, 'task', wanted.resourceName ?? newResourceName()),
      instance: instances.available(wanted.instanceArn),
      source,
      target,
      createdAt: clock.now(),
      tags: wanted.tags,
      identifier,
      ...definition(wanted),
      status: 'creating',
      settled: Promise.resolve(),
      stopReason: null,
      lastFailureMessage: null,
      startedAt: null,
      freshStartedAt: null,
      stoppedAt: null,
      loadStartedAt: null,
      loadEndedAt: null,
      checkpoint: null,
      ownSlot: null,
      ran: false,
      tables: new Map(),
      log: [],
    };
    refuseDdlCapture(task);
    this.#tasks.set(task.arn, task);
    this.#transition(task, 'creating', timings.createTaskMs, 'ready');
    return task;
  }

  /** Begins a modification, of a task that does not run. */
  modify(arn: string, change: TaskChange): Task {
    const task = this.#demand(arn, ['ready', 'stopped', 'failed'], 'modified');
    if (change.identifier !== undefined) {
      const identifier = dmsIdentifier('ReplicationTaskIdentifier', change.identifier, 255);
      if (identifier !== task.identifier) this.#demandFree(identifier);
      task.identifier = identifier;
    }
    const changed = definition({ ...wantedOf(task), ...change });
    refuseDdlCapture({ ...task, ...changed });
    Object.assign(task, changed);
    this.#transition(task, 'modifying', this.#props.timings.modifyTaskMs, task.ran ? 'stopped' : 'ready');
    return task;
  }

  /**
   * Begins a run.
   *
   * @throws AwsFault `InvalidResourceStateFault` unless the task is ready, stopped or failed and both connections were tested
   * successfully, `InvalidParameterCombinationException` for a start type that does not fit what the task has done so far
   */
  start(
    arn: string,
    type: StartType,
    positions: { readonly cdcStartPosition?: string; readonly cdcStopPosition?: string } = {},
  ): Task {
    const task = this.#demand(arn, ['ready', 'stopped', 'failed'], 'started');
    this.#demandConnections(task);
    const start = startOf(task, type, positions.cdcStartPosition !== undefined);
    if (task.type === 'full-load' && (positions.cdcStartPosition ?? positions.cdcStopPosition) !== undefined)
      throw invalidCombination('CdcStartPosition and CdcStopPosition are not valid for a full-load task');
    Object.assign(task, readPositions({ ...wantedOf(task), ...positions }));
    this.#begin(task, start);
    return task;
  }

  /** Begins to stop a run; the transaction at hand is finished. */
  stop(arn: string): Task {
    const task = this.#demand(arn, ['running', 'starting'], 'stopped');
    task.status = 'stopping';
    this.#running.get(arn)?.stop.abort();
    return task;
  }

  /** Begins a deletion; the task is gone when it has settled, and with it the slot that it made. */
  delete(arn: string): Task {
    const { clock, timings, door, signal } = this.#props;
    const task = this.#demand(arn, ['ready', 'stopped', 'failed'], 'deleted');
    task.status = 'deleting';
    task.settled = (async () => {
      await clock.sleep(timings.deleteTaskMs, signal);
      // A source that cannot be reached any more keeps its slot, as on AWS.
      await removeOwnSlot({ door }, task).catch(() => undefined);
      this.#tasks.delete(arn);
    })().catch(() => undefined);
    return task;
  }

  /**
   * Loads tables of a running task anew, emptied before; or, with `validate-only`, nothing but their validation.
   *
   * @throws AwsFault `InvalidResourceStateFault` unless the task runs, `ResourceNotFoundFault` for a table that it has not
   */
  reload(arn: string, keys: readonly string[]): Task {
    const task = this.#demand(arn, ['running'], 'reloaded');
    const unknown = keys.find((key) => !task.tables.has(key));
    if (unknown !== undefined) throw new AwsFault('ResourceNotFoundFault', `Table ${unknown} is none of the task's`);
    if (task.type === 'cdc')
      throw new AwsFault('InvalidResourceStateFault', 'Tables of a CDC only task cannot be reloaded');
    this.#running.get(arn)?.run.reload(keys);
    return task;
  }

  /** Puts a task under test for an assessment, and back; the rest of the states stay as they are. */
  async underTest(task: Task, work: () => Promise<void>): Promise<void> {
    const before = task.status;
    task.status = 'testing';
    await work().finally(() => {
      task.status = before;
    });
  }

  /** The task of an ARN; `ResourceNotFoundFault` when there is none. */
  get(arn: string): Task {
    const task = this.#tasks.get(arn);
    if (task) return task;
    throw new AwsFault('ResourceNotFoundFault', `Replication Task ${arn} not found`);
  }

  /** Finds a task by its ARN. */
  find(arn: string): Task | undefined {
    return this.#tasks.get(arn);
  }

  /** Every task, by identifier. */
  list(): readonly Task[] {
    return [...this.#tasks.values()].sort((left, right) => (left.identifier < right.identifier ? -1 : 1));
  }

  /** Waits until every run and every transition has ended. */
  async settle(): Promise<void> {
    await Promise.all(this.list().map(({ settled }) => settled));
  }

  #begin(task: Task, start: RunStart): void {
    const { clock, timings, signal } = this.#props;
    const stop = new AbortController();
    const first = start !== 'resume';
    if (first) task.tables.clear();
    if (first) Object.assign(task, { freshStartedAt: clock.now(), loadStartedAt: null, loadEndedAt: null });
    Object.assign(task, {
      status: 'starting',
      ran: true,
      startedAt: clock.now(),
      stopReason: null,
      lastFailureMessage: null,
    });
    const running = AbortSignal.any([stop.signal, signal]);
    task.settled = (async () => {
      await clock.sleep(timings.startTaskMs, running).catch(() => undefined);
      if (!running.aborted) {
        const run = startRun(this.#world(task, running), start, () => {
          if (task.status === 'starting') task.status = 'running';
        });
        this.#running.set(task.arn, { run, stop });
        await this.#end(task, run);
      } else await this.#stopped(task, 'NORMAL').finally(() => this.#running.delete(task.arn));
    })().catch(() => undefined);
    this.#running.set(task.arn, { run: { ended: Promise.resolve('NORMAL'), reload: () => undefined }, stop });
  }

  async #end(task: Task, run: TaskRun): Promise<void> {
    const { clock } = this.#props;
    try {
      await this.#stopped(task, await run.ended);
    } catch (error) {
      task.status = 'failed';
      task.stoppedAt = clock.now();
      task.stopReason = 'Stop Reason FATAL_ERROR';
      task.lastFailureMessage = `Last Error ${error instanceof Error ? error.message : String(error)} Stop Reason FATAL_ERROR Error Level FATAL`;
    } finally {
      this.#running.delete(task.arn);
    }
  }

  async #stopped(task: Task, reason: string): Promise<void> {
    const { clock, timings, signal } = this.#props;
    if (task.status === 'stopping') await clock.sleep(timings.stopTaskMs, signal).catch(() => undefined);
    task.status = 'stopped';
    task.stoppedAt = clock.now();
    task.stopReason = `Stop Reason ${reason}`;
  }

  #world(task: Task, signal: AbortSignal): RunWorld {
    const { clock, timings, door } = this.#props;
    const mapping = mappingOf(task.source.settings, task.target.settings, task.settings.lob);
    return { task, door, clock, timings, mapping, signal, tables: new Map() };
  }

  #transition(task: Task, status: TaskStatus, ms: number, end: TaskStatus): void {
    task.status = status;
    task.settled = this.#props.clock.sleep(ms, this.#props.signal).then(
      () => {
        task.status = end;
      },
      // The control plane closes: the status stays as it is.
      () => undefined,
    );
  }

  #demand(arn: string, statuses: readonly TaskStatus[], what: string): Task {
    const task = this.get(arn);
    if (statuses.includes(task.status)) return task;
    const message = `Replication Task ${task.identifier} cannot be ${what}, its status is ${task.status}`;
    throw new AwsFault('InvalidResourceStateFault', message);
  }

  #demandConnections(task: Task): void {
    const tested = [task.source, task.target].every(
      (endpoint) => this.#props.connections.find(task.instance, endpoint)?.status === 'successful',
    );
    if (tested) return;
    throw new AwsFault(
      'InvalidResourceStateFault',
      'Test connection for replication instance and endpoint should be successful for starting the replication task',
    );
  }

  #demandFree(identifier: string): void {
    if (this.list().some((each) => each.identifier === identifier))
      throw new AwsFault('ResourceAlreadyExistsFault', `Replication Task already exists: ${identifier}`);
  }
}

/** On AWS a table and an event trigger on the source, from where changes of the schema come: here nothing of that exists. */
function refuseDdlCapture({ type, source }: Task): void {
  if (type !== 'full-load' && source.settings.captureDdls)
    throw new Refusal('CaptureDdls true of DMS source endpoints, which is the default: set it to false');
}
