/** PostgreSQL with pglogical, which npm's servers lack (facts C13): Debian's packages, where they are installed. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Binaries } from './binaries';

/** The one major that Debian 12 has with pglogical. */
export const PGLOGICAL_MAJOR = 15;

/** What brings them. */
export const PGLOGICAL_PACKAGE = `postgresql-${PGLOGICAL_MAJOR}-pglogical`;

const ROOT = `/usr/lib/postgresql/${PGLOGICAL_MAJOR}`;

/** The binaries, read where the package puts them; null where it is not installed. No cluster of the system is touched. */
export function packagedBinaries(): Binaries | null {
  const program = (name: string) => join(ROOT, 'bin', name);
  if (!existsSync(program('initdb')) || !existsSync(join(ROOT, 'lib', 'pglogical.so'))) return null;
  // `postgres (PostgreSQL) 15.18 (Debian …)`
  const shown = execFileSync(program('postgres'), ['--version'], { encoding: 'utf8' });
  const version = / (\d+\.\d+)/.exec(shown)?.[1] ?? `${PGLOGICAL_MAJOR}.0`;
  return {
    major: PGLOGICAL_MAJOR,
    version,
    root: ROOT,
    initdb: program('initdb'),
    postgres: program('postgres'),
    pgCtl: program('pg_ctl'),
  };
}
