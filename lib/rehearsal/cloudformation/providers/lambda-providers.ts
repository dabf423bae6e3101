import type { CloudAssembly } from '../assembly';
import { isObject, type Json } from '../json';
import type { ProviderContext, ResourceProvider } from '../provider';
import { arnOf, nameOf, recordedProvider, requiredText } from './recorded-provider';

/** A function as the template declares it, ready to be run. */
export interface DeployedFunction {
  readonly functionName: string;
  readonly arn: string;
  /** Directory of the bundled asset in the cloud assembly. */
  readonly assetDirectory: string;
  /** Such as `index.handler`. */
  readonly handler: string;
  /** Such as `nodejs24.x`. */
  readonly runtime: string;
  readonly roleArn: string;
  /** @default 3, as in AWS */
  readonly timeoutSeconds: number;
  /** @default 128, as in AWS */
  readonly memoryMib: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Null: not reserved. */
  readonly reservedConcurrentExecutions: number | null;
  readonly stackName: string;
  readonly logicalId: string;
}

/** What deployed functions are handed to. */
export interface FunctionRegistry {
  /** Called for a creation and for every change; the same ARN again replaces it. */
  register(deployed: DeployedFunction): void | Promise<void>;
  /** Called for a deletion. @default nothing happens */
  unregister?(arn: string): void | Promise<void>;
  readonly assembly: CloudAssembly;
}

/**
 * Makes the provider of `AWS::Lambda::Function`. The code is the asset that the assembly holds under the function's `S3Key`,
 * or under its metadata `aws:asset:path`; inline code and images are refused.
 */
export function lambdaFunctionProvider(registry: FunctionRegistry): ResourceProvider {
  const provide = async (context: ProviderContext, functionName: string) => {
    const deployed = deployedFunction(context, functionName, registry.assembly);
    await registry.register(deployed);
    return { physicalId: functionName, attributes: { Arn: deployed.arn } };
  };
  return {
    type: 'AWS::Lambda::Function',
    nameProperty: 'FunctionName',
    replacementOn: ['FunctionName', 'PackageType'],
    create: async (context) => provide(context, nameOf(context, 'FunctionName')),
    update: async (context) => provide(context, context.physicalId),
    delete: async (context) => {
      await registry.unregister?.(arnOf(context, 'lambda', `function:${context.physicalId}`));
    },
  };
}

/** Providers of versions and aliases: recorded with their ARNs; a version stands for the function's present code. */
export function lambdaVersionProviders(): ResourceProvider[] {
  const versions = new Map<string, number>();
  return [
    recordedProvider({
      type: 'AWS::Lambda::Version',
      replacementOn: ['*'],
      physicalId: (_name, context) => {
        const functionArn = functionArnOf(context);
        const version = (versions.get(functionArn) ?? 0) + 1;
        versions.set(functionArn, version);
        return `${functionArn}:${version}`;
      },
      attributes: (arn) => ({ FunctionArn: arn, Version: arn.split(':').at(-1) ?? '' }),
    }),
    recordedProvider({
      type: 'AWS::Lambda::Alias',
      replacementOn: ['FunctionName', 'Name'],
      physicalId: (_name, context) => `${functionArnOf(context)}:${requiredText(context, 'Name')}`,
      attributes: (arn) => ({ AliasArn: arn }),
    }),
  ];
}

function deployedFunction(context: ProviderContext, functionName: string, assembly: CloudAssembly): DeployedFunction {
  const { properties } = context;
  return {
    functionName,
    arn: arnOf(context, 'lambda', `function:${functionName}`),
    assetDirectory: assetOf(context, assembly),
    handler: requiredText(context, 'Handler'),
    runtime: requiredText(context, 'Runtime'),
    roleArn: requiredText(context, 'Role'),
    timeoutSeconds: whole(context, 'Timeout') ?? 3,
    memoryMib: whole(context, 'MemorySize') ?? 128,
    environment: environmentOf(context, properties.Environment),
    reservedConcurrentExecutions: whole(context, 'ReservedConcurrentExecutions'),
    stackName: context.stackName,
    logicalId: context.logicalId,
  };
}

function assetOf({ properties, metadata, logicalId }: ProviderContext, assembly: CloudAssembly): string {
  const assetPath = metadata['aws:asset:path'];
  if (typeof assetPath === 'string') return assembly.assetByPath(assetPath);
  const code = properties.Code;
  const key = isObject(code) ? code.S3Key : undefined;
  if (typeof key === 'string') return assembly.assetByKey(key);
  throw new Error(`function ${logicalId} has no code asset; the rehearsal runs bundles of the cloud assembly only`);
}

function environmentOf({ logicalId }: ProviderContext, environment: Json | undefined): Record<string, string> {
  const variables = isObject(environment) ? (environment.Variables ?? {}) : {};
  if (!isObject(variables)) throw new Error(`Environment.Variables of ${logicalId} must be an object`);
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => {
      if (typeof value === 'object') throw new Error(`environment variable ${name} of ${logicalId} must be a string`);
      return [name, String(value)];
    }),
  );
}

function whole(context: ProviderContext, name: string): number | null {
  const value = context.properties[name];
  if (value === undefined) return null;
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`${name} of ${context.logicalId} must be a whole number, got ${JSON.stringify(value)}`);
}

function functionArnOf(context: ProviderContext): string {
  const name = requiredText(context, 'FunctionName');
  return name.startsWith('arn:') ? name : arnOf(context, 'lambda', `function:${name}`);
}
