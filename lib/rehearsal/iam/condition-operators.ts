import { BlockList, isIP } from 'node:net';
import { literalWildcards } from './policy-variables';
import { matchesWildcard } from './wildcard';

/** How an operator compares one value of a policy with one of the request. */
export interface ConditionOperator {
  readonly matches: (expected: string, actual: string) => boolean;
  /** `…Not…`: fulfilled when no value of the policy matches, and when the key is missing. */
  readonly negated: boolean;
  /** Whether policy variables are replaced in the policy's values. */
  readonly variables: boolean;
}

const string = { negated: false, variables: true };
const plain = { negated: false, variables: false };

/** Wildcards are characters here, whether they come from the policy, a variable or the request. */
const equals = (expected: string, actual: string) => literalWildcards(expected) === literalWildcards(actual);
const equalsIgnoringCase = (expected: string, actual: string) => equals(expected.toLowerCase(), actual.toLowerCase());

/** Compares the six parts of two ARNs one by one, so that a wildcard never reaches over a colon (IAM user guide, ARN operators). */
function matchesArn(expected: string, actual: string): boolean {
  const wanted = arnParts(expected);
  const parts = arnParts(actual);
  return (
    wanted.length === 6 &&
    parts.length === 6 &&
    wanted.every((part, index) => matchesWildcard(part, parts[index] ?? ''))
  );
}

function arnParts(arn: string): string[] {
  const parts = arn.split(':');
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
}

function compareNumbers(compare: (actual: number, expected: number) => boolean) {
  return (expected: string, actual: string) => compare(toNumber(actual), toNumber(expected));
}

function toNumber(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

function compareDates(compare: (actual: number, expected: number) => boolean) {
  return (expected: string, actual: string) => compare(toTime(actual), toTime(expected));
}

/** Milliseconds of an ISO date or of seconds since the epoch. */
function toTime(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text);
}

function matchesAddress(expected: string, actual: string): boolean {
  const [network = '', prefix] = expected.split('/');
  const family = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
  if (isIP(network) === 0 || isIP(actual) === 0) return false;
  const list = new BlockList();
  if (prefix === undefined) list.addAddress(network, family(network));
  else list.addSubnet(network, Number(prefix), family(network));
  return list.check(actual, family(actual));
}

/** Every operator that the evaluation knows but `Null`, by its name without quantifier and `IfExists`. */
export const OPERATORS: Readonly<Record<string, ConditionOperator>> = {
  StringEquals: { ...string, matches: equals },
  StringNotEquals: { ...string, negated: true, matches: equals },
  StringEqualsIgnoreCase: { ...string, matches: equalsIgnoringCase },
  StringNotEqualsIgnoreCase: { ...string, negated: true, matches: equalsIgnoringCase },
  StringLike: { ...string, matches: matchesWildcard },
  StringNotLike: { ...string, negated: true, matches: matchesWildcard },
  ArnEquals: { ...string, matches: matchesArn },
  ArnLike: { ...string, matches: matchesArn },
  ArnNotEquals: { ...string, negated: true, matches: matchesArn },
  ArnNotLike: { ...string, negated: true, matches: matchesArn },
  Bool: { ...plain, matches: equalsIgnoringCase },
  NumericEquals: { ...plain, matches: compareNumbers((actual, expected) => actual === expected) },
  NumericNotEquals: { ...plain, negated: true, matches: compareNumbers((actual, expected) => actual === expected) },
  NumericLessThan: { ...plain, matches: compareNumbers((actual, expected) => actual < expected) },
  NumericLessThanEquals: { ...plain, matches: compareNumbers((actual, expected) => actual <= expected) },
  NumericGreaterThan: { ...plain, matches: compareNumbers((actual, expected) => actual > expected) },
  NumericGreaterThanEquals: { ...plain, matches: compareNumbers((actual, expected) => actual >= expected) },
  DateEquals: { ...plain, matches: compareDates((actual, expected) => actual === expected) },
  DateNotEquals: { ...plain, negated: true, matches: compareDates((actual, expected) => actual === expected) },
  DateLessThan: { ...plain, matches: compareDates((actual, expected) => actual < expected) },
  DateLessThanEquals: { ...plain, matches: compareDates((actual, expected) => actual <= expected) },
  DateGreaterThan: { ...plain, matches: compareDates((actual, expected) => actual > expected) },
  DateGreaterThanEquals: { ...plain, matches: compareDates((actual, expected) => actual >= expected) },
  IpAddress: { ...plain, matches: matchesAddress },
  NotIpAddress: { ...plain, negated: true, matches: matchesAddress },
};
