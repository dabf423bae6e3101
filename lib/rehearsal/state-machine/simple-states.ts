import type { ChoiceState, FailState, PassState, SucceedState, WaitState } from './definition';
import { unexpectedKind } from './expressions';
import { StateFailure } from './failure';
import type { Json } from './json';
import { ERROR_NAMES } from './supported';
import { evaluateField, executing, leave, type Outcome, queryFailure, type Visit } from './thread';

/** Longest Wait and longest timeout of ASL, in seconds. */
export const LONGEST_SECONDS = 99_999_999;

/** RFC 3339 as ASL wants it: capital T and Z or an offset. */
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** Pass: its output is its input unless Output says otherwise. */
export function runPass(visit: Visit, state: PassState): Promise<Outcome> {
  return leave(visit, state, {}, visit.input, state.Next ?? null);
}

/** Succeed: ends the block. */
export function runSucceed(visit: Visit, state: SucceedState): Promise<Outcome> {
  return leave(visit, state.Output === undefined ? {} : { Output: state.Output }, {}, visit.input, null);
}

/** Fail: ends the block with Error and Cause. */
export async function runFail(visit: Visit, state: FailState): Promise<never> {
  const error = await evaluateText(visit, state.Error ?? '', 'Error');
  const cause = await evaluateText(visit, state.Cause ?? '', 'Cause');
  throw new StateFailure(error, cause);
}

/** Choice: the first rule whose Condition is true; its own Assign and Output apply, the state's only with Default. */
export async function runChoice(visit: Visit, state: ChoiceState): Promise<Outcome> {
  for (const [index, rule] of state.Choices.entries()) {
    const location = `Choices[${index}]/`;
    const answer = await evaluateField(visit, rule.Condition, `${location}Condition`);
    if (typeof answer !== 'boolean') {
      throw queryFailure(visit, unexpectedKind(rule.Condition, `${location}Condition`, 'boolean', answer));
    }
    if (answer) {
      return leave(visit, rule, {}, visit.input, rule.Next, location);
    }
  }
  if (state.Default === undefined) {
    throw new StateFailure(
      ERROR_NAMES.noChoiceMatched,
      `${executing(visit)} Failed to transition out of the state. The state does not point to a next state.`,
    );
  }
  return leave(visit, state, {}, visit.input, state.Default);
}

/** Wait: for Seconds, or until Timestamp. */
export async function runWait(visit: Visit, state: WaitState): Promise<Outcome> {
  const { clock } = visit.thread.run.world;
  const ms =
    state.Seconds === undefined
      ? Date.parse(await evaluateTimestamp(visit, state.Timestamp ?? '')) - clock.now()
      : (await evaluateSeconds(visit, state.Seconds, 'Seconds', 0)) * 1000;
  await clock.sleep(ms, visit.thread.signal);
  return leave(visit, state, {}, visit.input, state.Next ?? null);
}

/** Evaluates a number of seconds and refuses what is no whole number from `least` to 99,999,999. */
export async function evaluateSeconds(
  visit: Visit,
  template: number | string,
  location: string,
  least: number,
): Promise<number> {
  const value = await evaluateField(visit, template, location);
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > LONGEST_SECONDS) {
    throw queryFailure(visit, unexpectedKind(template, location, 'number', value));
  }
  return value;
}

async function evaluateTimestamp(visit: Visit, template: string): Promise<string> {
  const value = await evaluateField(visit, template, 'Timestamp');
  if (typeof value !== 'string' || !isTimestamp(value)) {
    throw queryFailure(visit, unexpectedKind(template, 'Timestamp', 'RFC 3339 timestamp', value));
  }
  return value;
}

/** Whether a text is a timestamp that ASL accepts. */
export function isTimestamp(text: string): boolean {
  return TIMESTAMP.test(text) && !Number.isNaN(Date.parse(text));
}

async function evaluateText(visit: Visit, template: Json, location: string): Promise<string> {
  const value = await evaluateField(visit, template, location);
  if (typeof value !== 'string') {
    throw queryFailure(visit, unexpectedKind(template, location, 'string', value));
  }
  return value;
}
