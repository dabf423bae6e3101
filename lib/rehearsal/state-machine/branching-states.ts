import type { Block, MapState, ParallelState } from './definition';
import { unexpectedKind } from './expressions';
import { Interruption } from './failure';
import type { Json } from './json';
import {
  evaluateField,
  leave,
  type Outcome,
  queryFailure,
  record,
  type Thread,
  type Visit,
  withinLimit,
} from './thread';
import { VariableScope } from './variables';

/** Inline Maps run at most this many iterations at once (developer guide, "Map state in Inline mode"). */
const INLINE_CONCURRENCY = 40;

/** How a block is run; passed in, because blocks hold Maps and Maps hold blocks. */
export type RunBlock = (thread: Thread, block: Block, input: Json) => Promise<Json>;

/** Parallel: every branch with the same input; the result is the branches' outputs in their order. */
export async function runParallel(visit: Visit, state: ParallelState, runBlock: RunBlock): Promise<Outcome> {
  const { thread } = visit;
  const input = state.Arguments === undefined ? visit.input : await evaluateField(visit, state.Arguments, 'Arguments');
  withinLimit(visit, input, 'Arguments');
  record(thread, 'ParallelStateStarted');
  const result = await recordingFailure(visit, 'ParallelStateFailed', () =>
    runConcurrently(thread, state.Branches, state.Branches.length, (branch, inner) => runBlock(inner, branch, input)),
  );
  withinLimit(visit, result, 'result');
  record(thread, 'ParallelStateSucceeded');
  return leave(visit, state, { result }, result, state.Next ?? null);
}

/** Map: the processor once per item, at most MaxConcurrency at once; the result is the outputs in the items' order. */
export async function runMap(visit: Visit, state: MapState, runBlock: RunBlock): Promise<Outcome> {
  const { thread } = visit;
  const items = await evaluateItems(visit, state);
  const limit = await evaluateConcurrency(visit, state);
  record(thread, 'MapStateStarted', { mapStateStartedEventDetails: { length: items.length } });
  const jobs = items.map((value, index) => ({ value, index }));
  const result = await recordingFailure(visit, 'MapStateFailed', () =>
    runConcurrently(thread, jobs, limit, (job, inner) => runIteration(visit, state, job, inner, runBlock)),
  );
  withinLimit(visit, result, 'result');
  record(thread, 'MapStateSucceeded');
  return leave(visit, state, { result }, result, state.Next ?? null);
}

async function runIteration(
  visit: Visit,
  state: MapState,
  { value, index }: { readonly value: Json; readonly index: number },
  inner: Thread,
  runBlock: RunBlock,
): Promise<Json> {
  const details = { name: visit.name, index };
  record(inner, 'MapIterationStarted', { mapIterationStartedEventDetails: details });
  try {
    const item = { Index: index, Value: value };
    const input =
      state.ItemSelector === undefined
        ? value
        : await evaluateField({ ...visit, thread: inner }, state.ItemSelector, 'ItemSelector', { item });
    const output = await runBlock(inner, state.ItemProcessor, withinLimit(visit, input, 'ItemSelector'));
    record(inner, 'MapIterationSucceeded', { mapIterationSucceededEventDetails: details });
    return output;
  } catch (error) {
    if (error instanceof Interruption) {
      if (error.reason === 'sibling') {
        record(inner, 'MapIterationAborted', { mapIterationAbortedEventDetails: details });
      }
    } else {
      record(inner, 'MapIterationFailed', { mapIterationFailedEventDetails: details });
    }
    throw error;
  }
}

/** Runs jobs on threads of their own; the first failure interrupts the others and is thrown when all have ended. */
async function runConcurrently<Job>(
  thread: Thread,
  jobs: readonly Job[],
  limit: number,
  work: (job: Job, inner: Thread) => Promise<Json>,
): Promise<Json[]> {
  const siblings = new AbortController();
  const signal = AbortSignal.any([thread.signal, siblings.signal]);
  const startedAfter = thread.previousEventId;
  const results: Json[] = [];
  const failures: unknown[] = [];
  const waiting = [...jobs.entries()];
  const worker = async () => {
    // Ends because every round takes one of the finitely many jobs.
    for (let job = waiting.shift(); job !== undefined && !signal.aborted; job = waiting.shift()) {
      const inner = {
        run: thread.run,
        signal,
        variables: new VariableScope(thread.variables),
        previousEventId: startedAfter,
      };
      try {
        results[job[0]] = await work(job[1], inner);
      } catch (error) {
        failures.push(error);
        siblings.abort(new Interruption('sibling'));
      }
      thread.previousEventId = Math.max(thread.previousEventId, inner.previousEventId);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, jobs.length) }, worker));
  thread.signal.throwIfAborted();
  if (failures.length > 0) {
    throw failures[0];
  }
  return results;
}

async function recordingFailure(
  visit: Visit,
  type: 'MapStateFailed' | 'ParallelStateFailed',
  run: () => Promise<Json[]>,
): Promise<Json[]> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Interruption)) {
      record(visit.thread, type);
    }
    throw error;
  }
}

async function evaluateItems(visit: Visit, state: MapState): Promise<readonly Json[]> {
  const items = state.Items === undefined ? visit.input : await evaluateField(visit, state.Items, 'Items');
  if (!Array.isArray(items)) {
    throw queryFailure(visit, unexpectedKind(state.Items ?? '$states.input', 'Items', 'array', items));
  }
  return items;
}

async function evaluateConcurrency(visit: Visit, state: MapState): Promise<number> {
  const template = state.MaxConcurrency ?? 0;
  const value = await evaluateField(visit, template, 'MaxConcurrency');
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    throw queryFailure(visit, unexpectedKind(template, 'MaxConcurrency', 'number', value));
  }
  return value === 0 ? INLINE_CONCURRENCY : Math.min(value, INLINE_CONCURRENCY);
}
