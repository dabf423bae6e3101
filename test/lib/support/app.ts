/** Synthesizes the stacks as a test wants them: without bundling, into a directory that is removed again. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { makeStacks, parseConfig, type SealiftConfigInput, type SealiftStacks } from '../../../lib';
import { CONTEXT, example, type Templates } from './synthesis';

/** A synthesized app with its stacks. */
export interface Synthesis extends Templates {
  readonly app: App;
  readonly stacks: readonly SealiftStacks[];
}

/** Synthesizes one migration per configuration into one app, with the flags of `cdk.json` or others. */
export function synthesizeApp(
  configs: readonly SealiftConfigInput[] = [example()],
  validate = false,
  context: Readonly<Record<string, unknown>> = CONTEXT,
): Synthesis {
  process.env.CDK_VALIDATION = validate ? 'true' : 'false';
  const outdir = mkdtempSync(join(tmpdir(), 'sealift-synth-'));
  try {
    const app = new App({ outdir, context: { ...context, 'aws:cdk:bundling-stacks': [] } });
    const stacks = configs.map((config) => makeStacks(app, parseConfig(config)));
    const assembly = app.synth();
    const templates = Object.fromEntries(
      assembly.stacks.map((stack) => [stack.stackName, JSON.parse(readFileSync(stack.templateFullPath, 'utf8'))]),
    );
    return { app, stacks, templates };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
