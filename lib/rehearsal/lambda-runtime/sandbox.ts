import { Worker } from 'node:worker_threads';
import { crashed, type FailureReport, type FunctionError, reported, timedOut } from './function-error';
import type { Gate } from './gate';
import { LineSplitter } from './line-splitter';
import { WORKER_SOURCE } from './worker-source';

/** Longest loading of a bundle; Lambda gives 10 s, this machine is shared. */
const INIT_TIMEOUT_MS = 30_000;

/** What a worker is made from. */
export interface SandboxProps {
  readonly functionName: string;
  readonly functionArn: string;
  readonly codeDirectory: string;
  readonly handler: string;
  /** The whole environment; nothing else is visible in the worker. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  /** `address:port` of the resolver for CNAME records; null for the system's. */
  readonly nameServer: string | null;
  /** Sees each line; `requestId` is the invocation at hand, null while the bundle loads. */
  readonly onLine: (stream: 'stdout' | 'stderr', line: string, requestId: string | null) => void;
  /** Told after each invocation how many bytes its thread held at most; null when nobody asks. */
  readonly onMemory: ((bytes: number) => void) | null;
}

type Message =
  | { readonly type: 'ready' }
  | { readonly type: 'compiled'; readonly data: Uint8Array }
  | { readonly type: 'log'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | { readonly type: 'memory'; readonly bytes: number }
  | { readonly type: 'result'; readonly requestId: string; readonly text: string }
  | {
      readonly type: 'failure';
      readonly requestId: string | null;
      readonly failure: FailureReport;
      readonly fatal: boolean;
    };

/** What V8 made of bundles, by their directory: an asset's name holds its hash, so that nothing stale is ever taken. */
const compiled = new Map<string, Uint8Array>();

/** What a waiting invocation is told. */
interface Waiting {
  readonly requestId: string;
  resolve(text: string): void;
  reject(error: FunctionError): void;
}

/** One execution environment: a worker thread that serves one invocation at a time until it dies. */
export class Sandbox {
  private readonly worker: Worker;
  private readonly lines = {
    stdout: new LineSplitter((line) => this.props.onLine('stdout', line, this.lastRequestId)),
    stderr: new LineSplitter((line) => this.props.onLine('stderr', line, this.lastRequestId)),
  };
  private readonly ready: Promise<void>;
  private markReady: () => void = () => {};
  private waiting: Waiting | null = null;
  private lastRequestId: string | null = null;
  /** Why the worker died; null while it lives. */
  private death: ((requestId: string) => FunctionError) | null = null;

  /** Starts the worker, which loads the bundle at once. */
  constructor(private readonly props: SandboxProps) {
    this.ready = new Promise((resolve) => {
      this.markReady = resolve;
    });
    this.worker = new Worker(WORKER_SOURCE, {
      eval: true,
      name: props.functionName,
      env: { ...props.environment },
      execArgv: [],
      workerData: {
        functionName: props.functionName,
        functionArn: props.functionArn,
        codeDirectory: props.codeDirectory,
        handler: props.handler,
        memoryMb: props.memoryMb,
        nameServer: props.nameServer,
        compiled: compiled.get(props.codeDirectory) ?? null,
        tellsMemory: props.onMemory !== null,
      },
      resourceLimits: { maxOldGenerationSizeMb: props.memoryMb },
    });
    this.worker.on('message', (message: Message) => this.onMessage(message));
    this.worker.on('error', (error: NodeJS.ErrnoException) => this.onError(error));
    this.worker.on('exit', (code) => this.onExit(code));
  }

  /** Whether it can serve another invocation. */
  get alive(): boolean {
    return this.death === null;
  }

  /**
   * Runs the handler on a payload, both JSON text. Rejects with a FunctionError; the sandbox may be dead then. With
   * `killAfterMs` the worker is killed so long after the handler began; with `gate` the handler begins when it opens.
   */
  async invoke(
    requestId: string,
    payload: string,
    { killAfterMs, gate }: { readonly killAfterMs?: number; readonly gate?: Gate } = {},
  ): Promise<string> {
    if (this.death !== null) {
      throw this.death(requestId);
    }
    const result = new Promise<string>((resolve, reject) => {
      this.waiting = { requestId, resolve, reject };
    });
    this.lastRequestId = requestId;
    const timers = [setTimeout(() => this.die(() => timedOut(requestId, INIT_TIMEOUT_MS / 1000)), INIT_TIMEOUT_MS)];
    void this.ready.then(async () => {
      timers.forEach(clearTimeout);
      await gate?.arrive();
      if (this.waiting?.requestId === requestId) {
        timers.push(...this.begin(requestId, payload, killAfterMs));
      }
    });
    try {
      return await result;
    } finally {
      timers.forEach(clearTimeout);
      this.waiting = null;
    }
  }

  /** Kills the worker at once, whatever it does; a running invocation fails as a crash. Resolves when it is gone. */
  async kill(): Promise<void> {
    await this.die((requestId) => crashed(requestId, 'with error: signal: killed'));
  }

  /** Hands the invocation to the loaded worker; returns the timers that may end it. */
  private begin(requestId: string, payload: string, killAfterMs: number | undefined): NodeJS.Timeout[] {
    const { timeoutSeconds } = this.props;
    const timers = [setTimeout(() => this.die(() => timedOut(requestId, timeoutSeconds)), timeoutSeconds * 1000)];
    if (killAfterMs !== undefined) {
      timers.push(setTimeout(() => this.kill(), killAfterMs));
    }
    this.worker.postMessage({ requestId, payload, deadlineMs: Date.now() + timeoutSeconds * 1000 });
    return timers;
  }

  private onMessage(message: Message): void {
    switch (message.type) {
      case 'ready':
        this.markReady();
        break;
      case 'compiled':
        if (!compiled.has(this.props.codeDirectory)) compiled.set(this.props.codeDirectory, message.data);
        break;
      case 'log':
        this.lines[message.stream].push(message.text);
        break;
      case 'memory':
        this.props.onMemory?.(message.bytes);
        break;
      case 'result':
        this.settle(message.requestId, (waiting) => waiting.resolve(message.text));
        break;
      case 'failure':
        this.onFailure(message);
        break;
    }
  }

  private onFailure({ requestId, failure, fatal }: Extract<Message, { type: 'failure' }>): void {
    if (fatal) {
      void this.die(() => reported(failure));
    } else {
      this.settle(requestId, (waiting) => waiting.reject(reported(failure)));
    }
  }

  private onError(error: NodeJS.ErrnoException): void {
    const outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
    void this.die((requestId) =>
      outOfMemory
        ? crashed(requestId, 'with error: signal: killed')
        : reported({ errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') }),
    );
  }

  private onExit(code: number): void {
    const how = code === 0 ? 'without providing a reason' : `with error: exit status ${code}`;
    void this.die((requestId) => crashed(requestId, how));
  }

  /** The first cause of death counts; the invocation hears of it when the worker, and with it every socket, is gone. */
  private async die(cause: (requestId: string) => FunctionError): Promise<void> {
    const death = this.death ?? cause;
    this.death = death;
    await this.worker.terminate();
    this.lines.stdout.end();
    this.lines.stderr.end();
    const { waiting } = this;
    waiting?.reject(death(waiting.requestId));
  }

  private settle(requestId: string | null, tell: (waiting: Waiting) => void): void {
    if (this.death === null && this.waiting !== null && this.waiting.requestId === requestId) {
      tell(this.waiting);
    }
  }
}
