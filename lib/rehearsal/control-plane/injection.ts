import { AwsFault } from './fault';

/** A fault to inject into calls of one operation. */
export interface Injection {
  /** Signing name of the service, such as `rds`. */
  readonly service: string;
  /** Name of the operation, such as `CopyDBSnapshot`. */
  readonly operation: string;
  /**
   * `throttle`: refused before anything happens, as AWS throttles. `lose-response`: the call takes effect, then its
   * connection breaks. An error: thrown instead of the call. A latency: added before the call, in real milliseconds.
   */
  readonly effect:
    | 'throttle'
    | 'lose-response'
    | { readonly error: { readonly code: string; readonly message?: string; readonly status?: number } }
    | { readonly latencyMs: number };
  /** How many calls are hit, then it is used up; 1 unless given. */
  readonly times?: number;
}

/** Faults that tests want to see, used up call by call. */
export class Injections {
  readonly #pending: { readonly injection: Injection; left: number }[] = [];

  /** Adds a fault; faults of one operation strike in the order of their adding. */
  add(injection: Injection): void {
    this.#pending.push({ injection, left: injection.times ?? 1 });
  }

  /**
   * Takes the next fault for a call and lets it strike, except for a lost response, which only the server can lose.
   *
   * @returns true when the response must be lost after the call took effect
   */
  async strike(service: string, operation: string): Promise<boolean> {
    const found = this.#pending.find(
      ({ injection, left }) => left > 0 && injection.service === service && injection.operation === operation,
    );
    if (!found) return false;
    found.left -= 1;
    const { effect } = found.injection;
    if (effect === 'lose-response') return true;
    if (effect === 'throttle') throw new AwsFault('ThrottlingException', 'Rate exceeded', 400);
    if ('latencyMs' in effect) {
      await new Promise((resolve) => setTimeout(resolve, effect.latencyMs));
      return false;
    }
    throw new AwsFault(effect.error.code, effect.error.message ?? 'injected by a test', effect.error.status ?? 400);
  }
}
