/** Bundles kept between syntheses, for whoever synthesizes often: the tests, which do so for every migration they run. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { version } from 'esbuild';

/** Content of built files by absolute path. */
export type BuiltFiles = ReadonlyMap<string, Uint8Array>;

/**
 * What `build` answers, taken from the directory that the environment variable `SEALIFT_BUNDLE_CACHE` names when it was built
 * there before from the same sources. Without that variable it is always built: packages are taken for unchanged while the
 * lock file is, and only who made the directory knows that nobody edits them.
 */
export function builtOnce(root: string, build: () => BuiltFiles): BuiltFiles {
  const directory = process.env.SEALIFT_BUNDLE_CACHE;
  if (!directory) return build();
  const path = join(directory, `bundles-${sourcesHash(root)}`);
  if (existsSync(path)) return deserialize(readFileSync(path)) as BuiltFiles;
  const built = build();
  mkdirSync(directory, { recursive: true });
  // Another process may do the same: whoever is last leaves the same content, and nobody reads half of it.
  writeFileSync(`${path}.${process.pid}`, serialize(built));
  renameSync(`${path}.${process.pid}`, path);
  return built;
}

function sourcesHash(root: string): string {
  const hash = createHash('sha256').update(`${version} ${root}`);
  const sources = readdirSync(join(root, 'lambda'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .sort();
  const others = ['package-lock.json', 'tsconfig.json', join('lib', 'step-bundle.ts')];
  for (const path of [...sources.map((source) => join('lambda', source)), ...others]) {
    const content = existsSync(join(root, path)) ? readFileSync(join(root, path)) : '';
    hash.update(`\n${path} ${content.length}\n`).update(content);
  }
  return hash.digest('hex').slice(0, 32);
}
