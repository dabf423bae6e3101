import { NormalizedSchema } from '@smithy/core/schema';
import { AwsFault, Refusal } from '../fault';
import { type Codec, wireError } from './codec';

const CONTENT_TYPE = 'application/x-amz-json-1.1';

/** The JSON 1.1 protocol (KMS, Secrets Manager): operation in `X-Amz-Target`, epoch seconds for times. */
export const jsonCodec: Codec = {
  read(service, request) {
    const target = request.headers['x-amz-target'] ?? '';
    const operation = service.operations.get(target.slice(target.lastIndexOf('.') + 1));
    if (!operation) throw new Refusal(`operation ${service.signingName}:${target || request.path}`);
    const input = parse(request.body.toString('utf8'));
    const schema = NormalizedSchema.of(operation.schema[4]);
    const known = schema.isStructSchema() ? new Set(Object.keys(schema.getMemberSchemas())) : new Set<string>();
    const unknown = Object.keys(input).find((name) => !known.has(name));
    if (unknown !== undefined)
      throw new Refusal(`parameter ${unknown} of ${service.signingName}:${operation.schema[2]}`);
    return { operation, input };
  },

  writeResult(_service, _operation, output, requestId) {
    return {
      status: 200,
      headers: { 'content-type': CONTENT_TYPE, 'x-amzn-requestid': requestId },
      body: JSON.stringify(toWire(output)),
    };
  },

  writeFault(service, fault, requestId) {
    const { code, status } = wireError(service, fault);
    return {
      status,
      headers: { 'content-type': CONTENT_TYPE, 'x-amzn-requestid': requestId, 'x-amzn-errortype': code },
      body: JSON.stringify({ ...fault.details, __type: code, message: fault.message }),
    };
  },
};

function parse(text: string): Record<string, unknown> {
  const value: unknown = text === '' ? {} : JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AwsFault('SerializationException', 'the body of a JSON call must be an object');
  }
  return value as Record<string, unknown>;
}

function toWire(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(toWire);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toWire(item)]));
}
