/** Step Functions: how an execution stands. Its input and output are never asked for. */
import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import type { ExecutionStatus } from '../contract/reap';
import { Blocked } from '../errors';
import { CLIENT_LIMITS, callAws } from './aws-call';

const client = new SFNClient(CLIENT_LIMITS);

/** The status of an execution. Throws `Blocked` when there is none of that ARN, or none any more. */
export async function statusOfExecution(executionArn: string): Promise<ExecutionStatus> {
  const missing = () => {
    throw new Blocked(`execution ${executionArn} does not exist, name one that ended within the last 90 days`);
  };
  return callAws<ExecutionStatus>(
    { action: 'states:DescribeExecution', resource: executionArn },
    async () => {
      const { status } = await client.send(
        new DescribeExecutionCommand({ executionArn, includedData: 'METADATA_ONLY' }),
      );
      return status ?? missing();
    },
    { ExecutionDoesNotExist: missing, InvalidArn: missing },
  );
}
