import type { Json, JsonObject } from '../json';
import type { ProvidedResource, ProviderContext, ResourceProvider } from '../provider';

/** How a type that is only recorded answers `Ref` and `Fn::GetAtt`. */
export interface RecordedType {
  readonly type: string;
  /** Property with an explicit name. @default none, the name is generated */
  readonly nameProperty?: string;
  /** @default none */
  readonly replacementOn?: readonly string[];
  /** What `Ref` answers, from the explicit or generated name. @default the name itself */
  readonly physicalId?: (name: string, context: ProviderContext) => string;
  /** @default none */
  readonly attributes?: (physicalId: string, context: ProviderContext) => Readonly<Record<string, Json>>;
}

/**
 * Makes the provider of a type that the rehearsal records and does nothing with: it exists in the stack, has names, ARNs and
 * ids in AWS's form, and no effect.
 */
export function recordedProvider(recorded: RecordedType): ResourceProvider {
  const { type, nameProperty, replacementOn = [], physicalId = (name) => name, attributes = () => ({}) } = recorded;
  const provide = (id: string, context: ProviderContext): ProvidedResource => ({
    physicalId: id,
    attributes: attributes(id, context),
  });
  return {
    type,
    nameProperty,
    replacementOn: nameProperty === undefined ? replacementOn : [...replacementOn, nameProperty],
    create: async (context) => provide(physicalId(nameOf(context, nameProperty), context), context),
    update: async (context) => provide(context.physicalId, context),
    delete: async () => undefined,
  };
}

/** The explicit name of a resource, else the generated one. */
export function nameOf(context: ProviderContext, nameProperty: string | undefined): string {
  const given = nameProperty === undefined ? undefined : context.properties[nameProperty];
  if (given === undefined) return context.physicalNameHint;
  if (typeof given !== 'string' || given === '') {
    throw new Error(`${nameProperty} of ${context.logicalId} must be a name, got ${JSON.stringify(given)}`);
  }
  return given;
}

/** An ARN of the stack's account and region. */
export function arnOf(context: ProviderContext, service: string, resource: string): string {
  return `arn:${context.partition}:${service}:${context.region}:${context.account}:${resource}`;
}

/** A property that must be a string. */
export function requiredText(
  context: ProviderContext,
  name: string,
  properties: JsonObject = context.properties,
): string {
  const value = properties[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new Error(
    `${name} of ${context.logicalId} must be a string that is not empty, got ${JSON.stringify(value ?? null)}`,
  );
}

/** A property that may be a list of strings; absent means empty. */
export function textList(context: ProviderContext, name: string): readonly string[] {
  const value = context.properties[name] ?? [];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value as readonly string[];
  throw new Error(`${name} of ${context.logicalId} must be a list of strings, got ${JSON.stringify(value)}`);
}
