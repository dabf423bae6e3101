/** One running `postgres` process: spawned directly, its end observed, its log kept. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Binaries } from './binaries';
import { serverEnvironment } from './data-directory';
import { childrenOf, signal, waitUntilGone } from './process-table';
import { serverAccount } from './unprivileged-account';

/** How PostgreSQL is asked to stop: let sessions finish, end them, or stop without a checkpoint. */
export type StopMode = 'smart' | 'fast' | 'immediate';

const STOP_SIGNALS = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

/** How a server process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A `postgres` process from its spawn to its end. */
export class ServerProcess {
  /** Settles when the process has ended, however it ended; never rejects. */
  readonly ended: Promise<ProcessEnd>;
  /** How it ended; null while it runs. */
  end: ProcessEnd | null = null;

  private constructor(
    private readonly child: ChildProcess,
    private readonly binaries: Binaries,
  ) {
    this.ended = new Promise((resolve) => {
      const settle = (code: number | null, signalName: NodeJS.Signals | null) => {
        this.end ??= { code, signal: signalName };
        resolve(this.end);
      };
      child.once('exit', settle);
      child.once('error', () => settle(null, null));
    });
  }

  /** Spawns `postgres` on a data directory; its output is appended to `logPath`. */
  static spawn(binaries: Binaries, dataDirectory: string, logPath: string): ServerProcess {
    const log = openSync(logPath, 'a', 0o600);
    try {
      const child = spawn(binaries.postgres, ['-D', dataDirectory], {
        ...serverAccount(),
        cwd: '/',
        env: serverEnvironment(),
        // Its own session: Ctrl-C in the terminal reaches us alone, and we decide in what order servers stop.
        detached: true,
        stdio: ['ignore', log, log],
      });
      return new ServerProcess(child, binaries);
    } finally {
      closeSync(log);
    }
  }

  /** The postmaster's process id; undefined when it could not be spawned. */
  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Stops the server and waits for its end; after `timeoutMs` it is stopped harder, at last by SIGKILL. */
  async stop(mode: StopMode, timeoutMs: number): Promise<void> {
    const harder: readonly StopMode[] = mode === 'immediate' ? ['immediate'] : [mode, 'immediate'];
    for (const [attempt, current] of harder.entries()) {
      this.send(STOP_SIGNALS[current]);
      if (await this.endsWithin(attempt === 0 ? timeoutMs : 5_000)) return;
    }
    await this.kill();
  }

  /** Kills the postmaster and every process of its with SIGKILL, as a crash of the machine would. */
  async kill(): Promise<void> {
    if (this.pid === undefined || this.end) return;
    // Frozen first: a postmaster that sees a dead child would restart the others between our signals.
    if (process.platform !== 'win32') signal(this.pid, 'SIGSTOP');
    const family = childrenOf(this.pid);
    for (const pid of [...family, this.pid]) signal(pid, 'SIGKILL');
    await this.ended;
    await Promise.all(family.map((pid) => waitUntilGone(pid, 5_000)));
  }

  /** Sends a signal to the postmaster, through `pg_ctl` where the system has no signals. */
  send(name: 'SIGTERM' | 'SIGINT' | 'SIGQUIT' | 'SIGHUP'): void {
    if (this.pid === undefined || this.end) return;
    if (process.platform === 'win32') {
      spawn(this.binaries.pgCtl, ['kill', name.slice(3), String(this.pid)], { stdio: 'ignore' });
    } else {
      signal(this.pid, name);
    }
  }

  private async endsWithin(timeoutMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), timeoutMs);
    });
    const ended = await Promise.race([this.ended.then(() => true as const), timeout]);
    clearTimeout(timer);
    return ended;
  }
}

/**
 * The last lines of a server's log, at most `count`, for an error text. Lines that repeat statements or row values are left
 * out, because they may hold what must not be shown (facts K8).
 */
export async function lastLogLines(logPath: string, count = 8): Promise<string> {
  const file = await open(logPath, 'r').catch(() => null);
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - 16 * 1024);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    return buffer
      .toString('utf8', 0, bytesRead)
      .split('\n')
      .filter((line) => line.trim() !== '' && !/ (?:STATEMENT|DETAIL|CONTEXT|QUERY): /.test(line))
      .slice(-count)
      .join('\n');
  } finally {
    await file.close();
  }
}
