import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type {
  Address,
  FromWriters,
  ToWriters,
  WriterDatabase,
  WriterMode,
  WriterRecord,
  WriterStats,
} from './protocol';
import { type Proof, type ProofConnections, prove } from './prove';

/** What `startWriters` needs. */
export interface StartWritersOptions {
  /** Number of writers, spread evenly over the databases. */
  readonly writers: number;
  readonly databases: readonly WriterDatabase[];
  readonly mode: WriterMode;
  /** Resolves the application's name of the database; asked anew at every connection. */
  readonly resolve: () => Promise<Address>;
  /** PEM of the authority that signed the servers' certificates. */
  readonly ca: string;
  /** Name that the certificates are checked for. @default the host that `resolve` answered */
  readonly servername?: string;
  /** Pause of a writer between two transactions. @default 2 */
  readonly thinkMs?: number;
  /** Further writers that resolve once and keep that address for ever (fault 101). @default 0 */
  readonly stubborn?: number;
  /** An attempt without an answer is given up after this time. @default 5000 */
  readonly attemptTimeoutMs?: number;
}

/** Writers at work. */
export interface WriterHandle {
  /** The latest figures, at most a quarter of a second old. */
  stats(): WriterStats;
  /** Lets every writer finish its transaction and returns what they know; can be called again. */
  stop(): Promise<WriterRecord>;
  /** Stops the writers if necessary, and compares what they were told with what the databases hold. */
  prove(connections: ProofConnections): Promise<Proof>;
  /** Ends the writers' process at once; what they know is lost. For runs that end early. */
  kill(): void;
}

const NO_STATS: WriterStats = {
  acknowledged: 0,
  refused: 0,
  unknown: 0,
  rolledBack: 0,
  perSecond: 0,
  latencyP50Ms: 0,
  latencyP99Ms: 0,
  latencyMaxMs: 0,
};

/**
 * Starts writers in a process of their own and returns when all of them are connected. The databases must have been
 * prepared by `prepareWriters`. Throws when a writer cannot connect at first, naming the SQLSTATE or the Node.js code.
 */
export async function startWriters(options: StartWritersOptions): Promise<WriterHandle> {
  const child = new WriterChild(options);
  await child.ready;
  let stopped: Promise<WriterRecord> | undefined;
  const stop = () => {
    stopped ??= child.stop();
    return stopped;
  };
  return {
    stats: () => child.stats,
    stop,
    prove: async (connections) => prove(await stop(), connections),
    kill: () => child.kill(),
  };
}

/** The parent's end of the channel to the writers' process. */
class WriterChild {
  stats: WriterStats = NO_STATS;
  readonly ready: Promise<void>;
  private readonly stopped: Promise<WriterRecord>;
  private readonly process: ChildProcess;

  constructor(private readonly options: StartWritersOptions) {
    const settings = settingsOf(options);
    this.process = fork(join(__dirname, 'writer-process.ts'), {
      // The process is TypeScript too, whoever started this one; our own flags, a debugger's port for one, are not for it.
      execArgv: ['--require', createRequire(__filename).resolve('tsx/cjs')],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const received = this.listen();
    this.ready = received.ready;
    this.stopped = received.stopped;
    // Whoever does not stop the writers must not be punished by an unhandled rejection.
    this.stopped.catch(() => undefined);
    this.send({ kind: 'start', settings });
  }

  stop(): Promise<WriterRecord> {
    this.send({ kind: 'stop' });
    return this.stopped;
  }

  kill(): void {
    this.process.kill('SIGKILL');
  }

  private listen(): { ready: Promise<void>; stopped: Promise<WriterRecord> } {
    const ready = deferred<void>();
    const stopped = deferred<WriterRecord>();
    const fail = (reason: string) => {
      const error = new Error(`the writers' process failed: ${reason}`);
      ready.reject(error);
      stopped.reject(error);
    };
    this.process.on('message', (message: FromWriters) => {
      if (message.kind === 'resolve') this.answer(message.id);
      if (message.kind === 'stats') this.stats = message.stats;
      if (message.kind === 'ready') ready.resolve();
      if (message.kind === 'failed') {
        fail(`it could not connect (${message.reason}); check the credentials and the certificate`);
        this.kill();
      }
      if (message.kind !== 'stopped') return;
      this.stats = message.record.stats;
      stopped.resolve(message.record);
      this.process.disconnect();
    });
    this.process.on('error', (error) => fail(error.message));
    this.process.on('exit', (code, signal) => fail(`it ended early (${signal ?? code})`));
    return { ready: ready.promise, stopped: stopped.promise };
  }

  private answer(id: number): void {
    this.options.resolve().then(
      (address) => this.send({ kind: 'address', id, address }),
      () => this.send({ kind: 'address', id, address: null }),
    );
  }

  private send(message: ToWriters): void {
    if (this.process.connected) this.process.send(message, () => undefined);
  }
}

function settingsOf(options: StartWritersOptions) {
  if (options.databases.length === 0) throw new Error('the writers were given no database');
  return {
    writers: options.writers,
    stubborn: options.stubborn ?? 0,
    databases: options.databases,
    mode: options.mode,
    ca: options.ca,
    servername: options.servername ?? null,
    thinkMs: options.thinkMs ?? 2,
    attemptTimeoutMs: options.attemptTimeoutMs ?? 5_000,
  };
}

function deferred<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: Error) => void = () => undefined;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
