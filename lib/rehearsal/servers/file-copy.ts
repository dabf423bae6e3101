/** Copies data directories file by file: by reference where the file system can, else in chunks that leave the event loop free. */
import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, open, readdir, readlink, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { giveToServer } from './data-directory';

/** What a copy reports and leaves out. */
export interface CopyOptions {
  /** Called with the bytes copied since the last call. */
  readonly onBytes?: (bytes: number) => void;
  /** Names, relative to the top directory and with `/`, of files and directories to leave out. */
  readonly leaveOut?: ReadonlySet<string>;
}

const CHUNK_BYTES = 4 * 1024 * 1024;
/** libuv has four threads for everybody: two copies at once leave room for the rest of the process. */
const PARALLEL_COPIES = 2;

/** Errors by which a file system says that it cannot copy by reference. */
const NO_REFLINK = new Set(['ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'ENOSYS', 'EINVAL', 'ENOTTY', 'EPERM', 'EACCES']);

/**
 * Copies the tree `from` to the new directory `to`, owned by the account that servers run under. Files that vanish while
 * they are copied are left out, as a server removes some at any time. A symbolic link (a tablespace) becomes a directory of
 * the copy's own.
 */
export async function copyTree(from: string, to: string, options: CopyOptions = {}): Promise<void> {
  const files: { source: string; target: string }[] = [];
  await makeDirectory(from, to);
  await collect(from, to, '', options.leaveOut ?? new Set(), files);
  const copier = new Copier(options.onBytes ?? (() => undefined));
  const workers = Array.from({ length: PARALLEL_COPIES }, async () => {
    try {
      for (let next = files.shift(); next; next = files.shift()) await copier.copy(next.source, next.target);
    } catch (error) {
      // The other worker finds nothing left to do, so that no copy goes on behind a failed one.
      files.length = 0;
      throw error;
    }
  });
  await Promise.all(workers);
}

/** Bytes of all files in a tree, for progress; files that vanish meanwhile count nothing. */
export async function treeBytes(directory: string): Promise<number> {
  let bytes = 0;
  for (const entry of (await unlessGone(readdir(directory, { withFileTypes: true }))) ?? []) {
    const path = join(directory, entry.name);
    if (entry.isFile()) bytes += (await unlessGone(stat(path)))?.size ?? 0;
    else bytes += await treeBytes(path);
  }
  return bytes;
}

/** Makes the directories of the copy and lists its files, in the order of their names. */
async function collect(
  from: string,
  to: string,
  path: string,
  leaveOut: ReadonlySet<string>,
  files: { source: string; target: string }[],
): Promise<void> {
  const entries = await unlessGone(readdir(join(from, path), { withFileTypes: true }));
  for (const entry of entries?.sort((a, b) => (a.name < b.name ? -1 : 1)) ?? []) {
    const below = path === '' ? entry.name : `${path}/${entry.name}`;
    if (leaveOut.has(below)) continue;
    const [source, target] = [join(from, below), join(to, below)];
    if (entry.isFile()) {
      files.push({ source, target });
    } else if (entry.isDirectory()) {
      if (await unlessGone(makeDirectory(source, target))) await collect(from, to, below, leaveOut, files);
    } else if (entry.isSymbolicLink()) {
      await copyLinkedDirectory(source, to, target, entry.name, files);
    }
  }
}

/** A tablespace: its files go beside the copy, so that two servers never share one. */
async function copyLinkedDirectory(
  link: string,
  to: string,
  target: string,
  name: string,
  files: { source: string; target: string }[],
): Promise<void> {
  const source = await unlessGone(readlink(link));
  if (source === undefined) return;
  const own = `${to}-tablespace-${name}`;
  await makeDirectory(source, own);
  await symlink(own, target);
  await collect(source, own, '', new Set(), files);
}

class Copier {
  private reflinks = true;

  constructor(private readonly onBytes: (bytes: number) => void) {}

  async copy(source: string, target: string): Promise<void> {
    const facts = await unlessGone(stat(source));
    if (!facts) return;
    const copied =
      (await this.byReference(source, target)) ??
      (await unlessGone(copyChunks(source, target, facts.mode, this.onBytes)));
    if (copied === undefined) return;
    if (copied === 'reference') this.onBytes(facts.size);
    await giveToServer(target);
  }

  private async byReference(source: string, target: string): Promise<'reference' | undefined> {
    if (!this.reflinks) return undefined;
    try {
      await copyFile(source, target, constants.COPYFILE_FICLONE_FORCE);
      return 'reference';
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (NO_REFLINK.has(code)) this.reflinks = false;
      else if (code !== 'ENOENT') throw error;
      return undefined;
    }
  }
}

async function copyChunks(
  source: string,
  target: string,
  mode: number,
  onBytes: (bytes: number) => void,
): Promise<'chunks'> {
  const input = await open(source, 'r');
  try {
    const output = await open(target, 'w', mode & 0o777);
    try {
      const { size } = await input.stat();
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(size, 8192)));
      for (;;) {
        const { bytesRead } = await input.read(chunk, 0, chunk.length, null);
        if (bytesRead === 0) return 'chunks';
        await output.write(chunk, 0, bytesRead);
        onBytes(bytesRead);
      }
    } finally {
      await output.close();
    }
  } finally {
    await input.close();
  }
}

async function makeDirectory(source: string, target: string): Promise<true> {
  const { mode } = await stat(source);
  await mkdir(target, { mode: mode & 0o777 });
  await chmod(target, mode & 0o777);
  await giveToServer(target);
  return true;
}

/** The result, or undefined when the file or directory no longer exists. */
async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
