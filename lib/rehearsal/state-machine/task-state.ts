import type { TaskState } from './definition';
import { failureOf, Interruption, StateFailure } from './failure';
import type { Json } from './json';
import { parseResource, type Resource } from './resources';
import { evaluateSeconds } from './simple-states';
import { ERROR_NAMES } from './supported';
import { callTask } from './task-calls';
import { type TaskEvents, taskEvents } from './task-events';
import { evaluateField, leave, newTaskToken, type Outcome, type Visit, withinLimit } from './thread';

/** Task: one attempt, from its Arguments to its Output. */
export async function runTask(visit: Visit, state: TaskState): Promise<Outcome> {
  const resource = parseResource(state.Resource);
  if (resource === null) {
    throw new StateFailure(
      ERROR_NAMES.runtime,
      `the resource '${state.Resource}' of state '${visit.name}' is not known`,
    );
  }
  const { tokens } = visit.thread.run.world;
  const token = resource.kind === 'integration' && resource.waitsForToken ? newTaskToken() : undefined;
  const attempt: Visit = token === undefined ? visit : { ...visit, taskToken: token };
  const answer = token === undefined ? undefined : tokens.issue(token, visit.thread.run.machineArn);
  answer?.catch(() => {});
  try {
    const result = await callWithin(attempt, state, resource, answer);
    return await leave(visit, state, { result }, result, state.Next ?? null);
  } finally {
    if (token !== undefined) {
      tokens.close(token);
    }
  }
}

async function callWithin(
  visit: Visit,
  state: TaskState,
  resource: Resource,
  answer: Promise<Json> | undefined,
): Promise<Json> {
  const input = state.Arguments === undefined ? visit.input : await evaluateField(visit, state.Arguments, 'Arguments');
  withinLimit(visit, input, 'Arguments');
  const timeoutSeconds =
    state.TimeoutSeconds === undefined ? null : await evaluateSeconds(visit, state.TimeoutSeconds, 'TimeoutSeconds', 1);
  const events = taskEvents(visit.thread, resource);
  events.scheduled(input, timeoutSeconds);
  events.started();
  try {
    const result = await withTimeout(visit, timeoutSeconds, (signal) =>
      callTask(visit, resource, input, signal, events, answer),
    );
    withinLimit(visit, result, 'result');
    events.succeeded(result);
    return result;
  } catch (error) {
    throw recordFailure(events, error);
  }
}

function recordFailure(events: TaskEvents, error: unknown): unknown {
  if (error instanceof Interruption) {
    return error;
  }
  const failure = failureOf(error);
  if (failure instanceof TaskTimeout) {
    events.timedOut(failure);
  } else if (failure.error !== ERROR_NAMES.runtime) {
    events.failed(failure);
  }
  return failure;
}

/** Told apart from a function that itself fails with the name `States.Timeout`. */
class TaskTimeout extends StateFailure {}

/** Runs work until it ends, its time is up, or the thread is interrupted; in the latter two its signal aborts. */
async function withTimeout(
  visit: Visit,
  timeoutSeconds: number | null,
  work: (signal: AbortSignal) => Promise<Json>,
): Promise<Json> {
  const timer = new AbortController();
  const signal = AbortSignal.any([visit.thread.signal, timer.signal]);
  const settled = new AbortController();
  if (timeoutSeconds !== null) {
    visit.thread.run.world.timeoutClock
      .sleep(timeoutSeconds * 1000, settled.signal)
      .then(() => timer.abort(new TaskTimeout(ERROR_NAMES.timeout, '')))
      .catch(() => {});
  }
  const working = work(signal);
  // After an abort nobody waits for it any more, and it may still fail.
  working.catch(() => {});
  try {
    return await Promise.race([working, aborted(signal, settled.signal)]);
  } finally {
    settled.abort();
  }
}

function aborted(signal: AbortSignal, until: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true, signal: until });
  });
}
