import { NormalizedSchema } from '@smithy/core/schema';
import { Refusal } from '../fault';
import type { Operation, Service } from '../operation';
import { type Codec, wireError } from './codec';
import { type Binding, bindingOf, matchPath, routeOf } from './http-bindings';
import type { WireRequest, WireResponse } from './http-message';
import { readRestInput } from './rest-xml-input';
import { escapeXml, writeMembers, writeXml } from './xml-writer';

type Schema = ReturnType<typeof NormalizedSchema.of>;

/** The REST XML protocol (Route 53, S3): parameters in path, query, headers and body. */
export const restXmlCodec: Codec = {
  read(service, request) {
    const { bucket, segments } = splitPath(service, request.path);
    for (const operation of candidates(service, request)) {
      const labels = matchPath(routeOf(operation.schema[3]), segments);
      if (labels)
        return { operation, input: readRestInput(operation, request, bucket ? { ...labels, Bucket: bucket } : labels) };
    }
    throw new Refusal(
      `operation ${service.signingName}: ${request.method} ${request.path} ${[...request.query.keys()]}`,
    );
  },

  writeResult,

  writeFault(service, fault, requestId) {
    const { code, status } = wireError(service, fault);
    const error = `<Code>${escapeXml(code)}</Code><Message>${escapeXml(fault.message)}</Message>`;
    const body = service.bucketInPath
      ? `<Error>${error}<RequestId>${requestId}</RequestId></Error>`
      : `<ErrorResponse><Error>${error}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
    return { status, headers: { 'content-type': 'application/xml', 'x-amzn-requestid': requestId }, body };
  },
};

function splitPath(service: Service, path: string): { bucket: string | null; segments: string[] } {
  // An object's key may hold empty segments; only the leading slash is no part of it.
  const segments = path.replace(/^\//, '').split('/');
  if (!service.bucketInPath) return { bucket: null, segments: segments.filter(Boolean) };
  const [bucket = '', ...key] = segments;
  return { bucket: decodeURIComponent(bucket), segments: key.length === 1 && key[0] === '' ? [] : key };
}

/** Operations of the request's method whose literal query fields it carries, the most literal first. */
function candidates(service: Service, request: WireRequest): Operation[] {
  const fits = (operation: Operation): boolean => {
    const route = routeOf(operation.schema[3]);
    return (
      route.method === request.method &&
      [...route.literals].every(([name, value]) => name === 'x-id' || request.query.get(name) === value)
    );
  };
  const literals = (operation: Operation): number => [...routeOf(operation.schema[3]).literals].length;
  return [...service.operations.values()].filter(fits).sort((left, right) => literals(right) - literals(left));
}

function writeResult(
  service: Service,
  operation: Operation,
  output: Readonly<Record<string, unknown>>,
  requestId: string,
): WireResponse {
  const schema = NormalizedSchema.of(operation.schema[5]);
  const [, , status] = (operation.schema[3] as unknown as { http: [string, string, number] }).http;
  const headers: Record<string, string> = { 'x-amzn-requestid': requestId };
  if (!schema.isStructSchema()) return { status, headers, body: '' };
  let body: Buffer | string | null = null;
  let hasBodyMembers = false;
  for (const [name, member] of schema.structIterator()) {
    const value = output[name];
    const binding = bindingOf(member);
    if (binding.kind === 'body') hasBodyMembers = true;
    if (value === undefined || value === null) continue;
    Object.assign(headers, writeHeaders(binding, value));
    if (binding.kind === 'payload') body = writePayload(member, value, name);
  }
  if (body !== null || !hasBodyMembers) return { status, headers, body: body ?? '' };
  const root = String(schema.getMergedTraits().xmlName ?? schema.getName());
  const members = writeMembers(schema, output, (member) => bindingOf(member).kind === 'body');
  headers['content-type'] = 'application/xml';
  return { status, headers, body: `<${root} xmlns="${service.xmlNamespace ?? ''}">${members}</${root}>` };
}

function writeHeaders(binding: Binding, value: unknown): Record<string, string> {
  if (binding.kind === 'header') return { [binding.name]: value instanceof Date ? value.toUTCString() : String(value) };
  if (binding.kind !== 'prefix-headers') return {};
  const entries = Object.entries(value as Readonly<Record<string, string>>);
  return Object.fromEntries(entries.map(([key, text]) => [`${binding.name}${key}`, text]));
}

function writePayload(member: Schema, value: unknown, name: string): Buffer | string {
  return member.isStructSchema() ? writeXml(member, value, member.getName() ?? name) : Buffer.from(value as Uint8Array);
}
