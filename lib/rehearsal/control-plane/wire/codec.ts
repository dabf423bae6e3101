import { NormalizedSchema } from '@smithy/core/schema';
import type { AwsFault } from '../fault';
import type { Operation, Service } from '../operation';
import type { WireRequest, WireResponse } from './http-message';

/** A request told apart and parsed. */
export interface ParsedCall {
  readonly operation: Operation;
  /** Input in the shape of the SDK's command. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** One wire protocol, driven by the schemas that the SDK clients export. */
export interface Codec {
  /** Tells the operation and parses its input; throws `Refusal` for what the service does not know. */
  read(service: Service, request: WireRequest): ParsedCall;
  writeResult(
    service: Service,
    operation: Operation,
    output: Readonly<Record<string, unknown>>,
    requestId: string,
  ): WireResponse;
  writeFault(service: Service, fault: AwsFault, requestId: string): WireResponse;
}

/** Code and status of an error on the wire. */
export interface WireError {
  readonly code: string;
  readonly status: number;
}

/**
 * Finds how the service's model spells an error: query services send a code that differs from the error's name
 * (`DBInstanceNotFound` for `DBInstanceNotFoundFault`).
 *
 * @param service the service that throws
 * @param fault the error, whose code may be a modelled name or a plain code
 */
export function wireError(service: Service, fault: AwsFault): WireError {
  for (const each of service.errors) {
    const schema = NormalizedSchema.of(each as Parameters<typeof NormalizedSchema.of>[0]);
    if (schema.getName() !== fault.code) continue;
    const traits = schema.getMergedTraits() as Readonly<Record<string, unknown>>;
    const query = traits.awsQueryError as readonly [string, number] | undefined;
    const status = typeof traits.httpError === 'number' ? traits.httpError : fault.status;
    if (service.protocol === 'query' && query) return { code: query[0], status: query[1] };
    return { code: fault.code, status };
  }
  return { code: fault.code, status: fault.status };
}
