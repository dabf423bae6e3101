import { StateFailure, StateMachineError } from './failure';
import { type Json, PAYLOAD_LIMIT_BYTES } from './json';

/** Longest error and cause of SendTaskFailure, in characters (facts J8). */
const ERROR_LIMIT = 256;
const CAUSE_LIMIT = 32_768;

interface Waiting {
  succeed(output: Json): void;
  fail(failure: StateFailure): void;
}

/**
 * The tokens of tasks that wait for a callback. A token works once; afterwards, and after its task ended otherwise, it is
 * `TaskTimedOut`, and one that was never issued is `InvalidToken`, as in AWS.
 */
export class TaskTokens {
  private readonly open = new Map<string, Waiting>();
  private readonly closed = new Set<string>();
  private readonly machines = new Map<string, string>();

  /** Waits for the token's callback. Rejects with the failure that the callback sends. */
  issue(token: string, machineArn: string): Promise<Json> {
    this.machines.set(token, machineArn);
    return new Promise((succeed, fail) => {
      this.open.set(token, { succeed, fail });
    });
  }

  /** ARN of the machine whose task was given the token, which stays known; null for one that was never issued. */
  machineOf(token: string): string | null {
    return this.machines.get(token) ?? null;
  }

  /** Closes a token whose task ended; later callbacks get `TaskTimedOut`. */
  close(token: string): void {
    this.open.get(token)?.fail(new StateFailure('TaskTimedOut', 'the task ended before its callback'));
    this.open.delete(token);
    this.closed.add(token);
  }

  /** SendTaskSuccess: `output` is JSON text. */
  succeed(token: string, output: string): void {
    const waiting = this.waiting(token);
    const value = parseOutput(output);
    this.open.delete(token);
    this.closed.add(token);
    waiting.succeed(value);
  }

  /** SendTaskFailure. */
  fail(token: string, error = '', cause = ''): void {
    const waiting = this.waiting(token);
    if (error.length > ERROR_LIMIT || cause.length > CAUSE_LIMIT) {
      throw new StateMachineError(
        'ValidationException',
        `a task's error has at most ${ERROR_LIMIT} and its cause at most ${CAUSE_LIMIT} characters, got ${error.length} and ${cause.length}`,
      );
    }
    this.open.delete(token);
    this.closed.add(token);
    waiting.fail(new StateFailure(error, cause));
  }

  /** SendTaskHeartbeat: says whether the task still waits; HeartbeatSeconds itself is refused at load time. */
  heartbeat(token: string): void {
    this.waiting(token);
  }

  private waiting(token: string): Waiting {
    const waiting = this.open.get(token);
    if (waiting !== undefined) {
      return waiting;
    }
    if (this.closed.has(token)) {
      throw new StateMachineError('TaskTimedOut', 'the task of this token has ended or was answered before');
    }
    throw new StateMachineError('InvalidToken', 'no task has this token');
  }
}

function parseOutput(output: string): Json {
  if (Buffer.byteLength(output) > PAYLOAD_LIMIT_BYTES) {
    throw new StateMachineError('InvalidOutput', `a task's output has at most ${PAYLOAD_LIMIT_BYTES} bytes`);
  }
  try {
    return JSON.parse(output) as Json;
  } catch (error) {
    throw new StateMachineError('InvalidOutput', "a task's output must be JSON text", { cause: error });
  }
}
