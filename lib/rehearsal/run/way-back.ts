/** Goes back from a cutover as an operator does: writers write on the target for a while, then `Rollback` is started. */
import type { CutoverFacts } from '../../../lambda/contract/cutover';
import type { ExecutionDescription } from '../state-machine/state-machines';
import type { Stage } from './stage';
import type { Timeline } from './timeline';

/** How long the writers write on the target before the way back begins. */
const ON_TARGET_MS = 3_000;

/** What going back came to. */
export interface WayBack {
  readonly execution: ExecutionDescription;
  /** Milliseconds since the epoch: what was called later belongs to the way back. */
  readonly startedAt: number;
  /** What its cutover answered; null when it did not go through. */
  readonly cutover: CutoverFacts | null;
}

/** Lets the writers write on the target, then runs `Rollback` to its end. */
export async function goBack({ aws, deployment, traffic }: Stage, timeline: Timeline): Promise<WayBack> {
  if (traffic) {
    await timeline.during('Write on the target', () => new Promise((resolve) => setTimeout(resolve, ON_TARGET_MS)));
  }
  const startedAt = Date.now();
  const { executionArn } = aws.machines.startExecution({
    stateMachineArn: deployment.rollbackArn,
    name: 'rehearsal-1',
    input: {},
  });
  await timeline.during('Rollback', () => aws.machines.result(executionArn));
  const execution = aws.machines.describeExecution(executionArn);
  const output = JSON.parse(execution.output ?? '{}') as { cutover?: CutoverFacts };
  return { execution, startedAt, cutover: output.cutover ?? null };
}
