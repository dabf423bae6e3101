/**
 * A small file system of its own for the target, so that a full disk is a full disk: PostgreSQL gets ENOSPC from the kernel. It is a
 * tmpfs, which only root of Linux may mount; nobody else has one, and the fault is then told as not run.
 */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rmdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Enough for the tiny sample, its WAL and what the verification makes. */
const SIZE_KIB = 1024 * 1024;

/** Room that is left when the disk is full: another page would not fit, and the kernel refuses to shrink below what is used. */
const SLACK_KIB = 8;

/** A mounted volume. */
export class Volume {
  private constructor(readonly path: string) {}

  /** Mounts an empty volume below a run's directory; null where this account may not. */
  static async mount(directory: string): Promise<Volume | null> {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return null;
    const path = await mkdtemp(join(directory, 'volume-'));
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_KIB}k,mode=0711`, 'tmpfs', path]);
    } catch {
      await rmdir(path);
      return null;
    }
    await chmod(path, 0o711);
    return new Volume(path);
  }

  /** Shrinks the volume to what is used; the error of the last try when others kept writing too fast. */
  async fill(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const { blocks, bfree, bsize } = await statfs(this.path);
      const usedKib = Math.ceil(((blocks - bfree) * bsize) / 1024);
      try {
        await this.resize(usedKib + SLACK_KIB * attempt);
        return;
      } catch (error) {
        if (attempt === 20) throw error;
      }
    }
  }

  /** Gives the volume its room back. */
  async grow(): Promise<void> {
    await this.resize(SIZE_KIB);
  }

  /** Unmounts it, at the latest when nobody uses it any more. */
  async unmount(): Promise<void> {
    await run('umount', [this.path]).catch(() => run('umount', ['-l', this.path]));
    await rmdir(this.path);
  }

  private async resize(kib: number): Promise<void> {
    await run('mount', ['-o', `remount,size=${kib}k`, this.path]);
  }
}
