import { isJsonObject, type Json, type JsonObject } from './json';
import { checkAssign, checkTemplate, type Visible } from './load-expressions';
import { checkFields, checkTarget, checkWholeNumber, complain, type Place } from './load-fields';
import { LONGEST_SECONDS } from './simple-states';
import { ERROR_NAMES, SUPPORTED } from './supported';

/** Longest MaxDelaySeconds: a year and a day, exclusive (ASL, "Retrying after error"). */
const LONGEST_DELAY_SECONDS = 31_622_399;

/** Checks Retry. */
export function checkRetry(place: Place, retry: Json | undefined): void {
  for (const [index, entry, entries] of listed(place, retry, 'Retry')) {
    const prefix = `Retry[${index}]/`;
    checkFields(place, entry, SUPPORTED.retrier, prefix);
    checkErrorEquals(place, entry.ErrorEquals, prefix, index === entries - 1);
    checkWholeNumber(place, entry, 'IntervalSeconds', 1, LONGEST_SECONDS, prefix);
    checkWholeNumber(place, entry, 'MaxAttempts', 0, LONGEST_SECONDS, prefix);
    const interval = typeof entry.IntervalSeconds === 'number' ? entry.IntervalSeconds : 1;
    checkWholeNumber(place, entry, 'MaxDelaySeconds', interval + 1, LONGEST_DELAY_SECONDS, prefix);
    const { BackoffRate: rate = 2, JitterStrategy: jitter = 'NONE' } = entry;
    if (typeof rate !== 'number' || rate < 1) {
      complain(place, `${prefix}BackoffRate`, `must be a number of at least 1, got ${JSON.stringify(rate)}`);
    }
    if (jitter !== 'FULL' && jitter !== 'NONE') {
      complain(place, `${prefix}JitterStrategy`, `must be FULL or NONE, got ${JSON.stringify(jitter)}`);
    }
  }
}

/** Checks Catch. */
export function checkCatch(place: Place, catchers: Json | undefined, siblings: JsonObject, visible: Visible): void {
  for (const [index, entry, entries] of listed(place, catchers, 'Catch')) {
    const prefix = `Catch[${index}]/`;
    checkFields(place, entry, SUPPORTED.catcher, prefix);
    checkErrorEquals(place, entry.ErrorEquals, prefix, index === entries - 1);
    checkTarget(place, entry.Next, siblings, `${prefix}Next`);
    const afterwards: Visible = { ...visible, members: ['errorOutput'] };
    if (entry.Assign !== undefined && !isJsonObject(entry.Assign)) {
      complain(place, `${prefix}Assign`, 'must be an object of variable names and values');
    }
    checkAssign(place, entry.Assign, `${prefix}Assign`, afterwards);
    checkTemplate(place, entry.Output, `${prefix}Output`, afterwards);
  }
}

/** The objects of a list, with their index and the list's length. */
export function listed(place: Place, list: Json | undefined, field: string): [number, JsonObject, number][] {
  if (list === undefined) {
    return [];
  }
  if (!Array.isArray(list) || !list.every(isJsonObject)) {
    complain(place, field, 'must be an array of objects');
    return [];
  }
  return list.map((entry: JsonObject, index) => [index, entry, list.length]);
}

/** Names are strings; `States.` names must be known ones; `States.ALL` stands alone and last. */
function checkErrorEquals(place: Place, names: Json | undefined, prefix: string, isLast: boolean): void {
  const field = `${prefix}ErrorEquals`;
  if (!Array.isArray(names) || names.length === 0 || !names.every((name) => typeof name === 'string')) {
    complain(place, field, 'must be an array of error names');
    return;
  }
  const known: readonly string[] = SUPPORTED.errorNames;
  for (const name of names as readonly string[]) {
    if (name.startsWith('States.') && !known.includes(name)) {
      complain(place, field, `'${name}' is never raised by the interpreter; it knows ${known.join(', ')}`);
    }
  }
  if (names.includes(ERROR_NAMES.all) && (names.length > 1 || !isLast)) {
    complain(place, field, `${ERROR_NAMES.all} must stand alone and in the last entry`);
  }
}
