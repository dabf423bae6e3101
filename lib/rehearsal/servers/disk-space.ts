/** A full disk ends a rehearsal with one clear error instead of a dozen followers. */
import { statfs } from 'node:fs/promises';

/** Bytes that an unprivileged process may still write on the file system of `directory`. */
export async function freeBytes(directory: string): Promise<number> {
  const facts = await statfs(directory);
  return facts.bavail * facts.bsize;
}

/** Refuses to begin when fewer than `bytes` are free on the file system of `directory`. */
export async function requireFreeBytes(directory: string, bytes: number): Promise<void> {
  const free = await freeBytes(directory);
  if (free < bytes) throw new Error(fullDiskMessage(directory, free, bytes));
}

/** Runs `work` and turns ENOSPC and EDQUOT into one error that names the directory and the remedy. */
export async function namingFullDisk<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw cause;
    throw new Error(fullDiskMessage(directory, await freeBytes(directory)), { cause });
  }
}

function fullDiskMessage(directory: string, freeBytesNow: number, wantedBytes?: number): string {
  const wanted = wantedBytes === undefined ? '' : `, ${mib(wantedBytes)} are needed`;
  return `no space for servers in ${directory}: ${mib(freeBytesNow)} free${wanted}; free some or set SEALIFT_TMPDIR`;
}

function mib(bytes: number): string {
  return `${Math.floor(bytes / 1024 / 1024)} MiB`;
}
