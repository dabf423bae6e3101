import { isObject, type Json, type JsonObject } from '../../cloudformation/json';

/** What a target is sent for an event. */
export type TargetInput = (event: JsonObject) => string;

/**
 * Reads what a target of a rule is sent: the event itself, a constant `Input`, or what its `InputTransformer` makes of it. A placeholder inside quotes becomes the
 * value's text, elsewhere its JSON (EventBridge user guide, "Input transformation"). Plain paths such as `$.detail.name` are
 * known; whatever else is refused.
 *
 * @throws Error naming what is not known
 */
export function readTargetInput(target: JsonObject): TargetInput {
  const { Input: constant, InputTransformer: transformer } = target;
  if (constant !== undefined) {
    if (typeof constant !== 'string' || transformer !== undefined) {
      throw new Error('a target has a text Input or an InputTransformer, not both');
    }
    return () => constant;
  }
  if (transformer === undefined) return (event) => JSON.stringify(event);
  if (!isObject(transformer)) throw new Error('an InputTransformer must be an object');
  const { InputPathsMap: paths = {}, InputTemplate: template, ...others } = transformer;
  if (!isObject(paths) || typeof template !== 'string' || Object.keys(others).length > 0) {
    throw new Error('an InputTransformer has an InputPathsMap and a text InputTemplate and nothing else');
  }
  const read = Object.entries(paths).map(([name, path]) => [name, readPath(path)] as const);
  return (event) => {
    const values = new Map(read.map(([name, valueIn]) => [name, valueIn(event)]));
    return render(template, values);
  };
}

function readPath(path: Json): (event: JsonObject) => Json | undefined {
  if (typeof path !== 'string' || !/^\$(\.[A-Za-z][\w-]*)+$/.test(path)) {
    throw new Error(`the path ${JSON.stringify(path)} is not known to the rehearsal, only such as $.detail.name`);
  }
  const names = path.split('.').slice(1);
  return (event) => names.reduce<Json | undefined>((value, name) => (isObject(value) ? value[name] : undefined), event);
}

function render(template: string, values: ReadonlyMap<string, Json | undefined>): string {
  let quoted = false;
  return template.replace(/\\.|"|<([\w.-]+)>/g, (whole, name: string | undefined) => {
    if (whole === '"') quoted = !quoted;
    if (name === undefined) return whole;
    if (!values.has(name)) throw new Error(`the placeholder <${name}> has no path`);
    // A path that finds nothing is empty.
    const value = values.get(name) ?? '';
    return quoted && typeof value === 'string' ? JSON.stringify(value).slice(1, -1) : JSON.stringify(value);
  });
}
