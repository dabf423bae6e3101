/** The directory of one run, and what runs in it: everything is gone after a stop, and a killed run is cleared by the next. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { clearDeadRuns, OWNER_FILE, RUN_PREFIX } from './dead-runs';
import { freeBytes, requireFreeBytes } from './disk-space';
import type { PostgresServer } from './postgres-server';
import { signal } from './process-table';
import { firstClosedParent, serverAccount } from './unprivileged-account';

/** How a run directory is made. */
export interface RunDirectoryOptions {
  /** @default `SEALIFT_TMPDIR`, else the system's temporary directory */
  readonly parent?: string;
  /** Refuse to begin with fewer free bytes. @default 1 GiB */
  readonly minimumFreeBytes?: number;
  /** Called with one line for each dead run that was cleared. */
  readonly onProgress?: (text: string) => void;
}

const GIB = 1024 ** 3;

/** A run's directory with the servers in it. Every server of the run is registered here before it starts. */
export class RunDirectory {
  private readonly servers = new Set<PostgresServer>();
  private readonly onExit = () => this.stopAtOnce();
  private stopping: Promise<void> | null = null;

  private constructor(
    /** Absolute path. */
    readonly path: string,
  ) {}

  /** Clears what dead runs left behind, then makes a directory for this one. */
  static async create(options: RunDirectoryOptions = {}): Promise<RunDirectory> {
    const parent = resolve(options.parent ?? process.env.SEALIFT_TMPDIR ?? defaultParent());
    await mkdir(parent, { recursive: true });
    await clearDeadRuns(parent, options.onProgress);
    await requireFreeBytes(parent, options.minimumFreeBytes ?? GIB);
    const path = join(parent, `${RUN_PREFIX}${randomBytes(4).toString('hex')}`);
    await mkdir(path, { mode: 0o711 });
    await chmod(path, 0o711);
    await writeFile(join(path, OWNER_FILE), `${process.pid}\n`, { mode: 0o600 });
    const run = new RunDirectory(path);
    process.once('exit', run.onExit);
    return run;
  }

  /** Registers a server, so that `stopAll` stops it; returns it. Throws when the run was stopped. */
  add(server: PostgresServer): PostgresServer {
    if (this.stopping) throw new Error(`the run in ${this.path} has ended: no server can be added`);
    this.servers.add(server);
    return server;
  }

  /** Stops a server, deletes its directory and forgets it. */
  async remove(server: PostgresServer): Promise<void> {
    await server.retire();
    this.servers.delete(server);
    await rm(server.directory, { recursive: true, force: true });
  }

  /** Bytes that can still be written into the run's directory. */
  freeBytes(): Promise<number> {
    return freeBytes(this.path);
  }

  /** Stops every server, without a checkpoint as nobody needs the data, and deletes the directory; can be called twice. */
  stopAll(): Promise<void> {
    this.stopping ??= this.stopServersAndDelete();
    return this.stopping;
  }

  /**
   * Calls `stopAll` on SIGINT, SIGTERM and SIGHUP, then ends this process with the code that shells expect; a second signal
   * ends it at once. Returns a function that takes the listeners off again.
   */
  stopOnSignals(): () => void {
    const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
    const listeners = Object.entries(codes).map(([name, code]) => {
      const listener = () => {
        if (this.stopping) process.exit(code);
        this.stopAll().finally(() => process.exit(code));
      };
      process.on(name, listener);
      return { name, listener };
    });
    return () => {
      for (const { name, listener } of listeners) process.off(name, listener);
    };
  }

  private async stopServersAndDelete(): Promise<void> {
    const results = await Promise.allSettled([...this.servers].map((server) => server.retire()));
    await rm(this.path, { recursive: true, force: true, maxRetries: 10 });
    process.off('exit', this.onExit);
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    if (failures.length > 0) throw new AggregateError(failures, `servers in ${this.path} could not be stopped`);
  }

  /** The process ends without a stop, by an uncaught error for example: servers at least must not outlive it. */
  private stopAtOnce(): void {
    for (const server of this.servers) {
      if (server.pid !== undefined) signal(server.pid, 'SIGQUIT');
    }
  }
}

/** Root's own temporary directory may be closed to the account that servers run under, as on macOS. */
function defaultParent(): string {
  return serverAccount() && firstClosedParent(tmpdir()) ? '/tmp' : tmpdir();
}
