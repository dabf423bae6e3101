import { expressionIn } from './expressions';
import { isJsonObject, type JsonObject } from './json';
import { checkTemplate, mentionsPath, type Visible } from './load-expressions';
import { checkWholeNumber, complain, type Place } from './load-fields';
import { parseResource } from './resources';
import { LONGEST_SECONDS } from './simple-states';
import { type ServiceIntegration, SUPPORTED } from './supported';

/** Arguments without which an integration cannot be called. */
const NEEDED: Readonly<Record<ServiceIntegration, readonly string[]>> = {
  'lambda:invoke': ['FunctionName'],
  'lambda:invoke.waitForTaskToken': ['FunctionName'],
  'states:startExecution.sync:2': ['StateMachineArn'],
  'sns:publish': ['TopicArn', 'Message'],
  'sns:publish.waitForTaskToken': ['TopicArn', 'Message'],
};

/** Checks the Resource, the Arguments that it takes, and the timeout of a Task. */
export function checkTask(place: Place, state: JsonObject, visible: Visible, canPublish: boolean): void {
  checkTimeout(place, state, visible);
  const resource = typeof state.Resource === 'string' ? parseResource(state.Resource) : null;
  if (resource === null) {
    const known = ['a Lambda function ARN', ...Object.keys(SUPPORTED.serviceIntegrations)].join(', ');
    complain(place, 'Resource', `must be ${known}, got ${JSON.stringify(state.Resource)}`);
    return;
  }
  if (resource.kind === 'function') {
    checkTemplate(place, state.Arguments, 'Arguments', visible);
    return;
  }
  checkTemplate(place, state.Arguments, 'Arguments', { ...visible, token: resource.waitsForToken });
  checkArguments(place, state, resource.integration);
  if (resource.waitsForToken && !mentionsPath(state.Arguments, ['context', 'Task', 'Token'])) {
    complain(place, 'Arguments', 'must pass on $states.context.Task.Token, or nobody can answer');
  }
  if (resource.integration.startsWith('sns:') && !canPublish) {
    complain(place, 'Resource', 'publishes to SNS, but the interpreter was given no publish callback');
  }
}

/** Literal members are checked here; what an expression yields is checked when the task runs. */
function checkArguments(place: Place, state: JsonObject, integration: ServiceIntegration): void {
  const { Arguments: args } = state;
  if (expressionIn(args) !== null) {
    return;
  }
  if (!isJsonObject(args)) {
    complain(place, 'Arguments', `must be an object or an expression for ${integration}`);
    return;
  }
  const known: readonly string[] = SUPPORTED.serviceIntegrations[integration];
  for (const key of Object.keys(args)) {
    if (!known.includes(key)) {
      complain(place, `Arguments/${key}`, `is not known for ${integration}; known are ${known.join(', ')}`);
    }
  }
  for (const key of NEEDED[integration]) {
    if (args[key] === undefined) {
      complain(place, `Arguments/${key}`, `is required for ${integration}`);
    }
  }
}

function checkTimeout(place: Place, state: JsonObject, visible: Visible): void {
  if (expressionIn(state.TimeoutSeconds) !== null) {
    checkTemplate(place, state.TimeoutSeconds, 'TimeoutSeconds', visible);
    return;
  }
  checkWholeNumber(place, state, 'TimeoutSeconds', 1, LONGEST_SECONDS);
}
