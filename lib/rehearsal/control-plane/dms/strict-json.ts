import { Refusal } from '../fault';
import { invalidValue } from './names';

/** A JSON object whose members nobody has looked at. */
export type Loose = Readonly<Record<string, unknown>>;

/**
 * Parses a JSON document that must be an object.
 *
 * @throws AwsFault `InvalidParameterValueException`
 */
export function parseObject(what: string, text: string): Loose {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidValue(`${what} is not valid JSON`);
  }
  return asObject(what, value);
}

/** A value that must be an object. */
export function asObject(what: string, value: unknown): Loose {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Loose;
  throw invalidValue(`${what} must be an object`);
}

/** Reads the members of an object one by one; what was not read is refused by name at the end. */
export class StrictObject {
  readonly #what: string;
  readonly #values: Loose;
  readonly #read = new Set<string>();

  /** @param what how the object is called in refusals, such as `task settings FullLoadSettings` */
  constructor(what: string, values: unknown) {
    this.#what = what;
    this.#values = values === undefined || values === null ? {} : asObject(what, values);
  }

  /** The value of a member as it stands. */
  value(name: string): unknown {
    this.#read.add(name);
    const value = this.#values[name];
    return value === null ? undefined : value;
  }

  /** A member that is an object of its own. */
  object(name: string): StrictObject {
    return new StrictObject(`${this.#what} ${name}`, this.value(name));
  }

  /** True or false. */
  boolean(name: string, otherwise: boolean): boolean {
    const value = this.value(name) ?? otherwise;
    if (typeof value === 'boolean') return value;
    throw invalidValue(`${name} of ${this.#what} must be true or false`);
  }

  /** A whole number. */
  integer(name: string, otherwise: number): number {
    const value = this.value(name) ?? otherwise;
    if (typeof value === 'number' && Number.isInteger(value)) return value;
    throw invalidValue(`${name} of ${this.#what} must be a whole number`);
  }

  /** A text. */
  text(name: string, otherwise: string): string {
    const value = this.value(name) ?? otherwise;
    if (typeof value === 'string') return value;
    throw invalidValue(`${name} of ${this.#what} must be a text`);
  }

  /** One of several words. */
  choice<T extends string>(name: string, words: readonly T[], otherwise: T): T {
    const value = this.text(name, otherwise);
    const found = words.find((word) => word === value);
    if (found === undefined) throw new Refusal(`${name} ${value} of DMS ${this.#what}`);
    return found;
  }

  /** Members that have no effect in a rehearsal, whatever they say. */
  recordOnly(...names: readonly string[]): void {
    for (const name of names) this.#read.add(name);
  }

  /** Members that may stand there with these values only, because the stand-in knows no others. */
  only(values: Readonly<Record<string, unknown>>): void {
    for (const [name, known] of Object.entries(values)) {
      const value = this.value(name);
      if (value !== undefined && value !== known && value !== '')
        throw new Refusal(`${name} ${JSON.stringify(value)} of DMS ${this.#what}`);
    }
  }

  /** Refuses every member that nobody has read. */
  refuseOthers(): void {
    const unknown = Object.keys(this.#values).find((name) => !this.#read.has(name));
    if (unknown !== undefined) throw new Refusal(`member ${unknown} of DMS ${this.#what}`);
  }
}
