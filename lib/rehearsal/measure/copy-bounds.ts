/** One migration on the copy road of a database that is large in one respect, and what its steps and states took. */
import { join } from 'node:path';
import type { Report } from '../report/report';
import { count, bytes as inBytes, seconds } from '../report/words';
import { DEFAULT_OPTIONS, type RehearsalOptions } from '../run/options';
import { rehearse } from '../run/rehearse';
import { RunDirectory } from '../servers/run-directory';
import { diskOf, type Shape, writeShape } from './copy-shapes';
import { type ExecutionBounds, executionBounds } from './execution-bounds';
import { StepMemories, type StepMemory } from './step-memory';

/** What a step's thread may hold: what most functions are given, in bytes (`lib/step-function.ts`). */
const STEP_BYTES = 1024 * 2 ** 20;

/** What a state may hold; AWS ends an execution above 256 KiB (facts J6). */
const STATE_BYTES = 200_000;

/** What an execution may count up to; AWS ends it at 25,000 events (facts J6). */
const EVENTS = 20_000;

/** Nobody has to write: what is measured owes nothing to load. */
const NO_LOAD = { pruneAndScan: false, warmUpMs: 0, afterwardsMs: 0 };

/** What a migration took. */
export interface CopyBounds {
  readonly shape: Shape;
  readonly report: Report;
  readonly executions: ExecutionBounds;
  readonly steps: readonly StepMemory[];
}

/** Migrates a shape from `sourceVersion` to `targetVersion`, the defaults of `npm start`; the servers are gone afterwards. */
export async function measureCopyBounds(
  shape: Shape,
  options: Partial<Pick<RehearsalOptions, 'signal' | 'sourceVersion' | 'targetVersion' | 'onEvent'>> = {},
): Promise<CopyBounds> {
  const run = await RunDirectory.create({ minimumFreeBytes: diskOf(shape) });
  const memories = new StepMemories();
  try {
    const dumpFile = join(run.path, 'dump.sql');
    await writeShape(dumpFile, shape);
    let executions: ExecutionBounds | null = null;
    const { report } = await rehearse({
      ...DEFAULT_OPTIONS,
      ...options,
      road: 'copy',
      dumpFiles: [dumpFile],
      writers: 0,
      test: {
        ...NO_LOAD,
        chaos: (step) => {
          memories.begun(step);
          return undefined;
        },
        onMemory: (step, bytes) => memories.ended(step, bytes),
        afterMigration: async ({ aws }) => {
          executions = executionBounds(aws.machines);
        },
      },
    });
    if (executions === null) throw new Error('the rehearsal ended without a look at its executions');
    return { shape, report, executions, steps: memories.close() };
  } finally {
    memories.close();
    await run.stopAll();
  }
}

/** What was beyond a bound or went wrong, each in words; empty when all is within. */
export function beyondBounds({ report, executions, steps }: CopyBounds): string[] {
  const { payload, events } = executions;
  return [
    ...(report.outcome === 'succeeded'
      ? []
      : [`the migration ${report.outcome}: ${report.reason?.error ?? 'no reason given'}`]),
    ...(payload.bytes > STATE_BYTES ? [`${payload.where} carries ${inBytes(payload.bytes)}`] : []),
    ...(events.count > EVENTS ? [`${events.where} has ${count(events.count)} events`] : []),
    ...steps.flatMap(({ step, threadBytes }) =>
      threadBytes > STEP_BYTES ? [`${step} took ${inBytes(threadBytes)}`] : [],
    ),
  ];
}

/** The whole in lines: the migration, what its executions carried, its steps. */
export function boundsInWords(bounds: CopyBounds): string[] {
  const { shape, report, executions, steps } = bounds;
  const { payload, mapItems, events } = executions;
  const what = shape.what === 'table' ? `one table of ${inBytes(shape.size)}` : `${count(shape.size)} ${shape.what}`;
  const phases = report.phases.map(({ name, ms }) => `${name} ${seconds(ms)}`);
  const beyond = beyondBounds(bounds);
  return [
    `${what}: ${phases.join(', ')}`,
    `  largest state ${inBytes(payload.bytes)} (${payload.where}), most items of a map ${mapItems.length}, most events ${count(events.count)} (${events.where})`,
    ...steps.map(
      ({ step, calls, threadBytes, grownBytes }) =>
        `  ${step.padEnd(22)} ${String(calls).padStart(4)} calls, its thread at most ${inBytes(threadBytes)}, the process grew by ${inBytes(grownBytes)}`,
    ),
    `  ${beyond.length === 0 ? 'within every bound' : `BEYOND: ${beyond.join('; ')}`}`,
  ];
}
