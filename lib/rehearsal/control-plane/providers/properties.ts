import { isObject, type Json, type JsonObject } from '../../cloudformation/json';
import type { ProviderContext } from '../../cloudformation/provider';

/**
 * Reads the properties of a resource and remembers which were read, so that whatever a provider does not know is refused:
 * a property that is silently ignored here would take effect on AWS.
 */
export class Properties {
  readonly #context: Pick<ProviderContext, 'logicalId'>;
  readonly #values: JsonObject;
  readonly #read = new Set<string>();

  /** @param values the resource's own properties unless those of a nested object are given */
  constructor(context: Pick<ProviderContext, 'logicalId' | 'properties'>, values: JsonObject = context.properties) {
    this.#context = context;
    this.#values = values;
  }

  /** A text, or undefined. */
  text(name: string): string | undefined {
    const value = this.#take(name);
    if (value === undefined || value === '') return undefined;
    if (typeof value === 'string' || typeof value === 'number') return String(value);
    throw this.#wrong(name, 'a text', value);
  }

  /** A text that must be there. */
  requiredText(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw this.#wrong(name, 'a text that is not empty', null);
    return value;
  }

  /** A number, or a text that spells one, as templates do; or undefined. */
  number(name: string): number | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    const number = typeof value === 'string' && value !== '' ? Number(value) : value;
    if (typeof number === 'number' && Number.isFinite(number)) return number;
    throw this.#wrong(name, 'a number', value);
  }

  /** True or false, or a text that spells it; or undefined. */
  boolean(name: string): boolean | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    throw this.#wrong(name, 'true or false', value);
  }

  /** A list of texts, or undefined. */
  texts(name: string): readonly string[] | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value as readonly string[];
    throw this.#wrong(name, 'a list of texts', value);
  }

  /** An object, or undefined. */
  object(name: string): JsonObject | undefined {
    const value = this.#take(name);
    if (value === undefined || isObject(value)) return value;
    throw this.#wrong(name, 'an object', value);
  }

  /** The resource's tags with those of its stack; its own win. */
  tags(stackTags: Readonly<Record<string, string>>): Map<string, string> {
    const tags = new Map(Object.entries(stackTags));
    const own = this.#take('Tags') ?? [];
    if (!Array.isArray(own)) throw this.#wrong('Tags', 'a list', own);
    for (const tag of own as readonly Json[]) {
      if (!isObject(tag) || typeof tag.Key !== 'string') throw this.#wrong('Tags', 'a list of keys and values', null);
      tags.set(tag.Key, String(tag.Value ?? ''));
    }
    return tags;
  }

  /** Accepts properties that are recorded by the stack and have no effect in a rehearsal. */
  recordOnly(...names: readonly string[]): void {
    for (const name of names) this.#read.add(name);
  }

  /** Throws for the first property that nobody has read; call it last. */
  refuseOthers(): void {
    const unknown = Object.keys(this.#values).find((name) => !this.#read.has(name));
    if (unknown === undefined) return;
    throw new Error(`property ${unknown} of ${this.#context.logicalId} is not known to the rehearsal`);
  }

  #take(name: string): Json | undefined {
    this.#read.add(name);
    return this.#values[name];
  }

  /** The value stays out of the text unless it is harmless: it may hold a secret. */
  #wrong(name: string, wanted: string, value: Json): Error {
    const kind = value === null ? 'nothing' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
    return new Error(`property ${name} of ${this.#context.logicalId} must be ${wanted}, got ${kind}`);
  }
}

/** Tags that CloudFormation puts on what it makes. */
export function cloudFormationTags(context: ProviderContext): Record<string, string> {
  return {
    'aws:cloudformation:stack-name': context.stackName,
    'aws:cloudformation:logical-id': context.logicalId,
    'aws:cloudformation:stack-id': context.stackId,
    ...context.stackTags,
  };
}
