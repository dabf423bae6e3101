/** What Step Functions bounds of an execution, read from its history: the size of a state, the events, the items of a map. */

import { machineOf } from '../run/timeline';
import type { HistoryEvent } from '../state-machine/history';
import type { StateMachines } from '../state-machine/state-machines';

/** The largest of everything that a run's executions carried. */
export interface ExecutionBounds {
  /** Input, output or variable of a state or a function, in bytes of JSON; AWS ends an execution above 256 KiB (facts J6). */
  readonly payload: { readonly bytes: number; readonly where: string };
  readonly mapItems: { readonly length: number; readonly where: string };
  /** AWS ends an execution at 25,000 (facts J6). */
  readonly events: { readonly count: number; readonly where: string };
}

/** Reads every execution, children included. */
export function executionBounds(machines: StateMachines): ExecutionBounds {
  let payload = { bytes: 0, where: 'nothing' };
  let mapItems = { length: 0, where: 'nothing' };
  let events = { count: 0, where: 'nothing' };
  for (const { executionArn } of machines.listExecutions()) {
    const machine = machineOf(executionArn);
    const history = machines.getExecutionHistory(executionArn);
    if (history.length > events.count) events = { count: history.length, where: machine };
    for (const event of history) {
      const where = `${machine}: ${nameOf(event)}`;
      for (const text of textsOf(event)) {
        const bytes = Buffer.byteLength(text);
        if (bytes > payload.bytes) payload = { bytes, where };
      }
      const length = event.mapStateStartedEventDetails?.length ?? 0;
      if (length > mapItems.length) mapItems = { length, where };
    }
  }
  return { payload, mapItems, events };
}

function nameOf(event: HistoryEvent): string {
  const { name } = event.stateEnteredEventDetails ?? event.stateExitedEventDetails ?? {};
  return name === undefined ? event.type : `${event.type} ${name}`;
}

/** Everything of an event that is JSON of ours. */
function textsOf(event: HistoryEvent): string[] {
  return [
    event.executionStartedEventDetails?.input,
    event.executionSucceededEventDetails?.output,
    event.stateEnteredEventDetails?.input,
    event.stateExitedEventDetails?.output,
    ...Object.values(event.stateExitedEventDetails?.assignedVariables ?? {}),
    event.lambdaFunctionScheduledEventDetails?.input,
    event.lambdaFunctionSucceededEventDetails?.output,
    event.taskScheduledEventDetails?.parameters,
    event.taskSubmittedEventDetails?.output,
    event.taskSucceededEventDetails?.output,
  ].filter((text) => text !== undefined);
}
