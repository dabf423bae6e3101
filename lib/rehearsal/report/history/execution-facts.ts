/** What one history says: which machine it is of, how it ended, its states, and what its steps and children answered. */
import { STEPS, type StepName } from '../../../../lambda/contract';
import { type Child, childrenOf } from './children';
import { EventChain } from './event-chain';
import type { ReadEvent } from './history-events';
import type { JoinedHistory } from './join-pages';
import { type MachineWord, machineOfStates } from './machine-word';
import { parseJson } from './parse-json';
import { type StateSpan, stateSpans } from './state-spans';
import { member } from './told';

/** How an execution stands; `RUNNING` when its history has no end. */
export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** One call of a step. */
export interface StepAnswer {
  readonly step: StepName;
  /** When it ended, milliseconds since the epoch. */
  readonly at: number;
  /** Its answer; undefined when it failed or when the history was fetched without data. */
  readonly output: unknown;
  /** Null when it answered. */
  readonly failure: { readonly error: string; readonly cause: string } | null;
}

/** Everything that the page takes from one history. */
export interface ExecutionFacts {
  readonly machine: MachineWord;
  readonly startedAt: number;
  /** Time of the last event. */
  readonly lastAt: number;
  readonly status: ExecutionStatus;
  readonly error: string | null;
  readonly cause: string | null;
  readonly input: unknown;
  readonly output: unknown;
  readonly spans: readonly StateSpan[];
  readonly entered: ReadonlySet<string>;
  readonly answers: readonly StepAnswer[];
  /** Executions of other machines that it ran, as its own history describes them. */
  readonly children: readonly Child[];
  /** ARN of the execution that an operator started: of the whole migration or of a phase alone; null when nothing tells. */
  readonly rootArn: string | null;
  /** Whether the history holds inputs and outputs. */
  readonly withData: boolean;
}

/** Reads a history. */
export function executionFacts({ events }: JoinedHistory): ExecutionFacts {
  const chain = new EventChain(events);
  const spans = stateSpans(events, chain);
  const answers = answersOf(events, chain);
  const children = childrenOf(events, chain);
  const entered = new Set(spans.map(({ name }) => name));
  const input = parseJson(events[0]?.executionStartedEventDetails?.input);
  return {
    machine: machineOfStates(entered),
    startedAt: events[0]?.timestamp ?? 0,
    lastAt: events.at(-1)?.timestamp ?? 0,
    ...endOf(events),
    input,
    spans,
    entered,
    answers,
    children,
    rootArn: rootOf(events, input, children),
    withData: events.some((event) => event.executionStartedEventDetails?.input !== undefined),
  };
}

const ENDS: Readonly<Record<string, ExecutionStatus>> = {
  ExecutionSucceeded: 'SUCCEEDED',
  ExecutionFailed: 'FAILED',
  ExecutionTimedOut: 'TIMED_OUT',
  ExecutionAborted: 'ABORTED',
};

function endOf(events: readonly ReadEvent[]): Pick<ExecutionFacts, 'status' | 'error' | 'cause' | 'output'> {
  const last = events.at(-1);
  const why =
    last?.executionFailedEventDetails ?? last?.executionTimedOutEventDetails ?? last?.executionAbortedEventDetails;
  return {
    status: ENDS[last?.type ?? ''] ?? 'RUNNING',
    error: why?.error ?? null,
    cause: why?.cause === undefined ? null : causeWords(why.cause),
    output: parseJson(last?.executionSucceededEventDetails?.output),
  };
}

const FAILED_CALLS = /^LambdaFunction(Failed|TimedOut|ScheduleFailed|StartFailed)$/;

function answersOf(events: readonly ReadEvent[], chain: EventChain): StepAnswer[] {
  return events.flatMap((event) => {
    const failed = FAILED_CALLS.test(event.type);
    if (!failed && event.type !== 'LambdaFunctionSucceeded') return [];
    const scheduled = chain.before(event, ({ type }) => type === 'LambdaFunctionScheduled');
    const step = stepOf(scheduled?.lambdaFunctionScheduledEventDetails?.resource ?? '');
    if (step === null) return [];
    const output = parseJson(event.lambdaFunctionSucceededEventDetails?.output);
    return [{ step, at: event.timestamp, output, failure: failed ? failureOf(event) : null }];
  });
}

function failureOf(event: ReadEvent): StepAnswer['failure'] {
  const why =
    event.lambdaFunctionFailedEventDetails ??
    event.lambdaFunctionTimedOutEventDetails ??
    event.lambdaFunctionScheduleFailedEventDetails ??
    event.lambdaFunctionStartFailedEventDetails;
  const timedOut = event.type === 'LambdaFunctionTimedOut';
  return { error: why?.error ?? (timedOut ? 'States.Timeout' : 'unknown'), cause: causeWords(why?.cause ?? '') };
}

/** Lambda tells a failure as JSON with a stack; people read its message. */
function causeWords(cause: string): string {
  const message = member(parseJson(cause), 'errorMessage');
  return typeof message === 'string' ? message : cause;
}

/** Functions are named `sealift-<migration>-<step>`; the longest name that fits, because one may end like another. */
function stepOf(functionArn: string): StepName | null {
  const name = functionArn.split(':')[6] ?? '';
  const steps = (Object.keys(STEPS) as StepName[]).filter((step) => name.endsWith(`-${step}`));
  return steps.sort((a, b) => b.length - a.length)[0] ?? null;
}

/** Every call of a step says on whose behalf it is made; a child's input too. */
function rootOf(events: readonly ReadEvent[], input: unknown, children: readonly Child[]): string | null {
  const told = [
    (input as { execution?: unknown } | undefined)?.execution,
    ...events.map(
      ({ lambdaFunctionScheduledEventDetails: call }) =>
        (parseJson(call?.input) as { execution?: unknown } | undefined)?.execution,
    ),
    ...children.map(({ rootArn }) => rootArn),
  ];
  return told.find((arn): arn is string => typeof arn === 'string') ?? null;
}
