import { type ParsedCondition, parseConditions } from './conditions';
import { MalformedPolicyDocument } from './malformed-policy-document';

/** A checked policy document. */
export interface PolicyDocument {
  /** Where it comes from, for reasons: such as `inline policy Access of role run`. */
  readonly name: string;
  readonly statements: readonly Statement[];
}

/** A checked statement; lists are never empty. */
export interface Statement {
  /** Its `Sid`, else `#n`. */
  readonly label: string;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: Patterns;
  /** Null in trust policies, which are about their own role. */
  readonly resources: Patterns | null;
  /** Null in identity policies, whose principal is their owner. */
  readonly principals: Principals | null;
  readonly conditions: readonly ParsedCondition[];
  /** Whether `${…}` is a policy variable: from version 2012-10-17. */
  readonly variables: boolean;
}

/** `Action` or `NotAction`, `Resource` or `NotResource`. */
export interface Patterns {
  readonly patterns: readonly string[];
  readonly negated: boolean;
}

/** `Principal` or `NotPrincipal`: `*` stands under `AWS`. */
export interface Principals {
  readonly aws: readonly string[];
  readonly services: readonly string[];
  readonly negated: boolean;
}

/** What a policy is attached to decides which elements it must have. */
export type PolicyKind = 'identity' | 'resource' | 'trust';

const ELEMENTS = [
  'Sid',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Principal',
  'NotPrincipal',
  'Condition',
];

/**
 * Parses a policy document strictly (IAM user guide, "IAM JSON policy elements reference").
 * @throws Error, named `MalformedPolicyDocument`, for unknown elements, versions, principals and condition operators: they would else be
 * silently ignored.
 */
export function parsePolicyDocument(document: unknown, name: string, kind: PolicyKind): PolicyDocument {
  const root = object(document, name);
  refuseUnknown(root, ['Version', 'Id', 'Statement'], name);
  const version = root.Version ?? '2008-10-17';
  if (version !== '2012-10-17' && version !== '2008-10-17') {
    throw malformed(name, `has the version ${JSON.stringify(version)}; use 2012-10-17`);
  }
  const statements = Array.isArray(root.Statement) ? root.Statement : [root.Statement];
  if (root.Statement === undefined || statements.length === 0) throw malformed(name, 'has no Statement');
  return {
    name,
    statements: statements.map((statement, index) =>
      parseStatement(object(statement, `${name}, statement #${index + 1}`), `#${index + 1}`, {
        name,
        kind,
        variables: version === '2012-10-17',
      }),
    ),
  };
}

function parseStatement(
  value: Readonly<Record<string, unknown>>,
  position: string,
  { name, kind, variables }: { readonly name: string; readonly kind: PolicyKind; readonly variables: boolean },
): Statement {
  const label = typeof value.Sid === 'string' && value.Sid !== '' ? value.Sid : position;
  const where = `${name}, statement ${label}`;
  refuseUnknown(value, ELEMENTS, where);
  if (value.Effect !== 'Allow' && value.Effect !== 'Deny') throw malformed(where, 'needs the Effect Allow or Deny');
  const actions = patterns(value, 'Action', where);
  if (actions === null) throw malformed(where, 'needs Action or NotAction');
  const wrong = actions.patterns.find((action) => action !== '*' && !/^[a-z0-9-]+:[A-Za-z0-9*?]+$/i.test(action));
  if (wrong !== undefined) throw malformed(where, `has the action '${wrong}', which is not <service>:<action>`);
  const resources = patterns(value, 'Resource', where);
  if ((resources === null) !== (kind === 'trust')) {
    throw malformed(
      where,
      kind === 'trust' ? 'is a trust policy and has no Resource' : 'needs Resource or NotResource',
    );
  }
  const principals = parsePrincipals(value, where);
  if ((principals === null) !== (kind === 'identity')) {
    throw malformed(where, kind === 'identity' ? 'may have no Principal' : 'needs Principal or NotPrincipal');
  }
  const conditions = parseConditions(value.Condition ?? {}, where);
  return { label, effect: value.Effect, actions, resources, principals, conditions, variables };
}

function patterns(value: Readonly<Record<string, unknown>>, element: string, where: string): Patterns | null {
  const positive = value[element];
  const negative = value[`Not${element}`];
  if (positive !== undefined && negative !== undefined) throw malformed(where, `has both ${element} and Not${element}`);
  if (positive === undefined && negative === undefined) return null;
  return { patterns: strings(positive ?? negative, `${element} of ${where}`), negated: positive === undefined };
}

function parsePrincipals(value: Readonly<Record<string, unknown>>, where: string): Principals | null {
  if (value.Principal !== undefined && value.NotPrincipal !== undefined) {
    throw malformed(where, 'has both Principal and NotPrincipal');
  }
  const given = value.Principal ?? value.NotPrincipal;
  if (given === undefined) return null;
  const negated = value.Principal === undefined;
  if (negated && value.Effect === 'Allow') {
    throw malformed(where, 'uses NotPrincipal with Allow, which lets everybody else in');
  }
  if (given === '*') return { aws: ['*'], services: [], negated };
  const members = object(given, `Principal of ${where}`);
  refuseUnknown(members, ['AWS', 'Service'], `Principal of ${where}`);
  const read = (key: string) => (members[key] === undefined ? [] : strings(members[key], `Principal of ${where}`));
  return { aws: read('AWS'), services: read('Service'), negated };
}

function strings(value: unknown, what: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0 || !list.every((item) => typeof item === 'string')) {
    throw malformed(what, `must be a string or a list of strings, got ${JSON.stringify(value)}`);
  }
  return list as readonly string[];
}

function object(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(what, 'must be an object');
  return value as Readonly<Record<string, unknown>>;
}

function refuseUnknown(value: Readonly<Record<string, unknown>>, known: readonly string[], where: string): void {
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw malformed(where, `has unknown elements: ${unknown.join(', ')}`);
}

function malformed(where: string, problem: string): MalformedPolicyDocument {
  return new MalformedPolicyDocument(`policy ${where} ${problem}`);
}
