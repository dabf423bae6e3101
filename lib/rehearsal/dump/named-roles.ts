import type { Token } from './sql-tokens';
import { wordsAt } from './sql-tokens';

/** Words that stand where a role may stand but name none that could be missing. */
const NO_ROLES = new Set(['public', 'current_user', 'current_role', 'session_user']);
const LIST_ENDS = new Set(['with', 'granted', 'using', 'cascade', 'restrict', 'in', 'grant', 'revoke']);

/** The tokens of a statement that name roles: owners, grantees and grantors, default privileges, policies. */
export function roleTokens(tokens: readonly Token[]): Token[] {
  const first = tokens[0]?.kind === 'word' ? tokens[0].value : '';
  const found: Token[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    if (wordsAt(tokens, at, 'owner', 'to')) found.push(...listAt(tokens, at + 2));
    if (wordsAt(tokens, at, 'granted', 'by')) found.push(...listAt(tokens, at + 2));
    if (first === 'create' && wordsAt(tokens, at, 'authorization')) found.push(...listAt(tokens, at + 1));
  }
  if (first === 'grant' || first === 'revoke') found.push(...grantees(tokens, 0));
  if (wordsAt(tokens, 0, 'alter', 'default', 'privileges')) found.push(...defaultPrivilegeRoles(tokens));
  if (wordsAt(tokens, 0, 'create', 'policy')) {
    const to = tokens.findIndex((_, at) => at > 2 && wordsAt(tokens, at, 'to'));
    const conditions = tokens.findIndex(
      (_, at) => wordsAt(tokens, at, 'using') || wordsAt(tokens, at, 'with', 'check'),
    );
    if (to > 0 && (conditions < 0 || to < conditions)) found.push(...listAt(tokens, to + 1));
  }
  return [...new Set(found)];
}

function defaultPrivilegeRoles(tokens: readonly Token[]): Token[] {
  const found: Token[] = [];
  if (wordsAt(tokens, 3, 'for', 'role') || wordsAt(tokens, 3, 'for', 'user')) found.push(...listAt(tokens, 5));
  const verb = tokens.findIndex((_, at) => at > 2 && (wordsAt(tokens, at, 'grant') || wordsAt(tokens, at, 'revoke')));
  return verb < 0 ? found : [...found, ...grantees(tokens, verb)];
}

/** Roles after TO or FROM; in a grant of membership, which has no ON, also those before it. */
function grantees(tokens: readonly Token[], verb: number): Token[] {
  const word = (at: number, ...words: string[]) => words.some((one) => wordsAt(tokens, at, one));
  let to = -1;
  for (let at = verb + 1; at < tokens.length && to < 0; at += 1) if (word(at, 'to', 'from')) to = at;
  if (to < 0) return [];
  const membership = !tokens.slice(verb, to).some((_, index) => word(verb + index, 'on'));
  return membership ? [...listAt(tokens, verb + 1), ...listAt(tokens, to + 1)] : listAt(tokens, to + 1);
}

/** A list of roles, separated by commas. */
function listAt(tokens: readonly Token[], from: number): Token[] {
  const found: Token[] = [];
  for (let at = from; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (!token || (token.kind !== 'word' && token.kind !== 'name')) break;
    if (token.kind === 'word' && LIST_ENDS.has(token.value)) break;
    // `group` is a noise word that old dumps carry.
    const noise = token.kind === 'word' && token.value === 'group' && tokens[at + 1]?.kind !== 'symbol';
    if (noise) continue;
    if (token.kind === 'name' || !NO_ROLES.has(token.value)) found.push(token);
    if (tokens[at + 1]?.value !== ',') break;
    at += 1;
  }
  return found;
}
