import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock';
import type { Authorize, CallEnvironment } from './authorization';
import { demand } from './authorization';
import type { Callers } from './callers';
import { AwsFault, Refusal } from './fault';
import type { Injections } from './injection';
import type { Journal } from './journal';
import type { Principal, Protocol, Service } from './operation';
import type { Codec, ParsedCall } from './wire/codec';
import { type CredentialScope, readCredentialScope } from './wire/credential-scope';
import type { WireRequest, WireResponse } from './wire/http-message';
import { jsonCodec } from './wire/json-codec';
import { queryCodec } from './wire/query-codec';
import { restJsonCodec } from './wire/rest-json-codec';
import { restXmlCodec } from './wire/rest-xml-codec';

const CODECS: Readonly<Record<Protocol, Codec>> = {
  query: queryCodec,
  'json-1.1': jsonCodec,
  'rest-xml': restXmlCodec,
  'rest-json': restJsonCodec,
};

/** What the dispatcher works with. */
export interface DispatcherProps {
  readonly services: readonly Service[];
  readonly callers: Callers;
  readonly clock: Clock;
  readonly authorize: Authorize;
  readonly environment: CallEnvironment;
  readonly journal: Journal;
  readonly injections: Injections;
  /** Called for whatever the control plane does not know, so that a run can fail on it. */
  readonly onRefusal: (refusal: Refusal) => void;
  /** Called for an error in the control plane itself. */
  readonly onDefect: (error: unknown) => void;
}

/** Answers one request; null stands for a response that is to be lost. */
export type Dispatch = (request: WireRequest) => Promise<WireResponse | null>;

/** Answers requests for the services that it knows. */
export interface Dispatcher {
  readonly dispatch: Dispatch;
  /** Adds a service, or replaces the one of the same signing name. */
  addService(service: Service): void;
}

/** What is known of a call while it is handled. */
interface CallInProgress {
  readonly requestId: string;
  readonly service: Service;
  readonly scope: CredentialScope;
  operation: string;
  resources: readonly string[];
}

/**
 * Makes the function that tells a request's service, caller and operation, parses it, injects faults, demands the
 * permissions, runs it, and writes the answer in the service's protocol.
 */
export function createDispatcher(props: DispatcherProps): Dispatcher {
  const services = new Map(props.services.map((service) => [service.signingName, service]));
  return {
    async dispatch(request) {
      const scope = readCredentialScope(request.headers.authorization);
      const service = scope ? services.get(scope.service) : undefined;
      if (!scope || !service) return refuseService(props, request, scope);
      return handle(props, request, { requestId: randomUUID(), service, scope, operation: '?', resources: [] });
    },
    addService(service) {
      services.set(service.signingName, service);
    },
  };
}

async function handle(
  props: DispatcherProps,
  request: WireRequest,
  call: CallInProgress,
): Promise<WireResponse | null> {
  const codec = CODECS[call.service.protocol];
  const startedAt = performance.now();
  let outcome = 'ok';
  try {
    const { parsed, output, lost } = await perform(props, codec, request, call);
    if (lost) {
      outcome = 'lost';
      return null;
    }
    return codec.writeResult(
      call.service,
      parsed.operation,
      output as Readonly<Record<string, unknown>>,
      call.requestId,
    );
  } catch (error) {
    const fault = toFault(props, error);
    outcome = fault.code;
    return codec.writeFault(call.service, fault, call.requestId);
  } finally {
    props.journal.record({
      at: new Date(props.clock.now()).toISOString(),
      caller: props.callers.get(call.scope.accessKeyId)?.arn ?? call.scope.accessKeyId,
      service: call.service.signingName,
      operation: call.operation,
      resources: call.resources,
      outcome,
      durationMs: performance.now() - startedAt,
    });
  }
}

async function perform(
  props: DispatcherProps,
  codec: Codec,
  request: WireRequest,
  call: CallInProgress,
): Promise<{ parsed: ParsedCall; output: unknown; lost: boolean }> {
  const principal = identify(props, call);
  const parsed = codec.read(call.service, request);
  call.operation = parsed.operation.schema[2];
  refuseParameters(call.service, parsed);
  const lost = await props.injections.strike(call.service.signingName, call.operation);
  const accesses = parsed.operation.access(parsed.input, props.environment);
  call.resources = [...new Set(accesses.map(({ resource }) => resource))];
  demand(props.authorize, props.environment, call.service, principal, accesses);
  const output = await parsed.operation.run(parsed.input, { principal, requestId: call.requestId });
  return { parsed, output, lost };
}

function identify(props: DispatcherProps, call: CallInProgress): Principal {
  const principal = props.callers.get(call.scope.accessKeyId);
  if (principal) return principal;
  const code = call.service.protocol === 'json-1.1' ? 'UnrecognizedClientException' : 'InvalidClientTokenId';
  throw new AwsFault(code, 'The security token included in the request is invalid.', 403);
}

function refuseParameters(service: Service, { operation, input }: ParsedCall): void {
  const unknown = Object.entries(input).find(
    ([name, value]) => value !== undefined && !operation.parameters.includes(name),
  );
  if (unknown) throw new Refusal(`parameter ${unknown[0]} of ${service.signingName}:${operation.schema[2]}`);
}

function toFault(props: DispatcherProps, error: unknown): AwsFault {
  if (error instanceof Refusal) props.onRefusal(error);
  if (error instanceof AwsFault) return error;
  props.onDefect(error);
  return new AwsFault('InternalFailure', 'the control plane of the rehearsal failed, see its log', 500);
}

function refuseService(props: DispatcherProps, request: WireRequest, scope: CredentialScope | null): WireResponse {
  const refusal = new Refusal(
    scope ? `service ${scope.service}` : `the unsigned call ${request.method} ${request.path}`,
  );
  props.onRefusal(refusal);
  const json = (request.headers['content-type'] ?? '').includes('json');
  return json
    ? {
        status: refusal.status,
        headers: { 'content-type': 'application/json', 'x-amzn-errortype': refusal.code },
        body: JSON.stringify({ __type: refusal.code, message: refusal.message }),
      }
    : {
        status: refusal.status,
        headers: { 'content-type': 'text/xml' },
        body: `<ErrorResponse><Error><Type>Receiver</Type><Code>${refusal.code}</Code><Message>${refusal.message}</Message></Error></ErrorResponse>`,
      };
}
