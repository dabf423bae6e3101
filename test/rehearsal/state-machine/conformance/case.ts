import type { Functions } from '../interpreter';

/** One promise of the documentation, and the entries of `SUPPORTED` that it covers. */
export interface Case {
  readonly covers: readonly string[];
  readonly promise: string;
  readonly states: Readonly<Record<string, unknown>>;
  /** Further fields of the machine. */
  readonly machine?: Readonly<Record<string, unknown>>;
  readonly input?: unknown;
  readonly functions?: Functions;
  /** The execution's output, or the error that it fails with. */
  readonly output?: unknown;
  readonly error?: string;
}
