import { randomUUID } from 'node:crypto';
import type { Chaos, Invocation } from './chaos';
import { crashed, notFound, throttled } from './function-error';
import { Gate } from './gate';
import { Sandbox } from './sandbox';

/** One line that a function wrote. */
export interface LogLine {
  readonly functionName: string;
  /** Null for what was written while the bundle loaded. */
  readonly requestId: string | null;
  readonly stream: 'stdout' | 'stderr';
  readonly line: string;
}

/** A function to register, as its template describes it. */
export interface LocalFunctionProps {
  readonly arn: string;
  readonly name: string;
  /** Directory of the bundle: an asset of `cdk.out`. */
  readonly codeDirectory: string;
  /** File and export, such as `index.handler`. */
  readonly handler: string;
  /** The function's environment, tokens resolved. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  /** @default unlimited */
  readonly reservedConcurrency?: number;
  readonly roleArn: string;
}

/** What the runtime is given of its surroundings. */
export interface LambdaRuntimeOptions {
  /**
   * Environment beside the function's own, which it overrides: endpoint, region, and credentials that tell the control
   * plane the function's role.
   */
  extraEnvironment(fn: LocalFunctionProps): Readonly<Record<string, string>>;
  /** `address:port` of the VPC's resolver. @default the system's resolver */
  readonly nameServer?: string;
  /**
   * Sees every line of every function.
   * @default lines are dropped
   */
  onLog?(line: LogLine): void;
  /**
   * Told after each invocation how many bytes the function's thread held at most; threads that it starts itself are not counted.
   * @default nobody looks
   */
  onMemory?(functionName: string, bytes: number): void;
  /**
   * Decides before each invocation whether it goes wrong.
   * @default nothing goes wrong
   */
  onInvoke?(invocation: Invocation): Chaos | undefined;
}

/** Lambda on this machine. */
export interface LambdaRuntime {
  /** Makes a function known; nothing is loaded before the first invocation. */
  register(props: LocalFunctionProps): void;
  /**
   * Invokes a function by its ARN, with or without a qualifier, or by its name; resolves with the JSON value that it
   * answers, rejects with a FunctionError. When the signal aborts the call rejects with its reason, and the invocation
   * goes on unseen until it ends or times out, as in AWS, where StopExecution stops no Lambda.
   */
  invoke(arn: string, payload: unknown, options?: { readonly signal?: AbortSignal }): Promise<unknown>;
  /** Kills every worker, running or idle; invocations under way fail as crashes, later ones are refused. */
  close(): Promise<void>;
}

interface LocalFunction {
  readonly props: LocalFunctionProps;
  readonly idle: Sandbox[];
  readonly all: Set<Sandbox>;
  count: number;
  busy: number;
}

/** Makes a runtime without functions. */
export function createLambdaRuntime(options: LambdaRuntimeOptions): LambdaRuntime {
  const functions = new Map<string, LocalFunction>();
  let closed = false;
  return {
    register: (props) => {
      const fn: LocalFunction = { props, idle: [], all: new Set(), count: 0, busy: 0 };
      functions.set(props.arn, fn);
      functions.set(props.name, fn);
    },
    invoke: (arn, payload, { signal } = {}) => {
      const fn = functions.get(arn) ?? functions.get(unqualified(arn));
      if (fn === undefined || closed) {
        return Promise.reject(notFound(arn));
      }
      return signal?.aborted ? Promise.reject(signal.reason) : untilAborted(answer(fn, payload, options), signal);
    },
    close: async () => {
      closed = true;
      await Promise.all([...functions.values()].flatMap((fn) => [...fn.all].map((sandbox) => sandbox.kill())));
    },
  };
}

/** Invokes a function as chaos wants it and parses the answer. */
async function answer(fn: LocalFunction, payload: unknown, options: LambdaRuntimeOptions): Promise<unknown> {
  fn.count += 1;
  const text = JSON.stringify(payload) ?? 'null';
  const seen = JSON.parse(text);
  const chaos = options.onInvoke?.({ functionName: fn.props.name, count: fn.count, payload: seen });
  return JSON.parse(await invokeWith(chaos, fn, text, options));
}

async function invokeWith(
  chaos: Chaos | undefined,
  fn: LocalFunction,
  payload: string,
  options: LambdaRuntimeOptions,
): Promise<string> {
  if (chaos === 'twice') {
    await Promise.allSettled([run(fn, payload, options)]);
    return run(fn, payload, options);
  }
  if (chaos === 'twice-at-once') {
    const gate = new Gate(2);
    const both = [run(fn, payload, options, { gate }), run(fn, payload, options, { gate })] as const;
    await Promise.allSettled(both);
    return both[0];
  }
  if (chaos === 'kill-after-effect') {
    return run(fn, payload, options, { losesAnswer: true });
  }
  if (chaos?.kill === 'before') {
    throw crashed(randomUUID(), 'with error: signal: killed');
  }
  return run(fn, payload, options, { killAfterMs: chaos?.ms });
}

/** How one run of the handler differs from a plain one. */
interface RunProps {
  readonly killAfterMs?: number;
  /** The worker is killed after the handler has completed. */
  readonly losesAnswer?: boolean;
  readonly gate?: Gate;
}

async function run(
  fn: LocalFunction,
  payload: string,
  options: LambdaRuntimeOptions,
  { losesAnswer = false, ...timing }: RunProps = {},
): Promise<string> {
  if (fn.busy >= (fn.props.reservedConcurrency ?? Number.POSITIVE_INFINITY)) {
    timing.gate?.open();
    throw throttled(fn.props.name);
  }
  fn.busy += 1;
  const requestId = randomUUID();
  const sandbox = takeWarm(fn) ?? startSandbox(fn, options);
  try {
    const text = await sandbox.invoke(requestId, payload, timing);
    if (losesAnswer) {
      await sandbox.kill();
      throw crashed(requestId, 'with error: signal: killed');
    }
    return text;
  } finally {
    timing.gate?.open();
    fn.busy -= 1;
    if (sandbox.alive) {
      fn.idle.push(sandbox);
    } else {
      fn.all.delete(sandbox);
    }
  }
}

/** A warm worker; one that died while it was idle is forgotten. */
function takeWarm(fn: LocalFunction): Sandbox | undefined {
  // Ends because every round takes one of the finitely many idle workers.
  for (let sandbox = fn.idle.pop(); sandbox !== undefined; sandbox = fn.idle.pop()) {
    if (sandbox.alive) {
      return sandbox;
    }
    fn.all.delete(sandbox);
  }
  return undefined;
}

function startSandbox(fn: LocalFunction, options: LambdaRuntimeOptions): Sandbox {
  const { props } = fn;
  const sandbox = new Sandbox({
    functionName: props.name,
    functionArn: props.arn,
    codeDirectory: props.codeDirectory,
    handler: props.handler,
    environment: environmentOf(props, options),
    timeoutSeconds: props.timeoutSeconds,
    memoryMb: props.memoryMb,
    nameServer: options.nameServer ?? null,
    onMemory: options.onMemory ? (bytes) => options.onMemory?.(props.name, bytes) : null,
    onLine: (stream, line, requestId) => options.onLog?.({ functionName: props.name, requestId, stream, line }),
  });
  fn.all.add(sandbox);
  return sandbox;
}

/** The function's environment, what the caller adds, and the variables that Lambda sets itself. */
function environmentOf(props: LocalFunctionProps, options: LambdaRuntimeOptions): Record<string, string> {
  return {
    TZ: 'UTC',
    _HANDLER: props.handler,
    LAMBDA_TASK_ROOT: props.codeDirectory,
    AWS_LAMBDA_FUNCTION_NAME: props.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(props.memoryMb),
    ...props.environment,
    ...options.extraEnvironment(props),
  };
}

/** `arn:…:function:name:alias` without the alias. */
function unqualified(arn: string): string {
  return arn.split(':').slice(0, 7).join(':');
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) {
    return work;
  }
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
