import { type ServiceIntegration, SUPPORTED } from './supported';

/** What a Task's Resource names: a function, called with its payload only, or a service integration. */
export type Resource =
  | { readonly kind: 'function'; readonly arn: string }
  | { readonly kind: 'integration'; readonly integration: ServiceIntegration; readonly waitsForToken: boolean };

const FUNCTION_ARN = /^arn:[^:]+:lambda:[^:]+:[^:]+:function:[^:]+(:[^:]+)?$/;
const INTEGRATION_ARN = /^arn:[^:]+:states:::(.+)$/;

/** Reads a Task's Resource in any partition; null for what the interpreter does not run. */
export function parseResource(resource: string): Resource | null {
  if (FUNCTION_ARN.test(resource)) {
    return { kind: 'function', arn: resource };
  }
  const name = INTEGRATION_ARN.exec(resource)?.[1] ?? '';
  const known = Object.keys(SUPPORTED.serviceIntegrations).find((integration) => integration === name);
  return known === undefined
    ? null
    : {
        kind: 'integration',
        integration: known as ServiceIntegration,
        waitsForToken: known.endsWith('.waitForTaskToken'),
      };
}
