import { validationError } from './cloudformation-error';
import { resolve, type Scope } from './intrinsics';
import { canonical, isObject, type Json, type JsonObject } from './json';

/**
 * Makes the evaluator of a template's named conditions, each evaluated once.
 * @throws (when called) ValidationError for an unknown condition, a circle of conditions, an unknown function, or a reference
 * to a resource: conditions see parameters only.
 */
export function conditionEvaluator(conditions: JsonObject, scope: () => Scope): (name: string) => boolean {
  const known = new Map<string, boolean | 'evaluating'>();
  return (name) => {
    const before = known.get(name);
    if (before === 'evaluating') throw validationError(`Circular dependency between conditions: [${name}]`);
    if (before !== undefined) return before;
    const expression = conditions[name];
    if (expression === undefined) throw validationError(`Unresolved condition ${name} is not defined in Conditions`);
    known.set(name, 'evaluating');
    const value = evaluateCondition(expression, scope(), `Conditions.${name}`);
    known.set(name, value);
    return value;
  };
}

/** Evaluates one condition expression: `Fn::Equals`, `Fn::And`, `Fn::Or`, `Fn::Not`, `Fn::Contains`, `Condition`. */
export function evaluateCondition(expression: Json, scope: Scope, path: string): boolean {
  const [name, ...others] = isObject(expression) ? Object.keys(expression) : [];
  if (!isObject(expression) || name === undefined || others.length > 0) {
    throw validationError(`[${path}] must be one condition function, got ${canonical(expression)}`);
  }
  const args = expression[name] ?? null;
  const evaluate = (item: Json, index: number) => evaluateCondition(item, scope, `${path}.${name}[${index}]`);
  switch (name) {
    case 'Condition':
      if (typeof args !== 'string') throw validationError(`[${path}.Condition] must be the name of a condition`);
      return scope.condition(args);
    case 'Fn::And':
      return operands(args, 2, 10, `${path}.${name}`).map(evaluate).every(Boolean);
    case 'Fn::Or':
      return operands(args, 2, 10, `${path}.${name}`).map(evaluate).some(Boolean);
    case 'Fn::Not':
      return !operands(args, 1, 1, `${path}.${name}`).map(evaluate)[0];
    case 'Fn::Equals': {
      const [left, right] = operands(args, 2, 2, `${path}.${name}`);
      return comparable(left, scope, `${path}.${name}[0]`) === comparable(right, scope, `${path}.${name}[1]`);
    }
    case 'Fn::Contains': {
      const [items, wanted] = operands(args, 2, 2, `${path}.${name}`);
      const list = resolve(items ?? null, scope, `${path}.${name}[0]`);
      if (!Array.isArray(list)) throw validationError(`[${path}.${name}[0]] must be a list`);
      return list.includes(comparable(wanted, scope, `${path}.${name}[1]`));
    }
    default:
      throw validationError(`[${path}] uses ${name}, which is no condition function that the rehearsal knows`);
  }
}

function operands(args: Json, least: number, most: number, path: string): readonly Json[] {
  if (!Array.isArray(args) || args.length < least || args.length > most) {
    throw validationError(`[${path}] needs ${least === most ? least : `${least} to ${most}`} operands`);
  }
  return args;
}

/** CloudFormation compares strings: numbers and booleans by their text. */
function comparable(value: Json | undefined, scope: Scope, path: string): string {
  const resolved = resolve(value ?? null, scope, path);
  if (resolved === undefined || resolved === null) throw validationError(`[${path}] has no value to compare`);
  return typeof resolved === 'object' ? canonical(resolved) : String(resolved);
}
