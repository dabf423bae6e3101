import { validationError } from './cloudformation-error';
import { isObject, type Json } from './json';

/** A dynamic reference of a template (CloudFormation user guide, "dynamic references"). */
export type DynamicReference =
  | {
      readonly service: 'secretsmanager';
      /** Name or ARN of the secret. */
      readonly secretId: string;
      /** Key in the secret's JSON; null: the whole secret text. */
      readonly jsonKey: string | null;
      readonly versionStage: string | null;
      readonly versionId: string | null;
    }
  | { readonly service: 'ssm' | 'ssm-secure'; readonly name: string; readonly version: string | null };

const PATTERN = /\{\{resolve:([^}]*)\}\}/g;
const SECRET =
  /^((?:arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:)?[^:]+)(?::SecretString(?::([^:]*)(?::([^:]*)(?::([^:]*))?)?)?)?$/;
const PARAMETER = /^([^:]+)(?::([0-9]+))?$/;

/**
 * Replaces every `{{resolve:…}}` in the strings of a value. Done right before a provider is called and kept nowhere, so that
 * no secret enters the state, an event or a comparison.
 * @throws ValidationError with the path for a service or form that is not known; what the lookup throws passes through.
 */
export async function resolveDynamicReferences<T extends Json>(
  value: T,
  lookup: (reference: DynamicReference) => Promise<string>,
  path: string,
): Promise<T> {
  return (await resolveAny(value, lookup, path)) as T;
}

async function resolveAny(
  value: Json,
  lookup: (reference: DynamicReference) => Promise<string>,
  path: string,
): Promise<Json> {
  if (typeof value === 'string') return resolveText(value, lookup, path);
  if (Array.isArray(value)) {
    return Promise.all(value.map((item, index) => resolveAny(item, lookup, `${path}[${index}]`)));
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(async ([key, item]) => [
    key,
    await resolveAny(item, lookup, `${path}.${key}`),
  ]);
  return Object.fromEntries(await Promise.all(entries));
}

async function resolveText(
  text: string,
  lookup: (reference: DynamicReference) => Promise<string>,
  path: string,
): Promise<string> {
  let resolved = '';
  let end = 0;
  for (const match of text.matchAll(PATTERN)) {
    resolved += text.slice(end, match.index) + (await lookup(parseDynamicReference(match[1] ?? '', path)));
    end = match.index + match[0].length;
  }
  return resolved + text.slice(end);
}

function parseDynamicReference(body: string, path: string): DynamicReference {
  const colon = body.indexOf(':');
  const service = body.slice(0, colon);
  const rest = body.slice(colon + 1);
  const secret = service === 'secretsmanager' ? SECRET.exec(rest) : null;
  if (secret?.[1] !== undefined) {
    const [, secretId, jsonKey, versionStage, versionId] = secret;
    return {
      service: 'secretsmanager',
      secretId,
      jsonKey: jsonKey || null,
      versionStage: versionStage || null,
      versionId: versionId || null,
    };
  }
  const parameter = service === 'ssm' || service === 'ssm-secure' ? PARAMETER.exec(rest) : null;
  if (parameter?.[1] !== undefined) {
    return { service: service as 'ssm' | 'ssm-secure', name: parameter[1], version: parameter[2] ?? null };
  }
  throw validationError(
    `[${path}] has the dynamic reference {{resolve:${body}}}, which the rehearsal cannot read; it knows secretsmanager, ssm and ssm-secure`,
  );
}
