/** Synthesizes the stacks as a test wants them: without bundling, into a directory that is removed again. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { makeStacks, parseConfig, type SealiftConfigInput, type SealiftStacks } from '../../../lib';

const ROOT = join(__dirname, '..', '..', '..');

/** The context of `cdk.json`, feature flags and example configuration: what `npm run synth` uses. */
export const CONTEXT: Readonly<Record<string, unknown>> & { readonly sealift: SealiftConfigInput } = JSON.parse(
  readFileSync(join(ROOT, 'cdk.json'), 'utf8'),
).context;

/** The example of `cdk.json` with other fields. */
export function example(changes: Partial<SealiftConfigInput> = {}): SealiftConfigInput {
  return { ...structuredClone(CONTEXT.sealift), ...changes };
}

/** A JSON object of a template. */
export type Json = Record<string, unknown>;

/** A resource of a template. */
export interface Resource {
  readonly Type: string;
  readonly Properties: Json;
  readonly [field: string]: unknown;
}

/** A template with its resources typed. */
export interface StackTemplate {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly [section: string]: unknown;
}

/** What synthesis gives. */
export interface Synthesis {
  readonly app: App;
  readonly stacks: readonly SealiftStacks[];
  /** Templates by stack name. */
  readonly templates: Readonly<Record<string, StackTemplate>>;
}

/** Synthesizes one migration per configuration into one app, with the flags of `cdk.json` or others. */
export function synthesize(
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

/** Resources of one type in a template, by logical id. */
export function ofType(template: StackTemplate | undefined, type: string): [string, Resource][] {
  return Object.entries(template?.Resources ?? {}).filter(([, resource]) => resource.Type === type);
}

/** The template of one of the example's stacks. */
export function templateOf({ templates }: Synthesis, stack: string, migration = 'demo'): StackTemplate {
  const template = templates[`Sealift-${migration}-${stack}`];
  if (template === undefined) throw new Error(`stack ${stack} was not synthesized`);
  return template;
}
