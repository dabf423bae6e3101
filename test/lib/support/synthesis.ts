/** The templates that a configuration is synthesized to, made once in a run of the tests. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SealiftConfigInput } from '../../../lib';

const ROOT = join(__dirname, '..', '..', '..');

/** A configuration whose source is an instance of RDS. */
type Example = SealiftConfigInput & { readonly source: Extract<SealiftConfigInput['source'], { kind: 'rds' }> };

/** The source of the example of `cdk.json`, an instance of RDS. */
export function exampleSource(): Example['source'] {
  return structuredClone(CONTEXT.sealift.source);
}

/** The context of `cdk.json`, feature flags and example configuration: what `npm run synth` uses. */
export const CONTEXT: Readonly<Record<string, unknown>> & { readonly sealift: Example } = JSON.parse(
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
export interface Templates {
  /** Templates by stack name. */
  readonly templates: Readonly<Record<string, StackTemplate>>;
}

/**
 * Synthesizes one migration per configuration into one app, with the flags of `cdk.json`, or reads what another test file made of the
 * same configurations; the CDK is loaded only to synthesize.
 */
export function synthesize(configs: readonly SealiftConfigInput[] = [example()]): Templates {
  const directory = process.env.SEALIFT_BUNDLE_CACHE;
  const name = createHash('sha256').update(JSON.stringify(configs)).digest('hex').slice(0, 32);
  const path = join(directory ?? '', `templates-${name}.json`);
  if (directory !== undefined && existsSync(path)) return { templates: JSON.parse(readFileSync(path, 'utf8')) };
  const { synthesizeApp } = require('./app') as typeof import('./app');
  const { templates } = synthesizeApp(configs);
  if (directory !== undefined) {
    writeFileSync(`${path}.${process.pid}`, JSON.stringify(templates));
    renameSync(`${path}.${process.pid}`, path);
  }
  return { templates };
}

/** Resources of one type in a template, by logical id. */
export function ofType(template: StackTemplate | undefined, type: string): [string, Resource][] {
  return Object.entries(template?.Resources ?? {}).filter(([, resource]) => resource.Type === type);
}

/** The template of one of the example's stacks. */
export function templateOf({ templates }: Templates, stack: string, migration = 'demo'): StackTemplate {
  const template = templates[`Sealift-${migration}-${stack}`];
  if (template === undefined) throw new Error(`stack ${stack} was not synthesized`);
  return template;
}
