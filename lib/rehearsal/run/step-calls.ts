/** What the functions were asked and what they answered, as the interpreter saw it: phases, checks and figures come from here. */

/** One invocation of a step by a state machine. */
export interface StepCall {
  readonly step: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Its answer; undefined when it failed. */
  readonly output: unknown;
  /** Name and text of its failure; null when it answered. */
  readonly failure: { readonly error: string; readonly cause: string } | null;
}

/** Every invocation of a run, in the order of their ends. */
export class StepCalls {
  private readonly calls: StepCall[] = [];

  /** Called with every invocation as it ends. */
  constructor(private readonly onCall: (call: StepCall) => void) {}

  /** Runs an invocation and notes it, whatever its end. */
  async note(step: string, invoke: () => Promise<unknown>): Promise<unknown> {
    const startedAt = Date.now();
    const end = (output: unknown, failure: StepCall['failure']) => {
      const call = { step, startedAt, endedAt: Date.now(), output, failure };
      this.calls.push(call);
      this.onCall(call);
    };
    try {
      const output = await invoke();
      end(output, null);
      return output;
    } catch (error) {
      const { name, cause } = error as { name?: string; cause?: unknown };
      end(undefined, { error: name ?? 'unknown', cause: typeof cause === 'string' ? cause : String(error) });
      throw error;
    }
  }

  /** Every invocation so far. */
  all(): readonly StepCall[] {
    return [...this.calls];
  }

  /** The latest answer of a step; undefined when it never answered. */
  latest(step: string): unknown {
    return this.calls.filter((call) => call.step === step && call.failure === null).at(-1)?.output;
  }
}
