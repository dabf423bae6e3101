/** Statements that the target runs in other words. */
import { ident } from '../../platform/quote';
import type { Loss, TargetTraits } from './rules';
import { findWords, type Token, wordsAt } from './tokens';

/** A statement in the words that the target runs, and the rule when something was lost by it. */
export interface Adapted {
  readonly text: string;
  readonly rule: { readonly name: string; readonly loss: Loss; readonly reason: string } | null;
}

const LEAKPROOF = {
  name: 'leakproof',
  loss: 'done otherwise' as const,
  reason: 'only a superuser calls a function leakproof, it is made without: queries under row security may plan worse',
};

/**
 * A schema may be there already, with an extension that the target's owner installed in it. `set session authorization`, by which pg_dump gives a grant its grantor, is a superuser's; `set local role` does the same
 * for a member of the role, until the transaction of the entry ends.
 */
export function adapt(text: string, tokens: readonly Token[], target: TargetTraits): Adapted {
  if (wordsAt(tokens, 0, 'set', 'session', 'authorization')) {
    return { text: `set local role ${roleOf(tokens[3])}`, rule: null };
  }
  if (wordsAt(tokens, 0, 'reset', 'session', 'authorization')) return { text: 'reset role', rule: null };
  const schema = wordsAt(tokens, 0, 'create', 'schema') ? tokens[2] : undefined;
  if (schema !== undefined) return { text: `create schema if not exists ${text.slice(schema.start)}`, rule: null };
  const leakproof = target.superuser || !isRoutine(tokens) ? -1 : findWords(tokens, ['leakproof']);
  const token = tokens[leakproof];
  if (token === undefined || wordsAt(tokens, leakproof - 1, 'not')) return { text, rule: null };
  return { text: `${text.slice(0, token.start)}${text.slice(token.end)}`, rule: LEAKPROOF };
}

function isRoutine(tokens: readonly Token[]): boolean {
  return wordsAt(tokens, 0, 'create', 'function') || wordsAt(tokens, 0, 'create', 'procedure');
}

/** The role of `set session authorization`, whether pg_dump wrote it as a literal or as an identifier. */
function roleOf(token: Token | undefined): string {
  if (token === undefined) throw new Error('the dump sets no role where one belongs, pg_dump has changed');
  return ident(token.kind === 'string' ? token.value.slice(1, -1).replaceAll("''", "'") : token.value);
}
