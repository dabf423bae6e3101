/** Goes back from a cutover as an operator does: writers write on the target for a while, then `Rollback` is started. */
import type { CutoverFacts } from '../../../lambda/contract/cutover';
import type { ExecutionDescription } from '../state-machine/state-machines';
import { Interruptor } from './interruptions';
import type { RehearsalOptions } from './options';
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

/** Lets the writers write on the target, then runs `Rollback` to its end, after executions that a test interrupts. */
export async function goBack(
  { aws, deployment, traffic, surroundings }: Stage,
  options: RehearsalOptions,
  timeline: Timeline,
): Promise<WayBack> {
  if (traffic) {
    const { onTargetMs = ON_TARGET_MS } = options.test ?? {};
    await timeline.during('Write on the target', () => new Promise((resolve) => setTimeout(resolve, onTargetMs)));
  }
  const { machines } = aws;
  const startedAt = Date.now();
  const start = (name: string) =>
    machines.startExecution({ stateMachineArn: deployment.rollbackArn, name, input: {} }).executionArn;
  const interruptor = new Interruptor(aws, surroundings);
  const noteState = timeline.onState;
  timeline.onState = (machine, state) => {
    noteState(machine, state);
    interruptor.noteState(machine, state);
  };
  const { reaperArn } = deployment;
  const { last, counts } = await interruptor.run(options.test?.wayBackInterruptions ?? [], { start, reaperArn });
  if (last !== null && counts) return { execution: last, startedAt, cutover: null };
  const executionArn = start('rehearsal-1');
  await timeline.during('Rollback', () => machines.result(executionArn));
  const execution = machines.describeExecution(executionArn);
  const output = JSON.parse(execution.output ?? '{}') as { cutover?: CutoverFacts };
  return { execution, startedAt, cutover: output.cutover ?? null };
}
