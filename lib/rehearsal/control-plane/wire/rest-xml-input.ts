import { XmlShapeDeserializer } from '@aws-sdk/core/protocols';
import { NormalizedSchema } from '@smithy/core/schema';
import { Refusal } from '../fault';
import type { Operation } from '../operation';
import { unchunk } from './aws-chunked';
import { bindingOf, routeOf } from './http-bindings';
import type { WireRequest } from './http-message';
import { readSimple } from './simple-reader';

type Schema = ReturnType<typeof NormalizedSchema.of>;

/** Headers of every signed call, and those of the body's framing, that are no parameters. */
const ENVELOPE_HEADERS = [
  'x-amz-date',
  'x-amz-content-sha256',
  'x-amz-user-agent',
  'x-amz-security-token',
  'x-amz-trailer',
  'x-amz-decoded-content-length',
];

/** A request whose body is out of its framing, and the names that the operation's parameters have taken from it. */
interface Reading {
  readonly request: WireRequest;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly usedQuery: Set<string>;
  readonly usedHeaders: Set<string>;
}

/**
 * Parses the input of a REST call out of query, headers and body.
 *
 * @param operation the operation, which the path has told
 * @param labels parameters of the path
 * @returns the input; throws `Refusal` for a query field or `x-amz-` header that belongs to no parameter
 */
export function readRestInput(
  operation: Operation,
  request: WireRequest,
  labels: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const schema = NormalizedSchema.of(operation.schema[4]);
  const reading: Reading = {
    request,
    ...decodeBody(request),
    usedQuery: new Set(['x-id', ...routeOf(operation.schema[3]).literals.keys()]),
    usedHeaders: new Set(ENVELOPE_HEADERS),
  };
  const input: Record<string, unknown> = { ...labels };
  let readsBody = false;
  for (const [name, member] of schema.structIterator()) {
    if (bindingOf(member).kind === 'body') readsBody = true;
    const value = readMember(reading, member);
    if (value !== undefined) input[name] = value;
  }
  refuseUnbound(operation, reading);
  return readsBody && reading.body.length > 0 ? { ...readXmlBody(schema, reading.body), ...input } : input;
}

function readMember(reading: Reading, member: Schema): unknown {
  const binding = bindingOf(member);
  if (binding.kind === 'payload') return reading.body;
  if (binding.kind === 'query') {
    reading.usedQuery.add(binding.name);
    const text = reading.request.query.get(binding.name);
    return text === null ? undefined : readSimple(member, text);
  }
  if (binding.kind === 'header') {
    reading.usedHeaders.add(binding.name);
    const text = reading.headers[binding.name];
    return text === undefined ? undefined : readSimple(member, text);
  }
  if (binding.kind !== 'prefix-headers') return undefined;
  const found = Object.entries(reading.headers).filter(([name]) => name.startsWith(binding.name));
  for (const [name] of found) reading.usedHeaders.add(name);
  return found.length === 0
    ? undefined
    : Object.fromEntries(found.map(([name, text]) => [name.slice(binding.name.length), text]));
}

function readXmlBody(schema: Schema, body: Buffer): Record<string, unknown> {
  const timestampFormat = { useTrait: true, default: 5 as const };
  const settings = { httpBindings: true, xmlNamespace: '', serviceNamespace: '', timestampFormat };
  return new XmlShapeDeserializer(settings).read(schema, body) as Record<string, unknown>;
}

function refuseUnbound(operation: Operation, { request, headers, usedQuery, usedHeaders }: Reading): void {
  const query = [...request.query.keys()].find((name) => !usedQuery.has(name));
  const header = Object.keys(headers).find((name) => name.startsWith('x-amz-') && !usedHeaders.has(name));
  const unknown = query ?? header;
  if (unknown !== undefined) throw new Refusal(`parameter ${unknown} of ${operation.schema[2]}`);
}

/** Takes streams out of their framing; their trailing checksum counts as a header. */
function decodeBody(request: WireRequest): { body: Buffer; headers: Readonly<Record<string, string>> } {
  const encodings = (request.headers['content-encoding'] ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean);
  if (!encodings.includes('aws-chunked')) return { body: request.body, headers: request.headers };
  const { body, trailers } = unchunk(request.body);
  const { 'content-encoding': _framing, 'content-length': _framedLength, ...headers } = request.headers;
  const left = encodings.filter((each) => each !== 'aws-chunked').join(',');
  return { body, headers: { ...headers, ...trailers, ...(left ? { 'content-encoding': left } : {}) } };
}
