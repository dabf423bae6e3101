/** Synthesizes the CDK app in a process of its own, exactly as `cdk synth` runs it, without the CLI, network or credentials. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { CONTEXT_KEY, type SealiftConfigInput } from '../../config';
import { type CloudAssembly, readAssembly } from '../cloudformation/assembly';
import { RehearsalFailure } from './rehearsal-failure';

/** The package's root, which holds `bin`, `lambda` and `cdk.json`. */
const PACKAGE_ROOT = join(__dirname, '..', '..', '..');

/** Lines of the app's output that a failure shows. */
const LAST_LINES = 12;

/**
 * Runs `bin/sealift.ts` with the configuration given and reads what it wrote.
 *
 * @throws RehearsalFailure with the app's last words
 */
export async function synthesize(
  config: SealiftConfigInput,
  outputDirectory: string,
  signal?: AbortSignal,
): Promise<CloudAssembly> {
  const { context } = JSON.parse(await readFile(join(PACKAGE_ROOT, 'cdk.json'), 'utf8')) as { context: object };
  const tsx = createRequire(__filename).resolve('tsx/cjs');
  const child = spawn(process.execPath, ['--require', tsx, join(PACKAGE_ROOT, 'bin', 'sealift.ts')], {
    cwd: PACKAGE_ROOT,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TMPDIR: process.env.TMPDIR,
      SEALIFT_BUNDLE_CACHE: process.env.SEALIFT_BUNDLE_CACHE,
      CDK_OUTDIR: outputDirectory,
      // Half of the time; `npm run synth` and the tests validate the same templates.
      CDK_VALIDATION: 'false',
      CDK_CONTEXT_JSON: JSON.stringify({ ...context, [CONTEXT_KEY]: config }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) {
    const words = said.trim().split('\n').slice(-LAST_LINES).join('\n');
    throw new RehearsalFailure(`the stacks could not be synthesized, the app said:\n${words}`);
  }
  return readAssembly(outputDirectory);
}
