/** Starts `Migrate` as an operator does, and waits for its end and for what cleans up after it. */
import type { ExecutionDescription } from '../state-machine/state-machines';
import { Interruptor, untilReaped } from './interruptions';
import type { LocalAws } from './local-aws';
import type { RehearsalOptions } from './options';
import type { Surroundings } from './surroundings';

/** Names of the executions; a name may be used once per machine. */
const FIRST = 'rehearsal-1';
const SECOND = 'rehearsal-2';

/** States of `Replicate` during which a second start is tried. */
const REPLICATING = 'Watch replication';

/** Where a migration is started. */
export interface MigrationScene {
  readonly aws: LocalAws;
  /** ARNs of the machines. */
  readonly migrateArn: string;
  readonly reaperArn: string;
  readonly surroundings: Surroundings;
  /** Whether the applications are led to the target. */
  hasMoved(): Promise<boolean>;
}

/** A migration that was started. */
export interface Migration {
  /** ARN of the execution that runs at present. */
  executionArn(): string;
  /** Resolves with every execution of `Migrate` that counts, the first one first, when they and every reaper have ended. */
  readonly ended: Promise<{ readonly executions: readonly ExecutionDescription[] }>;
  /** To be told of every state that is entered. */
  noteState(machine: string, state: string): void;
}

/** Starts the migration: after executions that a test interrupts, and a second time in its middle when a test wants that. */
export function startMigration(scene: MigrationScene, options: RehearsalOptions): Migration {
  const { aws, migrateArn, reaperArn } = scene;
  const { machines } = aws;
  const input = options.dryRun ? { dryRun: true } : { stopAfter: options.stopAfter };
  const interruptor = new Interruptor(aws, scene.surroundings);
  let current = '';
  let second: string | null = null;
  const start = (name: string) => machines.startExecution({ stateMachineArn: migrateArn, name, input }).executionArn;
  const startNext = (name: string) => {
    current = start(name);
    return current;
  };
  return {
    executionArn: () => current,
    noteState: (machine, state) => {
      interruptor.noteState(machine, state);
      if (options.test?.startTwice && second === null && state === REPLICATING) second = start(SECOND);
    },
    ended: (async () => {
      const { last, counts } = await interruptor.run(options.test?.interruptions ?? [], {
        start: startNext,
        reaperArn,
        counts: () => scene.hasMoved(),
      });
      // What was interrupted behind its flip has moved all the same, and nothing is left to be started.
      if (last !== null && counts) return { executions: [last] };
      await machines.result(startNext(FIRST));
      if (second !== null) await machines.result(second);
      const arns = [current, ...(second === null ? [] : [second])];
      await untilReaped(aws, reaperArn);
      return { executions: arns.map((arn) => machines.describeExecution(arn)) };
    })(),
  };
}
