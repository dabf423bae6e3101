/** Makes an installed binaries package usable: its links restored, and reachable for the account that servers run under. */
import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { firstClosedParent, serverAccount } from './unprivileged-account';

/**
 * The package's directory, or that of a copy when the package itself cannot serve: because its links are missing and it is
 * read-only, or because this process is root and the package lies below a directory closed to others.
 */
export async function usablePackageRoot(packageRoot: string, version: string): Promise<string> {
  if (serverAccount() && !(await isReachable(packageRoot))) return copyOf(packageRoot, version);
  try {
    await restoreLinks(packageRoot);
    return packageRoot;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') throw error;
    return copyOf(packageRoot, version);
  }
}

/**
 * Makes the links to versioned libraries that npm packages cannot carry. The package does it in an install script; those are
 * announced to be blocked (facts M5), and `postgres` misses libraries without the links.
 */
export async function restoreLinks(packageRoot: string): Promise<void> {
  for (const { source, target } of await listedLinks(packageRoot)) {
    const link = join(packageRoot, target);
    if (await exists(link)) continue;
    try {
      await symlink(relative(dirname(link), join(packageRoot, source)), link);
    } catch (error) {
      // Another process that prepares the same package was faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Whether others may enter the package and run its programs; an install under umask 077 forbids the second. */
async function isReachable(packageRoot: string): Promise<boolean> {
  const bin = join(packageRoot, 'native', 'bin');
  if (firstClosedParent(bin)) return false;
  const modes = await Promise.all((await readdir(bin)).map(async (name) => (await stat(join(bin, name))).mode));
  return modes.every((mode) => (mode & 0o005) === 0o005);
}

async function listedLinks(packageRoot: string): Promise<readonly { source: string; target: string }[]> {
  try {
    return JSON.parse(await readFile(join(packageRoot, 'native', 'pg-symlinks.json'), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function copyOf(packageRoot: string, version: string): Promise<string> {
  const shelf = await copyShelf();
  const copy = join(shelf, version);
  if (await exists(copy)) return copy;
  const partial = `${copy}.partial-${process.pid}`;
  await rm(partial, { recursive: true, force: true });
  await cp(packageRoot, partial, { recursive: true, verbatimSymlinks: true });
  await restoreLinks(partial);
  await openForAll(partial);
  await rename(partial, copy).catch(async (error: NodeJS.ErrnoException) => {
    await rm(partial, { recursive: true, force: true });
    if (!(await exists(copy))) throw error;
  });
  return copy;
}

/** Lets everybody read the tree, enter its directories and run its programs. */
async function openForAll(path: string): Promise<void> {
  const facts = await lstat(path);
  if (facts.isSymbolicLink()) return;
  const mayRun = facts.isDirectory() || (facts.mode & 0o100) !== 0;
  await chmod(path, facts.mode | (mayRun ? 0o755 : 0o644));
  if (!facts.isDirectory()) return;
  for (const name of await readdir(path)) await openForAll(join(path, name));
}

/** The directory for copies: below the system's temporary directory, owned by this user and written by nobody else. */
async function copyShelf(): Promise<string> {
  const base = serverAccount() && firstClosedParent(tmpdir()) ? '/tmp' : tmpdir();
  const shelf = join(base, `sealift-binaries-${process.getuid?.() ?? 'user'}`);
  await mkdir(shelf, { recursive: true, mode: 0o755 });
  const facts = await stat(shelf);
  if (process.getuid && facts.uid !== process.getuid()) {
    throw new Error(`directory ${shelf} belongs to another user (uid ${facts.uid}): remove it`);
  }
  await chmod(shelf, 0o755);
  return shelf;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
