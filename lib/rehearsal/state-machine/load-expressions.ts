import { expressionIn, mentionsOf } from './expressions';
import { isJsonObject, type Json } from './json';
import { complain, type Place } from './load-fields';
import { SUPPORTED } from './supported';

/** What a field's expressions may see beyond variables, functions, `$states.input` and the plain context. */
export interface Visible {
  readonly variables: ReadonlySet<string>;
  /** Further members of `$states`. */
  readonly members?: readonly ('result' | 'errorOutput')[];
  /** `$states.context.Map`. */
  readonly item?: boolean;
  /** `$states.context.Task`. */
  readonly token?: boolean;
}

const FUNCTIONS: ReadonlySet<string> = new Set([...SUPPORTED.jsonataFunctions, ...SUPPORTED.addedFunctions]);

/** Checks every expression in a template: syntax, delimiters, variables, functions and paths below `$states`. */
export function checkTemplate(place: Place, template: Json | undefined, field: string, visible: Visible): void {
  if (Array.isArray(template)) {
    for (const [index, element] of template.entries()) {
      checkTemplate(place, element, `${field}[${index}]`, visible);
    }
  } else if (isJsonObject(template)) {
    for (const [key, member] of Object.entries(template)) {
      checkTemplate(place, member, `${field}/${key}`, visible);
    }
  } else if (typeof template === 'string') {
    checkText(place, template, field, visible);
  }
}

/** Assign is an object whose members are templates. */
export function checkAssign(place: Place, assign: Json | undefined, field: string, visible: Visible): void {
  if (assign !== undefined && !isJsonObject(assign)) {
    complain(place, field, 'must be an object of variable names and values');
  }
  checkTemplate(place, assign, field, visible);
}

/** Whether a template has an expression that mentions a path below `$states`. */
export function mentionsPath(template: Json | undefined, path: readonly string[]): boolean {
  if (isJsonObject(template) || Array.isArray(template)) {
    return Object.values(template as Record<string, Json>).some((member) => mentionsPath(member, path));
  }
  const expression = expressionIn(template);
  try {
    return (
      expression !== null &&
      mentionsOf(expression).statesPaths.some((mentioned) => path.every((step, index) => mentioned[index] === step))
    );
  } catch {
    // A syntax error is reported where the field itself is checked.
    return false;
  }
}

function checkText(place: Place, text: string, field: string, visible: Visible): void {
  const expression = expressionIn(text);
  if (expression === null) {
    if (text.trimStart().startsWith('{%') || text.trimEnd().endsWith('%}')) {
      complain(place, field, `an expression begins with {% and ends with %}, got '${text}'`);
    }
    return;
  }
  try {
    checkMentions(place, expression, field, visible);
  } catch (error) {
    const { message } = error as { readonly message?: string };
    complain(place, field, `is no JSONata: ${message}, in '${expression}'`);
  }
}

function checkMentions(place: Place, expression: string, field: string, visible: Visible): void {
  const { variables, statesPaths } = mentionsOf(expression);
  for (const name of variables) {
    if (name === 'eval') {
      complain(place, field, '$eval is not available in Step Functions, use $parse');
    } else if (name !== 'states' && !FUNCTIONS.has(name) && !visible.variables.has(name)) {
      complain(
        place,
        field,
        `$${name} is neither a function nor a variable that a state of this or an outer scope assigns`,
      );
    }
  }
  for (const path of statesPaths) {
    const trouble = troubleWith(path, visible);
    if (trouble !== null) {
      complain(place, field, `$states.${path.join('.')} ${trouble}`);
    }
  }
}

function troubleWith([member, ...below]: readonly string[], visible: Visible): string | null {
  if (member === undefined || member === 'input') {
    return null;
  }
  if (member === 'result' || member === 'errorOutput') {
    return visible.members?.includes(member) ? null : 'is not available in this field';
  }
  if (member !== 'context') {
    return `is not known; $states has ${SUPPORTED.statesVariable.join(', ')}`;
  }
  if (below[0] === 'Map' && visible.item !== true) {
    return 'is only available in an ItemSelector';
  }
  if (below[0] === 'Task' && visible.token !== true) {
    return 'is only available in the Arguments of a task that waits for its token';
  }
  return isContextPath(below) ? null : 'is no member of the context object';
}

/** A known path, a part of one, or something below a known path that holds a value of the user's. */
function isContextPath(path: readonly string[]): boolean {
  return SUPPORTED.context.some((known) => {
    const steps = known.split('.');
    const openEnded = known === 'Execution.Input' || known === 'Map.Item.Value';
    const shared = Math.min(steps.length, path.length);
    return (
      steps.slice(0, shared).every((step, index) => step === path[index]) && (path.length <= steps.length || openEnded)
    );
  });
}
