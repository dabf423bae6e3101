/** The histories of a run as files, in the JSON that `aws stepfunctions get-execution-history` prints. */
import type { HistoryEvent } from '../state-machine/history';
import type { StateMachines } from '../state-machine/state-machines';
import { machineOf } from './timeline';

/** One history. */
export interface HistoryFile {
  /** Such as `history-migrate.json`. */
  readonly name: string;
  readonly content: string;
}

/** The history of an execution and of those that it started, one file each. */
export function historyFiles(machines: StateMachines, rootArn: string): HistoryFile[] {
  const arns = new Set(machines.listExecutions().map(({ executionArn }) => executionArn));
  const started = (arn: string): string[] => {
    const children = machines.getExecutionHistory(arn).flatMap((event) => childArn(event) ?? []);
    return [arn, ...children.filter((child) => arns.has(child)).flatMap(started)];
  };
  return started(rootArn).map((arn) => ({
    name: `history-${machineOf(arn)}.json`,
    content: historyJson(machines.getExecutionHistory(arn)),
  }));
}

/** Events as the AWS CLI prints them: times as ISO strings with an offset. */
export function historyJson(events: readonly HistoryEvent[]): string {
  const printed = events.map(({ timestamp, ...event }) => ({
    timestamp: timestamp.toISOString().replace('Z', '000+00:00'),
    ...event,
  }));
  return `${JSON.stringify({ events: printed }, null, 2)}\n`;
}

function childArn({ taskSubmittedEventDetails: details }: HistoryEvent): string | null {
  if (details?.resourceType !== 'states') return null;
  const { ExecutionArn: arn } = JSON.parse(details.output) as { ExecutionArn?: unknown };
  return typeof arn === 'string' ? arn : null;
}
