/** The account under which servers run when this process is root, because `initdb` and `postgres` refuse root (experiments 3). */
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** A user and group id. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

let remembered: Account | null | undefined;

/**
 * The account for server processes: null when this process is no root and servers simply run as its own user. As root it is
 * `nobody`, else the first other account of /etc/passwd; `initdb` looks the uid up there, so a made-up one does not do.
 */
export function serverAccount(): Account | null {
  if (remembered === undefined) remembered = process.getuid?.() === 0 ? unprivilegedAccount() : null;
  return remembered;
}

function unprivilegedAccount(): Account {
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4 && !fields[0]?.startsWith('#'))
    // macOS writes nobody as -2; the kernel wants the unsigned form.
    .map((fields) => ({ name: fields[0], uid: Number(fields[2]) >>> 0, gid: Number(fields[3]) >>> 0 }))
    .filter((account) => account.uid !== 0);
  const chosen = accounts.find((account) => account.name === 'nobody') ?? accounts[0];
  if (!chosen)
    throw new Error('PostgreSQL does not run as root and /etc/passwd has no other account: run as a normal user');
  return { uid: chosen.uid, gid: chosen.gid };
}

/** The first directory on the way to `path` (itself included) that others may not enter, or null; permission bits only. */
export function firstClosedParent(path: string): string | null {
  const closed: string[] = [];
  for (let current = resolve(path); ; current = dirname(current)) {
    const stats = statSync(current);
    if (stats.isDirectory() && (stats.mode & 0o001) === 0) closed.push(current);
    if (dirname(current) === current) return closed.at(-1) ?? null;
  }
}

/** Refuses a directory that the server account cannot reach; does nothing when this process is no root. */
export function requireReachable(path: string): void {
  if (!serverAccount()) return;
  const closed = firstClosedParent(path);
  if (closed) {
    throw new Error(
      `directory ${path} cannot be used for servers that run unprivileged: ${closed} is closed to other users; ` +
        'set SEALIFT_TMPDIR to a directory that every user may enter',
    );
  }
}
