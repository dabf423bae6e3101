import {
  DescribeExecution$,
  type DescribeExecutionCommandInput,
  type DescribeExecutionCommandOutput,
  ExecutionDoesNotExist$,
  InvalidOutput$,
  InvalidToken$,
  KmsAccessDeniedException$,
  SendTaskFailure$,
  type SendTaskFailureCommandInput,
  type SendTaskFailureCommandOutput,
  SendTaskSuccess$,
  type SendTaskSuccessCommandInput,
  type SendTaskSuccessCommandOutput,
  TaskTimedOut$,
} from '@aws-sdk/client-sfn';
import { StateMachineError } from '../../state-machine/failure';
import type { StateMachines } from '../../state-machine/state-machines';
import { AwsFault } from '../fault';
import { type Access, byName, operation, type Service } from '../operation';

/**
 * Step Functions as far as an approver and the reaper ask: answers to task tokens, and how an execution stands. The permission
 * to answer is on the machine whose task waits; a token that was never issued is refused as such, whoever sends it.
 *
 * @param machines the interpreter that issued the tokens
 */
export function statesService(machines: StateMachines): Service {
  const access =
    (action: string) =>
    ({ taskToken = '' }: { readonly taskToken?: string | undefined }): Access[] => {
      const resource = machines.machineOfToken(taskToken);
      return resource === null ? [] : [{ action: `states:${action}`, resource }];
    };

  const sendTaskSuccess = operation<SendTaskSuccessCommandInput, SendTaskSuccessCommandOutput>({
    schema: SendTaskSuccess$,
    parameters: ['taskToken', 'output'],
    access: access('SendTaskSuccess'),
    run: ({ taskToken = '', output = '' }) => inItsWords(() => machines.sendTaskSuccess({ taskToken, output })) ?? {},
  });

  const sendTaskFailure = operation<SendTaskFailureCommandInput, SendTaskFailureCommandOutput>({
    schema: SendTaskFailure$,
    parameters: ['taskToken', 'error', 'cause'],
    access: access('SendTaskFailure'),
    run: ({ taskToken = '', error, cause }) =>
      inItsWords(() =>
        machines.sendTaskFailure({
          taskToken,
          ...(error !== undefined && { error }),
          ...(cause !== undefined && { cause }),
        }),
      ) ?? {},
  });

  const describeExecution = operation<DescribeExecutionCommandInput, DescribeExecutionCommandOutput>({
    schema: DescribeExecution$,
    parameters: ['executionArn', 'includedData'],
    access: ({ executionArn = '' }) => [{ action: 'states:DescribeExecution', resource: executionArn }],
    run: ({ executionArn = '', includedData }) => {
      // The machines are under a customer's key, and nobody here may decrypt their payloads.
      if (includedData !== 'METADATA_ONLY') {
        throw new AwsFault('KmsAccessDeniedException', 'The caller may not use the key of the state machine');
      }
      const { stateMachineArn, name, status, startDate, stopDate } = inItsWords(() =>
        machines.describeExecution(executionArn),
      );
      return { executionArn, stateMachineArn, name, status, startDate, stopDate };
    },
  });

  return {
    signingName: 'states',
    protocol: 'json-1.1',
    errors: [ExecutionDoesNotExist$, InvalidOutput$, InvalidToken$, KmsAccessDeniedException$, TaskTimedOut$],
    operations: byName([sendTaskSuccess, sendTaskFailure, describeExecution]),
    deniedCode: 'AccessDeniedException',
  };
}

/** The interpreter names its refusals as the API does. */
function inItsWords<T>(answer: () => T): T {
  try {
    return answer();
  } catch (error) {
    if (error instanceof StateMachineError) throw new AwsFault(error.name, error.message);
    throw error;
  }
}
