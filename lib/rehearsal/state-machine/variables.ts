import { StateFailure } from './failure';
import { type Json, jsonBytes } from './json';
import { ERROR_NAMES } from './supported';

/** Step Functions' limit on all variables that a state can see, in bytes. */
const VARIABLES_LIMIT_BYTES = 10_485_760;

/**
 * The variables of one block. Inner scopes read outer ones; they never assign them, because the loader refuses a name
 * that an outer scope assigns (developer guide, "Passing data between states with variables").
 */
export class VariableScope {
  private own: Readonly<Record<string, Json>> = {};

  /** A scope inside `outer`; without it the machine's own. */
  constructor(private readonly outer?: VariableScope) {}

  /** Every visible variable, by its name without `$`. */
  visible(): Readonly<Record<string, Json>> {
    return { ...this.outer?.visible(), ...this.own };
  }

  /** Assigns all values at once; throws `States.DataLimitExceeded` when the variables grow beyond 10 MiB. */
  assign(values: Readonly<Record<string, Json>>): void {
    const next = { ...this.own, ...values };
    if (jsonBytes({ ...this.outer?.visible(), ...next }) > VARIABLES_LIMIT_BYTES) {
      throw new StateFailure(ERROR_NAMES.dataLimitExceeded, `the variables exceed ${VARIABLES_LIMIT_BYTES} bytes`);
    }
    this.own = next;
  }
}
