import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { deploymentOrder } from './dependency-graph';
import { isObject, type Json, type JsonObject } from './json';

/** A stack of a cloud assembly. */
export interface AssemblyStack {
  /** Artifact id: the construct id of the stack. */
  readonly id: string;
  readonly stackName: string;
  /** Path of the stack in the construct tree, as `cdk deploy` takes it. */
  readonly displayName: string;
  readonly templatePath: string;
  /** The template's text, for `createStack`. */
  readonly templateBody: string;
  /** Parameter values that the app fixed, by name; others take the template's defaults. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Tags in the API's shape, for `createStack`. */
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly terminationProtection: boolean;
  /** Names of the stacks that must exist before it. */
  readonly dependsOn: readonly string[];
}

/** A synthesized app: its stacks, those that others need first, and its file assets. */
export interface CloudAssembly {
  readonly directory: string;
  readonly stacks: readonly AssemblyStack[];
  /** The stack of that name; an error lists the names that there are. */
  stack(stackName: string): AssemblyStack;
  /** File or directory of an asset by the key under which it would be uploaded (`<hash>.zip`); an error for unknown keys. */
  assetByKey(objectKey: string): string;
  /** File or directory of an asset by the value of a resource's metadata `aws:asset:path`; refuses to leave the assembly. */
  assetByPath(assetPath: string): string;
}

/** An asset that a manifest lists; whether it is there is looked at when it is asked for. */
interface Asset {
  readonly directory: string;
  readonly path: string;
}

/**
 * Reads the `cdk.out` of a synthesized app, nested assemblies of stages included.
 * @throws Error that names the file for a manifest or template that is missing or not in the expected form.
 */
export function readAssembly(directory: string): CloudAssembly {
  const root = resolve(directory);
  const found: { stack: AssemblyStack; artifactDependencies: readonly string[] }[] = [];
  const assets = new Map<string, Asset>();
  readManifest(root, found, assets);
  const byId = new Map(found.map((item) => [item.stack.id, item]));
  const graph = new Map(
    found.map(({ stack, artifactDependencies }) => [
      stack.id,
      new Set(artifactDependencies.filter((id) => byId.has(id))),
    ]),
  );
  const nameOf = (id: string) => byId.get(id)?.stack.stackName ?? id;
  const stacks = deploymentOrder(graph).flatMap((id): AssemblyStack[] => {
    const stack = byId.get(id)?.stack;
    return stack === undefined ? [] : [{ ...stack, dependsOn: [...(graph.get(id) ?? [])].map(nameOf) }];
  });
  return {
    directory: root,
    stacks,
    stack: (stackName) => {
      const stack = stacks.find((candidate) => candidate.stackName === stackName);
      if (stack !== undefined) return stack;
      const names = stacks.map((candidate) => candidate.stackName).join(', ');
      throw new Error(`cloud assembly ${root} has no stack ${stackName}; it has ${names || 'none'}`);
    },
    assetByKey: (objectKey) => {
      const asset = assets.get(objectKey);
      if (asset !== undefined) return within(asset.directory, asset.path);
      throw new Error(`cloud assembly ${root} has no asset with the key ${objectKey}; it has ${assets.size} assets`);
    },
    assetByPath: (assetPath) => within(root, assetPath),
  };
}

function readManifest(
  directory: string,
  found: { stack: AssemblyStack; artifactDependencies: readonly string[] }[],
  assets: Map<string, Asset>,
): void {
  const manifest = readObject(join(directory, 'manifest.json'));
  for (const [id, artifact] of Object.entries(objectAt(manifest, 'artifacts'))) {
    if (!isObject(artifact)) throw new Error(`artifact ${id} of ${directory} is no object`);
    const properties = objectAt(artifact, 'properties');
    if (artifact.type === 'aws:cloudformation:stack') {
      found.push({
        stack: readStack(directory, id, artifact, properties),
        artifactDependencies: texts(artifact.dependencies),
      });
    } else if (artifact.type === 'cdk:asset-manifest') {
      readAssets(directory, text(properties.file, `file of ${id}`), assets);
    } else if (artifact.type === 'cdk:cloud-assembly') {
      readManifest(within(directory, text(properties.directoryName, `directoryName of ${id}`)), found, assets);
    }
  }
}

function readStack(directory: string, id: string, artifact: JsonObject, properties: JsonObject): AssemblyStack {
  const templatePath = within(directory, text(properties.templateFile, `templateFile of ${id}`));
  const tags = Object.entries(objectAt(properties, 'tags'));
  const parameters = Object.entries(objectAt(properties, 'parameters'));
  return {
    id,
    stackName: text(properties.stackName ?? id, `stackName of ${id}`),
    displayName: text(artifact.displayName ?? id, `displayName of ${id}`),
    templatePath,
    templateBody: readFileSync(templatePath, 'utf8'),
    parameters: Object.fromEntries(
      parameters.map(([name, value]) => [name, text(value, `parameter ${name} of ${id}`)]),
    ),
    tags: tags.map(([Key, value]) => ({ Key, Value: text(value, `tag ${Key} of ${id}`) })),
    terminationProtection: properties.terminationProtection === true,
    dependsOn: [],
  };
}

function readAssets(directory: string, file: string, assets: Map<string, Asset>): void {
  for (const [hash, asset] of Object.entries(objectAt(readObject(within(directory, file)), 'files'))) {
    if (!isObject(asset)) throw new Error(`asset ${hash} of ${file} is no object`);
    const path = objectAt(asset, 'source').path;
    // A source without a path is made by a command of the user: nothing of it exists before it is published.
    if (path === undefined) continue;
    for (const destination of Object.values(objectAt(asset, 'destinations'))) {
      const key = isObject(destination) ? destination.objectKey : undefined;
      assets.set(text(key, `objectKey of ${hash}`), { directory, path: text(path, `path of ${hash}`) });
    }
  }
}

/** Joins a path that the assembly names; one that leaves the assembly, or does not exist, is refused. */
function within(directory: string, path: string): string {
  const joined = resolve(directory, path);
  if (!joined.startsWith(directory + sep)) throw new Error(`path ${path} leaves the cloud assembly ${directory}`);
  if (!existsSync(joined)) throw new Error(`cloud assembly ${directory} lacks ${path}; synthesize it again`);
  return joined;
}

function readObject(path: string): JsonObject {
  if (!existsSync(path) || !statSync(path).isFile()) {
    throw new Error(`no file ${path}; synthesize the app first (npm run synth)`);
  }
  const parsed = JSON.parse(readFileSync(path, 'utf8')) as Json;
  if (!isObject(parsed)) throw new Error(`${path} holds no JSON object`);
  return parsed;
}

function objectAt(parent: JsonObject, key: string): JsonObject {
  const value = parent[key] ?? {};
  if (!isObject(value)) throw new Error(`${key} of the cloud assembly is no object`);
  return value;
}

function text(value: Json | undefined, what: string): string {
  if (typeof value !== 'string') throw new Error(`${what} must be a string, got ${JSON.stringify(value ?? null)}`);
  return value;
}

function texts(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.map((item) => text(item, 'dependency')) : [];
}
