/** Clears what killed runs left behind: servers without an owner, volumes, and directories. */
import { execFile } from 'node:child_process';
import { lstat, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { commandLineOf, isAlive, signal, waitUntilGone } from './process-table';

/** How names of run directories begin. */
export const RUN_PREFIX = 'sealift-run-';

/** File in a run directory with the process id of its owner. */
export const OWNER_FILE = 'owner.pid';

/** How deep below a run directory data directories may lie. */
const SEARCH_DEPTH = 4;

/**
 * Stops the servers of runs below `parent` whose owner is gone and deletes their directories. A run of another user and one
 * whose owner's process id exists, even as another program, stay: in doubt nothing is touched.
 */
export async function clearDeadRuns(
  parent: string,
  onProgress: (text: string) => void = () => undefined,
): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(RUN_PREFIX)) continue;
    const run = join(parent, name);
    if (!(await isDead(run))) continue;
    const stopped = await stopServersBelow(run);
    await unmountBelow(run);
    await rm(run, { recursive: true, force: true, maxRetries: 3 });
    onProgress(`cleared ${run}, left by a run that was killed; servers stopped: ${stopped}`);
  }
}

/** Whether the run is ours and its owner is gone; one without an owner file is just being made or deleted. */
async function isDead(run: string): Promise<boolean> {
  const facts = await lstat(run).catch(() => null);
  if (!facts?.isDirectory() || (process.getuid && facts.uid !== process.getuid())) return false;
  const owner = Number(await readFile(join(run, OWNER_FILE), 'utf8').catch(() => ''));
  return Number.isInteger(owner) && owner > 0 && !isAlive(owner);
}

async function stopServersBelow(run: string): Promise<number> {
  let stopped = 0;
  for (const dataDirectory of await dataDirectoriesBelow(run, SEARCH_DEPTH)) {
    const [firstLine = ''] = (await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8').catch(() => '')).split(
      '\n',
    );
    const pid = Number(firstLine);
    if (!Number.isInteger(pid) || pid <= 0 || !(await isServerOf(pid, dataDirectory))) continue;
    signal(pid, 'SIGQUIT');
    if (!(await waitUntilGone(pid, 5_000))) signal(pid, 'SIGKILL');
    stopped++;
  }
  return stopped;
}

/** A directory with a volume in it cannot be deleted; only on Linux there are any. */
async function unmountBelow(run: string): Promise<void> {
  const mounts = (await readFile('/proc/mounts', 'utf8').catch(() => '')).split('\n');
  const paths = mounts.flatMap((line) => line.split(' ')[1] ?? []).filter((path) => path.startsWith(`${run}/`));
  for (const path of paths) await promisify(execFile)('umount', [path]).catch(() => undefined);
}

/** A process id may have been given to another program since: only one that works on this very directory is stopped. */
async function isServerOf(pid: number, dataDirectory: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  if (commandLineOf(pid).includes(`-D ${dataDirectory}`)) return true;
  const workingDirectory = await readlink(`/proc/${pid}/cwd`).catch(() => '');
  return workingDirectory === dataDirectory;
}

async function dataDirectoriesBelow(directory: string, depth: number): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  if (entries.some((entry) => entry.name === 'PG_VERSION')) return [directory];
  if (depth === 0) return [];
  const below = entries.filter((entry) => entry.isDirectory());
  return (await Promise.all(below.map((entry) => dataDirectoriesBelow(join(directory, entry.name), depth - 1)))).flat();
}
