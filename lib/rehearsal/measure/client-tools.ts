/** PostgreSQL's client programs and what is made of them, as an operator calls them: found on the path, run against two servers. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A database as a client program is told of it. */
export interface Reached {
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

/** The first line of what a program says of its version; null when it is not on the path. */
export async function versionOf(program: string): Promise<string | null> {
  try {
    return (await run(program, ['--version'])).stdout.trim().split('\n')[0] ?? null;
  } catch {
    return null;
  }
}

/** The words that name a database to PostgreSQL's own programs. */
export function namedBy({ port, database, user }: Reached): string[] {
  return ['--host', '127.0.0.1', '--port', String(port), '--username', user, '--dbname', database];
}

/** The same as one address, without its password. */
export function addressOf({ port, database, user }: Reached): string {
  return `postgresql://${user}@127.0.0.1:${port}/${database}?sslmode=require`;
}

/** Runs a program, to which `password` opens every server; over TLS, as Sealift's own connections. Throws with its last words. */
export async function runClient(
  program: string,
  args: readonly string[],
  { password, signal }: { readonly password: string; readonly signal: AbortSignal },
): Promise<void> {
  const env = { ...process.env, PGPASSWORD: password, PGSSLMODE: 'require', PGCONNECT_TIMEOUT: '30' };
  try {
    await run(program, [...args], { env, signal, maxBuffer: 64 * 2 ** 20 });
  } catch (error) {
    const { stderr = '' } = error as { readonly stderr?: string };
    throw new Error(`${program} failed: ${stderr.trim().split('\n').slice(-3).join(' | ')}`, { cause: error });
  }
}

/** Gives `work` a directory that is gone afterwards. */
export async function withDirectory<T>(work: (path: string) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(tmpdir(), 'sealift-bench-'));
  try {
    return await work(path);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}
