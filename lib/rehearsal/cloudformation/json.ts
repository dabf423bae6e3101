/** Any JSON value, as templates and resource properties carry it. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Tells whether a value is a JSON object: no array, not null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Tells whether two JSON values are equal; the order of keys does not matter, the order of items does. */
export function sameJson(left: Json | undefined, right: Json | undefined): boolean {
  return canonical(left) === canonical(right);
}

/** JSON text with sorted keys: equal values give equal texts. */
export function canonical(value: Json | undefined): string {
  return JSON.stringify(value ?? null, (_key, item: unknown) => {
    if (!isObject(item)) return item;
    return Object.fromEntries(
      Object.keys(item)
        .sort()
        .map((key) => [key, item[key]]),
    );
  });
}

/** Keys whose values differ between two objects, in the order of the left one and then of the right one. */
export function changedKeys(left: JsonObject, right: JsonObject): string[] {
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].filter((key) => !(key in left && key in right && sameJson(left[key], right[key])));
}
