/** PostgreSQL with pglogical, which npm's servers lack (facts C13): Debian's packages, where they are installed. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Binaries, binariesFor } from './binaries';

/** Finds the binaries of a major: all but packages are npm's. */
export type FindBinaries = (
  major: number,
  options?: { readonly onProgress?: (text: string) => void },
) => Promise<Binaries>;

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

/** Where servers of an engine come from. Throws for pglogical, naming the package, where it is not installed, and for another major. */
export function binariesOf(engine: 'native' | 'pglogical'): FindBinaries {
  if (engine === 'native') return binariesFor;
  return async (major) => {
    const found = packagedBinaries();
    if (found !== null && found.major === major) return found;
    throw new Error(
      `engine pglogical is rehearsed with PostgreSQL ${PGLOGICAL_MAJOR} of Debian on both sides, which is not there or not what was ` +
        `asked for: apt-get install ${PGLOGICAL_PACKAGE}, and take major ${PGLOGICAL_MAJOR}`,
    );
  };
}
