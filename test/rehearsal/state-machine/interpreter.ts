import { scaledClock } from '../../../lib/rehearsal/clock';
import type { ExecutionResult } from '../../../lib/rehearsal/state-machine/execution';
import type { HistoryEvent, HistoryEventType } from '../../../lib/rehearsal/state-machine/history';
import type { JsonObject } from '../../../lib/rehearsal/state-machine/json';
import {
  createStateMachines,
  type ExecutionDescription,
  type StateMachines,
} from '../../../lib/rehearsal/state-machine/state-machines';

/** asl-validator has no types. */
const validate = require('asl-validator') as (definition: unknown) => { isValid: boolean; errorsText(): string };

const ACCOUNT = 'eu-west-1:123456789012';

/** ARN of a function under test. */
export const functionArn = (name: string) => `arn:aws:lambda:${ACCOUNT}:function:${name}`;

/** ARN of a machine under test. */
export const machineArn = (name: string) => `arn:aws:states:${ACCOUNT}:stateMachine:${name}`;

/** A Task that calls a function with its payload only. */
export const task = (name: string, fields: Record<string, unknown> = {}) => ({
  Type: 'Task',
  Resource: functionArn(name),
  ...('Next' in fields ? {} : { End: true }),
  ...fields,
});

/** A Pass that ends its block with this output. */
export const end = (output?: unknown) => ({
  Type: 'Pass',
  ...(output === undefined ? {} : { Output: output }),
  End: true,
});

/** What a machine may call: by name, with the payload, how often it was called, and the call's signal. */
export type Functions = Readonly<Record<string, (payload: unknown, count: number, signal: AbortSignal) => unknown>>;

/** An error as the Lambda runtime throws it. */
export function failure(name: string, message = 'failed'): Error {
  return Object.assign(new Error(message), { name, cause: JSON.stringify({ errorType: name, errorMessage: message }) });
}

/** An interpreter whose waits are a thousand times and whose timeouts are ten times shorter. */
export function interpreter(
  functions: Functions = {},
  onEvent?: (arn: string, event: HistoryEvent) => void,
  onStatus?: (execution: ExecutionDescription) => void,
) {
  const published: JsonObject[] = [];
  const counts = new Map<string, number>();
  const machines = createStateMachines({
    clock: scaledClock(1000),
    timeoutClock: scaledClock(10),
    onEvent: (arn, event) => onEvent?.(arn, event),
    onStatus: (execution) => onStatus?.(execution),
    publish: async (message) => {
      published.push(message);
      return { MessageId: `message-${published.length}` };
    },
    invokeFunction: async (arn, payload, { signal }) => {
      const name = arn.split(':').slice(6, 7)[0] ?? arn;
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      const run = functions[name];
      if (run === undefined) {
        throw failure('Lambda.ResourceNotFoundException', arn);
      }
      return run(payload, count, signal);
    },
  });
  return { machines, published, counts };
}

/** A definition around these states, the first of which is the start; checked by asl-validator. */
export function definitionOf(
  states: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<string, unknown>> = {},
) {
  const definition = uncheckedDefinitionOf(states, fields);
  expectValidAsl(definition);
  return definition;
}

/** The same without the check, which takes a tenth of a second. */
export function uncheckedDefinitionOf(
  states: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<string, unknown>> = {},
) {
  return { QueryLanguage: 'JSONata', StartAt: Object.keys(states)[0], States: states, ...fields };
}

/** Throws what asl-validator has to say against a definition. */
export function expectValidAsl(definition: unknown): void {
  const { isValid, errorsText } = validate(definition);
  if (!isValid) {
    throw new Error(`the test's definition is no valid ASL: ${errorsText()}`);
  }
}

/** Registers a machine under its name. */
export function register(machines: StateMachines, name: string, definition: unknown): string {
  const arn = machineArn(name);
  machines.register({ arn, name, roleArn: 'arn:aws:iam::123456789012:role/machine', definition });
  return arn;
}

/** Waits until an execution has an event of a type. */
export async function untilEvent(machines: StateMachines, executionArn: string, type: HistoryEventType): Promise<void> {
  // Ends because the machine under test comes there, or jest's own timeout comes.
  while (!machines.getExecutionHistory(executionArn).some((event) => event.type === type)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** How one execution went. */
export interface Ran {
  readonly result: ExecutionResult;
  readonly events: readonly HistoryEvent[];
  readonly types: readonly string[];
  readonly published: readonly JsonObject[];
}

/** Runs a definition to its end. */
export async function run(definition: unknown, input: unknown = {}, functions: Functions = {}): Promise<Ran> {
  const { machines, published } = interpreter(functions);
  const { executionArn } = machines.startExecution({
    stateMachineArn: register(machines, 'Tested', definition),
    name: 'run',
    input,
  });
  const result = await machines.result(executionArn);
  const events = machines.getExecutionHistory(executionArn);
  return { result, events, types: events.map(({ type }) => type), published };
}
