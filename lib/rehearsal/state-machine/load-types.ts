import { expressionIn } from './expressions';
import { isJsonObject, type Json, type JsonObject } from './json';
import { checkAssign, checkTemplate, type Visible } from './load-expressions';
import { checkFields, checkTarget, checkWholeNumber, complain, type Place } from './load-fields';
import { listed } from './load-recovery';
import { isTimestamp, LONGEST_SECONDS } from './simple-states';
import { SUPPORTED } from './supported';

/** Checks a block inside a state. */
export type CheckBlock = (block: JsonObject) => void;

/** Checks the rules and the default of a Choice. */
export function checkChoice(place: Place, state: JsonObject, siblings: JsonObject, visible: Visible): void {
  const rules = listed(place, state.Choices, 'Choices');
  if (rules.length === 0) {
    complain(place, 'Choices', 'must hold at least one rule');
  }
  for (const [index, rule] of rules) {
    const prefix = `Choices[${index}]/`;
    checkFields(place, rule, SUPPORTED.choiceRule, prefix);
    if (expressionIn(rule.Condition) === null) {
      complain(place, `${prefix}Condition`, `must be an expression, got ${JSON.stringify(rule.Condition)}`);
    }
    checkTemplate(place, rule.Condition, `${prefix}Condition`, visible);
    checkAssign(place, rule.Assign, `${prefix}Assign`, visible);
    checkTemplate(place, rule.Output, `${prefix}Output`, visible);
    if (rule.Assign !== undefined && !isJsonObject(rule.Assign)) {
      complain(place, `${prefix}Assign`, 'must be an object of variable names and values');
    }
    checkTarget(place, rule.Next, siblings, `${prefix}Next`);
  }
  if (state.Default !== undefined) {
    checkTarget(place, state.Default, siblings, 'Default');
  }
}

/** Checks that a Wait has exactly one of Seconds and Timestamp. */
export function checkWait(place: Place, state: JsonObject, visible: Visible): void {
  const { Seconds: seconds, Timestamp: timestamp } = state;
  if ((seconds === undefined) === (timestamp === undefined)) {
    complain(place, 'Seconds', 'a Wait has either Seconds or Timestamp');
  }
  if (expressionIn(seconds) === null) {
    checkWholeNumber(place, state, 'Seconds', 0, LONGEST_SECONDS);
  }
  if (
    timestamp !== undefined &&
    expressionIn(timestamp) === null &&
    !(typeof timestamp === 'string' && isTimestamp(timestamp))
  ) {
    complain(place, 'Timestamp', `must be RFC 3339 with capital T and Z, got ${JSON.stringify(timestamp)}`);
  }
  checkTemplate(place, seconds, 'Seconds', visible);
  checkTemplate(place, timestamp, 'Timestamp', visible);
}

/** Checks a Map: inline only, items as an array. */
export function checkMap(place: Place, state: JsonObject, visible: Visible, checkBlock: CheckBlock): void {
  const { Items: items, MaxConcurrency: concurrency, ItemProcessor: processor } = state;
  if (items !== undefined && !Array.isArray(items) && expressionIn(items) === null) {
    complain(place, 'Items', 'must be an array or an expression; object items are not known to the interpreter');
  }
  if (expressionIn(concurrency) === null) {
    checkWholeNumber(place, state, 'MaxConcurrency', 0, LONGEST_SECONDS);
  }
  checkTemplate(place, items, 'Items', visible);
  checkTemplate(place, concurrency, 'MaxConcurrency', visible);
  checkTemplate(place, state.ItemSelector, 'ItemSelector', { ...visible, item: true });
  if (!isJsonObject(processor)) {
    complain(place, 'ItemProcessor', 'must be an object');
    return;
  }
  checkFields(place, processor, SUPPORTED.itemProcessor, 'ItemProcessor/');
  checkProcessorConfig(place, processor.ProcessorConfig);
  checkBlock(processor);
}

/** Checks a Parallel and its branches. */
export function checkParallel(place: Place, state: JsonObject, visible: Visible, checkBlock: CheckBlock): void {
  checkTemplate(place, state.Arguments, 'Arguments', visible);
  const branches = listed(place, state.Branches, 'Branches');
  if (branches.length === 0) {
    complain(place, 'Branches', 'must hold at least one branch');
  }
  for (const [index, branch] of branches) {
    checkFields(place, branch, SUPPORTED.branch, `Branches[${index}]/`);
    checkBlock(branch);
  }
}

/** Checks a Fail. */
export function checkFail(place: Place, state: JsonObject, visible: Visible): void {
  for (const field of ['Error', 'Cause']) {
    if (state[field] !== undefined && typeof state[field] !== 'string') {
      complain(place, field, 'must be a string');
    }
    checkTemplate(place, state[field], field, visible);
  }
}

function checkProcessorConfig(place: Place, config: Json | undefined): void {
  if (config === undefined) {
    return;
  }
  const isInline =
    isJsonObject(config) && Object.keys(config).length === 1 && config.Mode === SUPPORTED.processorModes[0];
  if (!isInline) {
    complain(place, 'ItemProcessor/ProcessorConfig', `must be {"Mode": "INLINE"}, got ${JSON.stringify(config)}`);
  }
}
