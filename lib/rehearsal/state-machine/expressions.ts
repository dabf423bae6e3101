import jsonata from 'jsonata';
import { ADDED_FUNCTIONS } from './functions';
import { isJsonObject, type Json, jsonKind, throughJson } from './json';

/** Bound of one evaluation, in milliseconds and in stack frames: an endless expression fails instead of hanging. */
const EVALUATION_BOUNDS = { timeout: 5000, stack: 500 };

const DELIMITED = /^\{%([\s\S]*)%\}$/;

/** What an expression mentions. */
export interface Mentions {
  /** Variables that it does not bind itself, without `$`, functions included. */
  readonly variables: readonly string[];
  /** Names that follow `$states` in each place, such as `['context', 'Execution', 'Id']`. */
  readonly statesPaths: readonly (readonly string[])[];
}

/** Evaluation failed; the interpreter turns it into `States.QueryEvaluationError`. */
export class QueryProblem extends Error {
  override readonly name = 'QueryProblem';

  /** `location` is the field below the state, such as `Arguments/Input`. */
  constructor(
    readonly location: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const compiled = new Map<string, jsonata.Expression>();

/** The JSONata text inside `{% … %}`, or null for every other value. */
export function expressionIn(value: unknown): string | null {
  const match = typeof value === 'string' ? DELIMITED.exec(value) : null;
  return match === null ? null : (match[1] ?? '').trim();
}

/** Parses an expression and says what it mentions; throws what jsonata throws on a syntax error. */
export function mentionsOf(expression: string): Mentions {
  const variables = new Set<string>();
  const bound = new Set<string>();
  const statesPaths: string[][] = [];
  walk(compile(expression).ast(), variables, bound, statesPaths);
  return { variables: [...variables].filter((name) => !bound.has(name)), statesPaths };
}

/**
 * Evaluates every expression in a template and passes the rest through. Throws a QueryProblem when one fails, yields
 * nothing (undefined) or yields what is no JSON.
 */
export async function evaluateTemplate(
  template: Json,
  bindings: Readonly<Record<string, unknown>>,
  location: string,
): Promise<Json> {
  const expression = expressionIn(template);
  if (expression !== null) {
    return evaluate(expression, bindings, location);
  }
  if (Array.isArray(template)) {
    const values: Json[] = [];
    for (const [index, element] of template.entries()) {
      values.push(await evaluateTemplate(element, bindings, `${location}[${index}]`));
    }
    return values;
  }
  if (!isJsonObject(template)) {
    return template;
  }
  const members: Record<string, Json> = {};
  for (const [key, member] of Object.entries(template)) {
    members[key] = await evaluateTemplate(member, bindings, `${location}/${key}`);
  }
  return members;
}

/** Refuses a value of another kind than the field takes, in the words of Step Functions. */
export function unexpectedKind(template: Json, location: string, expected: string, value: Json): QueryProblem {
  return new QueryProblem(
    location,
    `The JSONata expression '${expressionIn(template) ?? String(template)}' specified for the field '${location}' returned an ` +
      `unexpected result type. Expected '${expected}', but was '${jsonKind(value)}' for value: ${JSON.stringify(value)}`,
  );
}

async function evaluate(
  expression: string,
  bindings: Readonly<Record<string, unknown>>,
  location: string,
): Promise<Json> {
  const about = `The JSONata expression '${expression}' specified for the field '${location}'`;
  let value: unknown;
  try {
    value = await compile(expression).evaluate(undefined, { ...bindings });
  } catch (error) {
    throw new QueryProblem(location, `${about} threw an error during evaluation. ${textOf(error)}`, { cause: error });
  }
  if (value === undefined) {
    throw new QueryProblem(location, `${about} returned nothing (undefined).`);
  }
  try {
    return throughJson(value);
  } catch (error) {
    throw new QueryProblem(location, `${about} returned what is no JSON. ${textOf(error)}`, { cause: error });
  }
}

function compile(expression: string): jsonata.Expression {
  const known = compiled.get(expression);
  if (known !== undefined) {
    return known;
  }
  const fresh = jsonata(expression, EVALUATION_BOUNDS);
  for (const [name, implementation, signature] of ADDED_FUNCTIONS) {
    fresh.registerFunction(name, implementation as (...args: unknown[]) => unknown, signature);
  }
  compiled.set(expression, fresh);
  return fresh;
}

/** jsonata throws plain objects that carry a code and a message. */
function textOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) {
    return 'code' in error ? `${String(error.code)}: ${String(error.message)}` : String(error.message);
  }
  return String(error);
}

/** Collects mentions from jsonata's tree; ends because the tree is finite. */
function walk(node: unknown, variables: Set<string>, bound: Set<string>, statesPaths: string[][]): void {
  if (Array.isArray(node)) {
    for (const child of node) {
      walk(child, variables, bound, statesPaths);
    }
    return;
  }
  if (typeof node !== 'object' || node === null || node instanceof RegExp) {
    return;
  }
  const { type, value, steps, focus, index, lhs } = node as Record<string, unknown>;
  if (type === 'variable' && typeof value === 'string' && value !== '' && value !== '$') {
    variables.add(value);
  }
  if (type === 'path' && Array.isArray(steps)) {
    collectStatesPath(steps, statesPaths);
  }
  collectBindings(node as Record<string, unknown>, [focus, index, type === 'index' ? value : null], lhs, bound);
  for (const child of Object.values(node)) {
    walk(child, variables, bound, statesPaths);
  }
}

function collectStatesPath(steps: readonly unknown[], statesPaths: string[][]): void {
  const [first, ...rest] = steps as readonly { type?: string; value?: unknown }[];
  if (first?.type !== 'variable' || first.value !== 'states') {
    return;
  }
  const path: string[] = [];
  for (const step of rest) {
    if (step.type !== 'name') {
      break;
    }
    path.push(String(step.value));
  }
  statesPaths.push(path);
}

function collectBindings(
  node: Record<string, unknown>,
  named: readonly unknown[],
  lhs: unknown,
  bound: Set<string>,
): void {
  for (const name of named) {
    if (typeof name === 'string') {
      bound.add(name);
    }
  }
  const parameters = node.type === 'lambda' ? node.arguments : node.type === 'bind' ? [lhs] : [];
  for (const parameter of Array.isArray(parameters) ? parameters : []) {
    bound.add(String((parameter as { value?: unknown }).value));
  }
}
