import type { JsonObject } from './json';
import { checkAssign, checkTemplate, type Visible } from './load-expressions';
import { checkFields, checkQueryLanguage, checkTarget, complain, type Place, type Surroundings } from './load-fields';
import { checkCatch, checkRetry } from './load-recovery';
import { checkTask } from './load-task';
import { type CheckBlock, checkChoice, checkFail, checkMap, checkParallel, checkWait } from './load-types';
import { type StateType, SUPPORTED } from './supported';

/** What a state is checked against: its scope, and the states that it may go to. */
export interface StateSurroundings extends Surroundings {
  readonly siblings: JsonObject;
}

/** Checks one state: its fields, its expressions, its targets, and the blocks inside it. */
export function checkState(
  place: Place,
  state: JsonObject,
  surroundings: StateSurroundings,
  checkBlock: CheckBlock,
): void {
  const type = Object.keys(SUPPORTED.states).find((known) => known === state.Type) as StateType | undefined;
  if (type === undefined) {
    complain(place, 'Type', `must be ${Object.keys(SUPPORTED.states).join(', ')}, got ${JSON.stringify(state.Type)}`);
    return;
  }
  checkFields(place, state, SUPPORTED.states[type]);
  checkQueryLanguage(place, state.QueryLanguage ?? surroundings.language);
  const visible: Visible = { variables: surroundings.outer };
  const hasResult = type === 'Task' || type === 'Map' || type === 'Parallel';
  const afterwards: Visible = hasResult ? { ...visible, members: ['result'] } : visible;
  checkAssign(place, state.Assign, 'Assign', afterwards);
  checkTemplate(place, state.Output, 'Output', afterwards);
  if ('Next' in SUPPORTED.states[type]) {
    checkTransition(place, state, surroundings.siblings);
  }
  if (hasResult) {
    checkRetry(place, state.Retry);
    checkCatch(place, state.Catch, surroundings.siblings, visible);
  }
  checkByType(place, type, state, surroundings, visible, checkBlock);
}

function checkByType(
  place: Place,
  type: StateType,
  state: JsonObject,
  surroundings: StateSurroundings,
  visible: Visible,
  checkBlock: CheckBlock,
): void {
  switch (type) {
    case 'Task':
      checkTask(place, state, visible, surroundings.canPublish);
      break;
    case 'Choice':
      checkChoice(place, state, surroundings.siblings, visible);
      break;
    case 'Wait':
      checkWait(place, state, visible);
      break;
    case 'Map':
      checkMap(place, state, visible, checkBlock);
      break;
    case 'Parallel':
      checkParallel(place, state, visible, checkBlock);
      break;
    case 'Fail':
      checkFail(place, state, visible);
      break;
    case 'Pass':
    case 'Succeed':
      break;
  }
}

function checkTransition(place: Place, state: JsonObject, siblings: JsonObject): void {
  if (state.End === true && state.Next === undefined) {
    return;
  }
  if (state.End !== undefined) {
    complain(place, 'End', 'must be true and stand without Next');
  }
  checkTarget(place, state.Next, siblings, 'Next');
}
