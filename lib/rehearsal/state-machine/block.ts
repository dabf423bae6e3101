import { setImmediate as nextTurn } from 'node:timers/promises';
import { runMap, runParallel } from './branching-states';
import type { Block, State } from './definition';
import { StateFailure } from './failure';
import type { Json } from './json';
import { withRecovery } from './recovery';
import { runChoice, runFail, runPass, runSucceed, runWait } from './simple-states';
import { ERROR_NAMES } from './supported';
import { runTask } from './task-state';
import { enter, type Outcome, type Thread, type Visit } from './thread';

/**
 * Runs the states of a block from StartAt to its end and returns the last output. Throws the StateFailure that nothing
 * caught, or the signal's reason.
 */
export async function runBlock(thread: Thread, block: Block, input: Json): Promise<Json> {
  let name = block.StartAt;
  let value = input;
  // Ends because every state records events and the history takes no more than 25,000.
  for (;;) {
    // Gives timers and callers a turn: a loop of states that never wait would starve them.
    await nextTurn();
    thread.signal.throwIfAborted();
    const state = block.States[name];
    if (state === undefined) {
      throw new StateFailure(ERROR_NAMES.runtime, `there is no state '${name}'`);
    }
    const { output, next } = await runState(enter(thread, name, state, value), state);
    if (next === null) {
      return output;
    }
    name = next;
    value = output;
  }
}

function runState(visit: Visit, state: State): Promise<Outcome> {
  switch (state.Type) {
    case 'Task':
      return withRecovery(visit, state, () => runTask(visit, state));
    case 'Map':
      return withRecovery(visit, state, () => runMap(visit, state, runBlock));
    case 'Parallel':
      return withRecovery(visit, state, () => runParallel(visit, state, runBlock));
    case 'Choice':
      return runChoice(visit, state);
    case 'Wait':
      return runWait(visit, state);
    case 'Pass':
      return runPass(visit, state);
    case 'Succeed':
      return runSucceed(visit, state);
    case 'Fail':
      return runFail(visit, state);
  }
}
