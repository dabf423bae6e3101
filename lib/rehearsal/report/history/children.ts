/** Executions that another one ran with `startExecution.sync:2`, as the parent's history describes them. */
import * as z from 'zod';
import type { EventChain } from './event-chain';
import type { ReadEvent } from './history-events';
import { type MachineWord, machineOfArn } from './machine-word';
import { parseJson } from './parse-json';

/** A child and how it ended. */
export interface Child {
  readonly machine: MachineWord;
  readonly arn: string;
  /** Null while it runs. */
  readonly status: string | null;
  readonly error: string | null;
  readonly cause: string | null;
  readonly output: unknown;
  /** The execution on whose behalf it was started; null when nothing tells. */
  readonly rootArn: string | null;
}

const text = z.string().optional().catch(undefined);
const description = z.object({
  ExecutionArn: z.string(),
  Status: text,
  Error: text,
  Cause: text,
  Input: z.unknown().optional(),
  Output: z.unknown().optional(),
});

/** Every child, in the order of the starts. */
export function childrenOf(events: readonly ReadEvent[], chain: EventChain): Child[] {
  const children = new Map<string, Child>();
  for (const event of events) {
    const told = toldOf(event, chain);
    const parsed = description.safeParse(told);
    if (!parsed.success) continue;
    const { ExecutionArn: arn, Status, Error: error, Cause: cause, Input, Output } = parsed.data;
    const input = typeof Input === 'string' ? parseJson(Input) : Input;
    const rootArn = (input as { execution?: unknown } | null | undefined)?.execution;
    children.set(arn, {
      machine: machineOfArn(arn),
      arn,
      status: Status ?? null,
      error: error ?? null,
      cause: cause ?? null,
      output: typeof Output === 'string' ? parseJson(Output) : Output,
      rootArn: typeof rootArn === 'string' ? rootArn : null,
    });
  }
  return [...children.values()];
}

/** The end brings the whole description, the start no more than the ARN. */
function toldOf(event: ReadEvent, chain: EventChain): unknown {
  const { taskSubmittedEventDetails: submitted, taskSucceededEventDetails: succeeded } = event;
  const details = submitted ?? succeeded ?? event.taskFailedEventDetails;
  if (details?.resourceType !== 'states') return undefined;
  if (event.taskFailedEventDetails) {
    // A child that could not even be started has no description.
    return chain.before(event, ({ type }) => type === 'TaskSubmitted') ? parseJson(details.cause) : undefined;
  }
  return parseJson(details.output);
}
