import { randomUUID } from 'node:crypto';
import { StateFailure } from './failure';
import { isJsonObject, type Json, type JsonObject, throughJson } from './json';
import type { Resource } from './resources';
import { ERROR_NAMES, type ServiceIntegration, SUPPORTED } from './supported';
import type { TaskEvents } from './task-events';
import type { Visit } from './thread';

/**
 * Calls what a Task names and returns its result. `answer` is the callback of a task that waits for its token; it may
 * come before the call itself returns.
 */
export async function callTask(
  visit: Visit,
  resource: Resource,
  input: Json,
  signal: AbortSignal,
  events: TaskEvents,
  answer: Promise<Json> | undefined,
): Promise<Json> {
  const { world } = visit.thread.run;
  if (resource.kind === 'function') {
    return throughJson(await world.invokeFunction(resource.arn, input, { signal }));
  }
  const { integration } = resource;
  const args = checkedArguments(integration, input);
  if (integration === 'states:startExecution.sync:2') {
    return world.runChild(childRequest(args), signal, (started) => events.submitted(started));
  }
  const call = integration.startsWith('lambda:') ? invoke(visit, args, signal) : publish(visit, args, signal);
  if (answer === undefined) {
    return call;
  }
  let ended = false;
  const submitted = call.then((output) => {
    if (!ended && !signal.aborted) {
      events.submitted(output);
    }
    return answer;
  });
  // Whichever loses the race may still fail, and nobody waits for it any more.
  submitted.catch(() => {});
  return Promise.race([answer, submitted]).finally(() => {
    ended = true;
  });
}

/** Refuses arguments that the integration does not know; literal ones were refused when the machine was loaded. */
function checkedArguments(integration: ServiceIntegration, input: Json): JsonObject {
  const known: readonly string[] = SUPPORTED.serviceIntegrations[integration];
  if (!isJsonObject(input)) {
    throw new StateFailure(ERROR_NAMES.runtime, `the Arguments of ${integration} must be an object`);
  }
  const unknown = Object.keys(input).filter((key) => !known.includes(key));
  if (unknown.length > 0) {
    throw new StateFailure(
      ERROR_NAMES.runtime,
      `the Arguments of ${integration} may hold ${known.join(', ')}, got ${unknown.join(', ')}`,
    );
  }
  return input;
}

async function invoke(visit: Visit, args: JsonObject, signal: AbortSignal): Promise<Json> {
  const payload = await visit.thread.run.world.invokeFunction(text(args, 'FunctionName'), args.Payload ?? {}, {
    signal,
  });
  return { ExecutedVersion: '$LATEST', Payload: throughJson(payload), ...sdkMetadata(), StatusCode: 200 };
}

async function publish(visit: Visit, args: JsonObject, signal: AbortSignal): Promise<Json> {
  const { Message: message = null } = args;
  const sent = {
    ...args,
    TopicArn: text(args, 'TopicArn'),
    Message: typeof message === 'string' ? message : JSON.stringify(message),
  };
  const answer = throughJson(await visit.thread.run.world.publish?.(sent, { signal }));
  return { MessageId: randomUUID(), ...(isJsonObject(answer) ? answer : {}), ...sdkMetadata() };
}

function childRequest(args: JsonObject): { stateMachineArn: string; name?: string; input: Json } {
  const name = args.Name === undefined ? {} : { name: text(args, 'Name') };
  return { stateMachineArn: text(args, 'StateMachineArn'), ...name, input: args.Input ?? {} };
}

function text(args: JsonObject, key: string): string {
  const value = args[key];
  if (typeof value !== 'string') {
    throw new StateFailure(ERROR_NAMES.runtime, `the argument ${key} must be a string, got ${JSON.stringify(value)}`);
  }
  return value;
}

/** What every SDK answer carries; the real one has the HTTP headers too. */
function sdkMetadata(): JsonObject {
  return { SdkHttpMetadata: { HttpStatusCode: 200 }, SdkResponseMetadata: { RequestId: randomUUID() } };
}
