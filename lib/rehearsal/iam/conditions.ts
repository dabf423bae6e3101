import { OPERATORS } from './condition-operators';
import { MalformedPolicyDocument } from './malformed-policy-document';
import { type ConditionContext, contextValue, literalWildcards, replaceVariables } from './policy-variables';

/** One test of a `Condition` block: an operator on a key. */
export interface ParsedCondition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
  /** `ForAllValues:` or `ForAnyValue:`, for multivalued keys. */
  readonly quantifier: 'all' | 'any' | null;
  /** The operator ends in `IfExists`: a missing key fulfils it. */
  readonly ifExists: boolean;
}

/**
 * Parses a `Condition` block (IAM user guide, "condition operators").
 * @throws MalformedPolicyDocument for an operator that is not known: to skip it would widen a permission or lose a denial.
 */
export function parseConditions(block: unknown, where: string): readonly ParsedCondition[] {
  if (typeof block !== 'object' || block === null || Array.isArray(block)) {
    throw new MalformedPolicyDocument(`policy ${where} has a Condition that is no object`);
  }
  return Object.entries(block).flatMap(([written, keys]) => {
    const [, set, operator = '', suffix] =
      /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(written) ?? [];
    const known = operator === 'Null' ? suffix === undefined && set === undefined : Object.hasOwn(OPERATORS, operator);
    if (!known) {
      throw new MalformedPolicyDocument(
        `policy ${where} uses the condition operator ${written}, which the rehearsal does not know`,
      );
    }
    if (typeof keys !== 'object' || keys === null || Array.isArray(keys)) {
      throw new MalformedPolicyDocument(`policy ${where} has no object under the condition operator ${written}`);
    }
    const quantifier = set === undefined ? null : set === 'ForAllValues' ? ('all' as const) : ('any' as const);
    return Object.entries(keys as object).map(([key, given]): ParsedCondition => {
      const values = (Array.isArray(given) ? given : [given]).map(String);
      if (values.length === 0) throw new MalformedPolicyDocument(`policy ${where} compares ${key} with nothing`);
      return { operator, key, values, quantifier, ifExists: suffix !== undefined };
    });
  });
}

/**
 * Tells whether a request fulfils one condition. A missing key fulfils negated operators, `IfExists`, `ForAllValues` and
 * `Null: true`, and fails every other one.
 * @throws Error for a multivalued key without `ForAllValues` or `ForAnyValue`: AWS documents no meaning for that.
 */
export function fulfils(condition: ParsedCondition, context: ConditionContext, variables: boolean): boolean {
  const present = contextValue(context, condition.key);
  if (condition.operator === 'Null') {
    return condition.values.some((value) => (value.toLowerCase() === 'true') === (present === undefined));
  }
  const operator = OPERATORS[condition.operator];
  if (operator === undefined) throw new Error(`condition operator ${condition.operator} is not known`);
  const expected = condition.values.flatMap((value) => {
    const replaced = variables && operator.variables ? replaceVariables(value, context) : value;
    return replaced === null ? [] : [replaced];
  });
  const matches = (actual: string) => {
    const compared = operator.variables ? literalWildcards(actual) : actual;
    return expected.some((value) => operator.matches(value, compared)) !== operator.negated;
  };
  if (condition.quantifier === null) return fulfilsSingle(condition, present, matches, operator.negated);
  const actuals = present === undefined ? [] : [present].flat();
  if (actuals.length === 0) return condition.quantifier === 'all' || condition.ifExists;
  return condition.quantifier === 'all' ? actuals.every(matches) : actuals.some(matches);
}

function fulfilsSingle(
  condition: ParsedCondition,
  present: string | readonly string[] | undefined,
  matches: (actual: string) => boolean,
  negated: boolean,
): boolean {
  if (present === undefined) return negated || condition.ifExists;
  if (typeof present === 'string') return matches(present);
  throw new Error(
    `condition ${condition.operator} on the multivalued key ${condition.key} needs ForAllValues or ForAnyValue`,
  );
}
