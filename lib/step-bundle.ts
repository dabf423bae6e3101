/** The bundle of a step's function: one minified file with everything in it, the AWS SDK included (facts J15). */
import { copyFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AssetHashType } from 'aws-cdk-lib';
import { Code, Runtime } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';
import { STEPS } from '../lambda/contract';
import { type BuiltFiles, builtOnce } from './bundle-cache';

/** The package's root, which holds `lambda/`. */
const PACKAGE_ROOT = join(__dirname, '..');

/**
 * Bundles `lambda/<handler>.handler.ts`. It does what `NodejsFunction` does, in this process: that construct starts npx and
 * with it npm for each function, which made up two thirds of a synthesis.
 */
export function stepBundle(handler: string): Code {
  return Code.fromAsset(join(PACKAGE_ROOT, 'lambda'), {
    // The hash of what was built: a step whose code did not change is not deployed again.
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: Runtime.NODEJS_24_X.bundlingImage,
      // Never run; the CDK tells bundles of one folder apart by it.
      command: [handler],
      local: {
        tryBundle: (outputDirectory) => {
          build(handler, outputDirectory);
          return true;
        },
      },
    },
  });
}

/** The package that is copied beside a bundle that names it. */
const PG_DUMP = '@electric-sql/pglite-tools/pg_dump';

let built: BuiltFiles | undefined;

function build(handler: string, outputDirectory: string): void {
  built ??= builtOnce(PACKAGE_ROOT, buildAll);
  for (const file of ['index.js', 'index.js.map']) {
    const content = built.get(join(PACKAGE_ROOT, handler, file));
    if (content === undefined)
      throw new Error(`step handler ${handler} was not bundled, name it in the contract's STEPS`);
    writeFileSync(join(outputDirectory, file), content);
    if (Buffer.from(content).includes(PG_DUMP)) copyPgDump(outputDirectory);
  }
}

/** pg_dump runs in a thread that loads it from a file beside the bundle, and the package loads its WebAssembly from there too. */
function copyPgDump(outputDirectory: string): void {
  const directory = dirname(require.resolve(PG_DUMP));
  for (const file of ['pg_dump.cjs', 'pg_dump.wasm']) copyFileSync(join(directory, file), join(outputDirectory, file));
}

/**
 * Bundles every step at once, in memory: esbuild reads what they share only once, which takes less than half the time.
 * @throws Error with esbuild's messages
 */
function buildAll(): BuiltFiles {
  const handlers = Object.values(STEPS).map(({ handler }) => handler);
  const { outputFiles } = buildSync({
    absWorkingDir: PACKAGE_ROOT,
    entryPoints: handlers.map((handler) => ({
      in: join('lambda', `${handler}.handler.ts`),
      out: join(handler, 'index'),
    })),
    // Nothing is written: it only makes paths of the names.
    outdir: PACKAGE_ROOT,
    write: false,
    bundle: true,
    minify: true,
    sourcemap: 'external',
    sourcesContent: false,
    format: 'cjs',
    platform: 'node',
    // The same bundle runs in the rehearsal, on whatever Node.js from 20 the machine has.
    target: 'node20',
    // pg loads pg-native only when asked to; pg_dump is a file of its own.
    external: ['pg-native', PG_DUMP],
    logLevel: 'error',
  });
  return new Map(outputFiles.map(({ path, contents }) => [path, contents]));
}
