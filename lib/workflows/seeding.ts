/** What the states that bring the rows over share, whichever road they take; `Replicate` makes them. */
import type { IChainable } from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import type { StepName } from '../../lambda/contract';
import type { WorkflowProps } from './machine';
import type { Poll } from './poll';
import type { Arguments, TaskProps } from './states';

/** The machine that a road is part of: every failure of its states gives the source back. */
export interface Seeding {
  /** Scope of the states. */
  readonly states: Construct;
  readonly props: WorkflowProps;
  /** Gives the source back; `failure` is set before. */
  readonly compensation: LambdaInvoke;
  /** Makes a state that calls a step. */
  call<S extends StepName>(name: string, step: S, args: Arguments<S>, props?: Omit<TaskProps, 'retry'>): LambdaInvoke;
  /** Asks again, with waits, until `ready` holds. */
  loop(ask: LambdaInvoke, question: string, ready: string, what: string, poll: Poll, next: IChainable): void;
}

const CLAIMED = { epoch: '{% $epoch %}' };

/** Arguments of a step that needs the source. */
export const SOURCE = { ...CLAIMED, source: '{% $source %}' };

/** Arguments of a step that needs the source's databases. */
export const SOURCE_DATABASES = { ...SOURCE, databases: '{% $databases %}' };

/** Arguments of a step that needs both servers' databases. */
export const ALL = { ...SOURCE_DATABASES, target: '{% $target %}' };
