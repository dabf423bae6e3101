import { AwsFault } from '../fault';
import type { Place } from '../place';

/** A parameter with all its versions; the last one is what a name without a version means. */
export interface Parameter {
  readonly name: string;
  readonly arn: string;
  readonly type: 'String' | 'SecureString' | 'StringList';
  /** By their number less one: numbers begin with 1 and have no gaps. */
  readonly versions: string[];
}

/** The account's parameters. */
export class Parameters {
  readonly #parameters = new Map<string, Parameter>();

  /** @param place where they live, for their ARNs */
  constructor(readonly place: Place) {}

  /** Makes a parameter, as its owner would before the migration. */
  create(name: string, value: string, type: Parameter['type'] = 'String'): Parameter {
    const parameter = { name, arn: this.arnOf(name), type, versions: [value] };
    this.#parameters.set(name, parameter);
    return parameter;
  }

  /** ARN of a name, whether the parameter exists or not; a leading slash is not doubled. */
  arnOf(name: string): string {
    return `arn:aws:ssm:${this.place.region}:${this.place.account}:parameter/${name.replace(/^\//, '')}`;
  }

  /** Finds a parameter; throws `ParameterNotFound`. */
  get(name: string): Parameter {
    const found = this.#parameters.get(name);
    if (!found) throw new AwsFault('ParameterNotFound', 'the parameter does not exist');
    return found;
  }

  /** The value of a version, the latest without a number; throws `ParameterVersionNotFound`. */
  value(
    parameter: Parameter,
    version = parameter.versions.length,
  ): { readonly value: string; readonly version: number } {
    const value = parameter.versions[version - 1];
    if (value === undefined) {
      throw new AwsFault(
        'ParameterVersionNotFound',
        `Systems Manager could not find version ${version} of ${parameter.name}.`,
      );
    }
    return { value, version };
  }

  /** Adds a version, without any condition; returns its number. */
  put(parameter: Parameter, value: string): number {
    return parameter.versions.push(value);
  }
}
