/** Starts `Migrate` as an operator does, and waits for its end. */
import type { ExecutionDescription } from '../state-machine/state-machines';
import type { LocalAws } from './local-aws';
import type { RehearsalOptions } from './options';

/** Names of the executions; a name may be used once per machine. */
const FIRST = 'rehearsal-1';
const SECOND = 'rehearsal-2';

/** States of `Replicate` during which a second start is tried. */
const REPLICATING = 'Watch replication';

/** A migration that was started. */
export interface Migration {
  readonly executionArn: string;
  /** Resolves with every execution of `Migrate` when all have ended, the first one first. */
  readonly ended: Promise<readonly ExecutionDescription[]>;
  /** To be told of every state that is entered. */
  noteState(state: string): void;
}

/** Starts the migration, and a second time in its middle when a test wants that. */
export function startMigration(aws: LocalAws, migrateArn: string, options: RehearsalOptions): Migration {
  const input = options.dryRun ? { dryRun: true } : { stopAfter: options.stopAfter };
  const start = (name: string) =>
    aws.machines.startExecution({ stateMachineArn: migrateArn, name, input }).executionArn;
  const executionArn = start(FIRST);
  let second: string | null = null;
  return {
    executionArn,
    noteState: (state) => {
      if (options.test?.startTwice && second === null && state === REPLICATING) second = start(SECOND);
    },
    ended: (async () => {
      await aws.machines.result(executionArn);
      if (second !== null) await aws.machines.result(second);
      const arns = [executionArn, ...(second === null ? [] : [second])];
      return arns.map((arn) => aws.machines.describeExecution(arn));
    })(),
  };
}
