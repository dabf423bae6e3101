import {
  Invoke$,
  type InvokeCommandInput,
  type InvokeCommandOutput,
  ResourceNotFoundException$,
  TooManyRequestsException$,
} from '@aws-sdk/client-lambda';
import { FunctionError } from '../../lambda-runtime/function-error';
import { AwsFault } from '../fault';
import { byName, operation, type Service } from '../operation';

/** Errors of the service itself: the function never began. */
const SERVICE_ERRORS: Readonly<Record<string, string>> = {
  'Lambda.ResourceNotFoundException': 'ResourceNotFoundException',
  'Lambda.TooManyRequestsException': 'TooManyRequestsException',
};

/**
 * Lambda as far as a hook asks: one synchronous invocation. What a function throws is an answer of status 200 that says so in a
 * header, as Lambda has it.
 *
 * @param invoke runs a function by its ARN, with or without a qualifier
 */
export function lambdaService(invoke: (arn: string, payload: unknown) => Promise<unknown>): Service {
  const invokeFunction = operation<InvokeCommandInput, InvokeCommandOutput>({
    schema: Invoke$,
    parameters: ['FunctionName', 'InvocationType', 'Payload'],
    access: ({ FunctionName = '' }) => [{ action: 'lambda:InvokeFunction', resource: FunctionName }],
    run: async ({ FunctionName = '', Payload }) => {
      const payload: unknown = JSON.parse(Buffer.from((Payload ?? []) as Uint8Array).toString('utf8'));
      const answered = { StatusCode: 200, ExecutedVersion: '$LATEST' };
      try {
        return { ...answered, Payload: bytes(JSON.stringify(await invoke(FunctionName, payload))) };
      } catch (error) {
        if (!(error instanceof FunctionError)) throw error;
        const refused = SERVICE_ERRORS[error.name];
        if (refused !== undefined) throw new AwsFault(refused, error.message);
        return { ...answered, FunctionError: 'Unhandled', Payload: bytes(error.cause) };
      }
    },
  });
  return {
    signingName: 'lambda',
    protocol: 'rest-json',
    errors: [ResourceNotFoundException$, TooManyRequestsException$],
    operations: byName([invokeFunction]),
    deniedCode: 'AccessDeniedException',
  };
}

function bytes(text: string): InvokeCommandOutput['Payload'] {
  return Buffer.from(text, 'utf8') as unknown as InvokeCommandOutput['Payload'];
}
