import { isJsonObject, type Json, type JsonObject } from './json';
import { complain, type Place } from './load-fields';

/** Refuses, as AWS does, states that nothing leads to and blocks that cannot end. */
export function checkTransitions(place: Place, states: JsonObject, startAt: Json | undefined): void {
  const reached = new Set<string>();
  const pending = typeof startAt === 'string' ? [startAt] : [];
  // Ends because every state is followed once.
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const state = states[name];
    if (!reached.has(name) && isJsonObject(state)) {
      reached.add(name);
      pending.push(...targetsOf(state));
    }
  }
  for (const name of Object.keys(states)) {
    if (!reached.has(name)) {
      complain({ ...place, state: name }, null, 'no state leads here');
    }
  }
  if (!Object.values(states).some(endsBlock)) {
    complain(place, 'States', 'has no state that ends it: End, Succeed or Fail');
  }
}

function targetsOf(state: JsonObject): string[] {
  const parts = [state.Choices, state.Catch].flatMap((part) => (Array.isArray(part) ? (part as readonly Json[]) : []));
  const targets = [state.Next, state.Default, ...parts.map((part) => (isJsonObject(part) ? part.Next : undefined))];
  return targets.filter((target) => typeof target === 'string');
}

function endsBlock(state: Json): boolean {
  return isJsonObject(state) && (state.End === true || state.Type === 'Succeed' || state.Type === 'Fail');
}
