/** A server that the user runs, as the command line names it; what is missing of its password is looked for where psql looks. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { RehearsalFailure } from './rehearsal-failure';

/** How the server is reached, and what of it is rehearsed. */
export interface UserSource {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Null where it was not in the URL. */
  readonly password: string | null;
  /** Databases to rehearse; empty for all that the server has. */
  readonly databases: readonly string[];
}

const LOOPBACK = /^(?:localhost|127\.[\d.]+|::1)$/;

/** What stands in the way of a door that hands on in the clear. */
const TLS_ONLY = ['require', 'verify-ca', 'verify-full'];

/**
 * Reads `postgres://user:password@host:port/database?sslmode=…`; the database of the URL is rehearsed when `databases` names none.
 * Throws `RehearsalFailure` with what is wrong, and never with the URL, which may hold a password.
 */
export function parseSource(text: string, databases: readonly string[]): UserSource {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['postgres:', 'postgresql:'].includes(url.protocol)) {
    throw new RehearsalFailure('--source is no URL of PostgreSQL: postgres://user@host:port/database');
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const sslMode = url.searchParams.get('sslmode') ?? 'prefer';
  if (TLS_ONLY.includes(sslMode)) {
    throw new RehearsalFailure(
      `--source with sslmode=${sslMode} cannot be rehearsed: the door before the server ends TLS, and SCRAM with channel binding notices; ` +
        'use a server of this machine, or sslmode=disable',
    );
  }
  if (!LOOPBACK.test(host) && sslMode !== 'disable') {
    throw new RehearsalFailure(
      `--source on another machine (${host}) would be read in the clear: say so with sslmode=disable, or use a tunnel to this machine`,
    );
  }
  const user = decodeURIComponent(url.username);
  if (user === '' || host === '') throw new RehearsalFailure('--source names no user or no host');
  const [, database = ''] = url.pathname.split('/');
  return {
    host,
    port: Number(url.port || '5432'),
    user,
    password: url.password === '' ? null : decodeURIComponent(url.password),
    databases: databases.length > 0 || database === '' ? databases : [decodeURIComponent(database)],
  };
}

/** The password of the URL, of `PGPASSWORD`, or of the password file; null when none of them has it (manual, "The Password File"). */
export async function findPassword(source: UserSource, env: NodeJS.ProcessEnv = process.env): Promise<string | null> {
  if (source.password !== null) return source.password;
  if (env.PGPASSWORD) return env.PGPASSWORD;
  const file = env.PGPASSFILE ?? join(homedir(), '.pgpass');
  const text = await readFile(file, 'utf8').catch(() => '');
  return passwordIn(text, source);
}

/** The password of the first line that fits; pure. */
export function passwordIn(
  text: string,
  { host, port, user }: Pick<UserSource, 'host' | 'port' | 'user'>,
): string | null {
  const wanted = [host, String(port), null, user];
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) continue;
    const fields = [...line.matchAll(/((?:\\.|[^:\\])*)(?::|$)/g)].map(([, field = '']) =>
      field.replace(/\\(.)/g, '$1'),
    );
    const password = fields[4];
    const fits = wanted.every((value, index) => value === null || fields[index] === '*' || fields[index] === value);
    if (fits && password !== undefined && password !== '') return password;
  }
  return null;
}
