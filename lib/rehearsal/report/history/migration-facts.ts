/** One run out of the histories of its executions: the one that an operator started, and those that it started. */
import type * as z from 'zod';
import type { StepName } from '../../../../lambda/contract';
import { type CopyFacts, copyFacts } from './copy-facts';
import { type ExecutionFacts, executionFacts } from './execution-facts';
import { HistoryFileError } from './history-file-error';
import type { JoinedHistory } from './join-pages';
import { MACHINE_WORDS, type MachineWord } from './machine-word';
import {
  adopted,
  approval,
  assessed,
  cutOver,
  encrypted,
  givenBack,
  health,
  instance,
  member,
  pointer,
  pruned,
  prunePlanned,
  quarantined,
  scanned,
  told,
  verified,
} from './told';

/** A database that was scanned; `repaired` is null when nothing was. */
export type ScanFacts = z.infer<typeof scanned>['databases'][number] & {
  readonly on: z.infer<typeof scanned>['on'];
  readonly repaired: z.infer<typeof quarantined>['databases'][number] | null;
};

/** A pruning: what was planned, what went, and where it is kept; `removed` is null when the run did not come to its end. */
export interface PruningFacts {
  readonly plan: z.infer<typeof prunePlanned>;
  readonly removed: z.infer<typeof pruned> | null;
  /** Identifier of the encrypted snapshot that was taken before. */
  readonly keptIn: string | null;
}

/** What the histories of a run say. */
export interface MigrationFacts {
  readonly root: ExecutionFacts;
  /** The root first, then in the order of their starts. */
  readonly executions: readonly ExecutionFacts[];
  readonly rootArn: string | null;
  readonly assessment: z.infer<typeof assessed> | null;
  readonly pruning: PruningFacts | null;
  /** What the scan found in each database, and what was done about it. */
  readonly scan: readonly ScanFacts[] | null;
  /** Null on the snapshot road. */
  readonly copy: CopyFacts | null;
  readonly adoption: z.infer<typeof adopted> | null;
  readonly verification: z.infer<typeof verified> | null;
  readonly cutover: z.infer<typeof cutOver> | null;
  readonly approval: z.infer<typeof approval> | null;
  /** The last answer of `give-back` or `release`. */
  readonly givenBack: z.infer<typeof givenBack> | null;
  readonly source: z.infer<typeof instance> | null;
  readonly target: z.infer<typeof instance> | null;
  /** Lag as `watch` saw it, `atMs` in milliseconds since the epoch. */
  readonly lag: readonly { readonly atMs: number; readonly bytes: number; readonly seconds: number }[];
  /** Keys of all evidence that is pointed to. */
  readonly evidenceKeys: readonly string[];
  /** Executions that the root ran and whose own histories were not given. */
  readonly missing: readonly { readonly machine: MachineWord; readonly arn: string }[];
}

/** Reads a run; throws HistoryFileError when the histories are of more than one. */
export function migrationFacts(histories: readonly JoinedHistory[]): MigrationFacts {
  const read = histories.map((history) => ({ paths: history.paths, facts: executionFacts(history) }));
  refuseStrangers(read);
  const [root, ...others] = read.map(({ facts }) => facts).sort(rootFirst);
  if (root === undefined) throw new HistoryFileError('no history was given: name one with --history FILE');
  const executions = [root, ...others.sort((a, b) => a.startedAt - b.startedAt)];
  const { children } = root;
  const given = new Set(executions.map(({ machine }) => machine));
  const output = (machine: MachineWord) => outputOf(executions, machine);
  const last = (step: StepName) => lastAnswer(executions, step);
  return {
    root,
    executions,
    rootArn: executions.find(({ rootArn }) => rootArn !== null)?.rootArn ?? null,
    assessment: told(assessed, last('assess')) ?? told(assessed, member(output('assess'), 'assessment')),
    pruning: pruningOf(executions, output('prune')),
    scan: scanOf(
      told(scanned, last('conclude-scan')) ?? told(scanned, output('scan')),
      told(quarantined, last('quarantine')) ?? told(quarantined, member(output('scan'), 'repaired')),
    ),
    copy: copyFacts(last),
    adoption: told(adopted, last('adopt')) ?? told(adopted, output('replicate')),
    verification:
      told(verified, last('conclude-verification')) ?? told(verified, member(output('replicate'), 'verification')),
    cutover: told(cutOver, last('cutover')) ?? told(cutOver, member(output('cutover'), 'cutover')),
    approval: told(approval, member(output('migrate'), 'approval')),
    givenBack: told(givenBack, last('give-back')) ?? told(givenBack, last('release')),
    source: told(instance, member(last('inspect') ?? member(output('assess'), 'inspection'), 'source')),
    target: told(instance, member(last('restore'), 'target')) ?? told(instance, member(output('replicate'), 'target')),
    lag: lagOf(executions),
    evidenceKeys: evidenceKeys(executions),
    missing: children.filter(({ machine }) => !given.has(machine)).map(({ machine, arn }) => ({ machine, arn })),
  };
}

function pruningOf(executions: readonly ExecutionFacts[], output: unknown): PruningFacts | null {
  const plan = told(prunePlanned, lastAnswer(executions, 'plan-prune')) ?? told(prunePlanned, member(output, 'plan'));
  if (plan === null) return null;
  const removed = told(pruned, lastAnswer(executions, 'conclude-prune')) ?? told(pruned, member(output, 'pruning'));
  // The copy that the target is made of comes from the same step, in another machine.
  const own = executions.filter(({ machine }) => machine === 'prune');
  const baseline = told(encrypted, lastAnswer(own, 'encrypt')) ?? told(encrypted, member(output, 'baseline'));
  return { plan, removed: removed?.again ? null : removed, keptIn: baseline?.snapshotId ?? null };
}

function scanOf(
  found: z.infer<typeof scanned> | null,
  repaired: z.infer<typeof quarantined> | null,
): readonly ScanFacts[] | null {
  if (found === null || found.databases.length === 0) return null;
  return found.databases.map((database) => ({
    ...database,
    on: found.on,
    repaired: repaired?.databases.find(({ name }) => name === database.name) ?? null,
  }));
}

/** The machine that an operator would have started: a phase that runs alone may have started Assess. */
function rootFirst(a: ExecutionFacts, b: ExecutionFacts): number {
  return rank(a.machine) - rank(b.machine) || a.startedAt - b.startedAt;
}

function rank(machine: MachineWord): number {
  return machine === 'other' ? MACHINE_WORDS.length : MACHINE_WORDS.indexOf(machine);
}

interface Read {
  readonly paths: readonly string[];
  readonly facts: ExecutionFacts;
}

/** Runs are never mixed: what one verified says nothing about another. */
function refuseStrangers(read: readonly Read[]): void {
  const twice = read.find(({ facts }, index) =>
    read.some((other, at) => at < index && other.facts.machine === facts.machine && facts.machine !== 'other'),
  );
  if (twice !== undefined) {
    const same = read.filter(({ facts }) => facts.machine === twice.facts.machine);
    const paths = same.map((one) => one.paths[0]).join(' and ');
    throw new HistoryFileError(`${paths} are two executions of ${twice.facts.machine}: render one run at a time`);
  }
  const first = read.find(({ facts }) => facts.rootArn !== null);
  const stranger = read.find(({ facts }) => facts.rootArn !== null && facts.rootArn !== first?.facts.rootArn);
  if (first === undefined || stranger === undefined) return;
  throw new HistoryFileError(
    `${first.paths[0]} and ${stranger.paths[0]} belong to different runs (${first.facts.rootArn} and ` +
      `${stranger.facts.rootArn}): render one run at a time`,
  );
}

function outputOf(executions: readonly ExecutionFacts[], machine: MachineWord): unknown {
  const own = executions.find((one) => one.machine === machine)?.output;
  return own ?? executions.flatMap(({ children }) => children).find((child) => child.machine === machine)?.output;
}

function lastAnswer(executions: readonly ExecutionFacts[], step: StepName): unknown {
  return executions
    .flatMap(({ answers }) => answers)
    .filter((answer) => answer.step === step && answer.output !== undefined)
    .sort((a, b) => a.at - b.at)
    .at(-1)?.output;
}

function lagOf(executions: readonly ExecutionFacts[]): MigrationFacts['lag'] {
  return executions
    .flatMap(({ answers }) => answers)
    .flatMap(({ step, at, output }) => {
      const seen = step === 'watch' ? told(health, output) : null;
      return seen === null ? [] : [{ atMs: at, bytes: seen.lagBytes, seconds: seen.lagSeconds }];
    })
    .sort((a, b) => a.atMs - b.atMs);
}

/** Pointers in the answers of the steps, and in the outputs of machines that are known by their parent only. */
function evidenceKeys(executions: readonly ExecutionFacts[]): string[] {
  const answers = executions.flatMap((one) => [
    ...one.answers.map(({ output }) => output),
    ...one.children.flatMap(({ output }) => pointing(output)),
    ...pointing(one.output),
  ]);
  const keys = answers.flatMap((answer) => told(pointer, member(answer, 'report'))?.key ?? []);
  return [...new Set(keys)];
}

/** The parts of a machine's output that carry a pointer. */
function pointing(output: unknown): unknown[] {
  const parts = [
    'assessment',
    'plan',
    'pruning',
    'scan',
    'repaired',
    'verification',
    'replication',
    'cutover',
    'settled',
  ].map((name) => member(output, name));
  return [output, ...parts, member(output, 'replication', 'verification'), member(output, 'cutover', 'settled')];
}
