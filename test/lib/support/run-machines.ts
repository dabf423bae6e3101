/** Runs the synthesized machines in the rehearsal's interpreter, with functions that only answer. */
import type { StepName } from '../../../lambda/contract';
import { type Clock, realClock, scaledClock } from '../../../lib/rehearsal/clock';
import { commandIn } from '../../../lib/rehearsal/run/approver';
import { type HistoryFile, historyFiles } from '../../../lib/rehearsal/run/history-files';
import { createStateMachines, type StateMachines } from '../../../lib/rehearsal/state-machine/state-machines';
import { ofType, type StackTemplate } from './synthesis';
import { resolveTokens } from './tokens';

/** A machine of a template with its tokens written out. */
export interface Machine {
  readonly name: string;
  readonly arn: string;
  readonly definition: Record<string, unknown>;
}

/** The machines of the migration `demo`. */
export function machinesOf(template: StackTemplate): Machine[] {
  return ofType(template, 'AWS::StepFunctions::StateMachine').map(([id, { Properties }]) => ({
    name: String(Properties.StateMachineName).replace('sealift-demo-', ''),
    arn: String(resolveTokens({ Ref: id }, template)),
    definition: JSON.parse(String(resolveTokens(Properties.DefinitionString, template))),
  }));
}

/** Answers of the steps: a value, or a function that answers, or throws, at the n-th call. */
export type Answers = Partial<Record<StepName, (input: Record<string, unknown>, count: number) => unknown>>;

/** An error as a Lambda fails with it. */
export function failWith(name: string, message = 'no reason'): never {
  throw Object.assign(new Error(message), { name, cause: JSON.stringify({ errorType: name, errorMessage: message }) });
}

const database = (name: string) => ({ name, bytes: 1, tables: 1, estimatedRows: 1 });
const instance = (instanceId: string) => ({ instanceId, endpoint: { bucket: 'evidence', key: `${instanceId}.json` } });
const report = { bucket: 'evidence', key: 'report.json' };
const snapshot = (snapshotId: string) => ({
  status: 'available',
  snapshotId,
  snapshotArn: `arn:aws:rds:x:1:snapshot:${snapshotId}`,
  progressPercent: 100,
});

/** A migration in which everything goes well at once. */
export const SMOOTH: Required<Answers> = {
  inspect: () => ({ source: instance('source'), target: { seed: 'none', instance: instance('target') } }),
  assess: () => ({
    verdict: 'warn',
    counts: { pass: 1, warn: 1, block: 0 },
    blocks: [],
    databases: [database('shop')],
    sizing: { verifyWorkers: { advised: 1, configured: 1, basis: 'one for two vCPUs' } },
    prediction: { phases: [], outageMs: 6000, outageBasis: 'assumed' },
    report,
    page: { bucket: 'evidence', key: 'assessment.html' },
  }),
  claim: () => ({ epoch: '1', phase: 'assessed', systemIdentifier: '7' }),
  'plan-scan': () => ({ items: 3, bytes: 3, workers: [0] }),
  'scan-ranges': () => ({ left: 0, done: 3, rows: 3 }),
  'conclude-scan': () => ({ verdict: 'clean', detail: '', databases: [{ name: 'shop', tables: 1 }], report }),
  quarantine: () => ({ databases: [{ name: 'shop', rowsRemoved: 1, indexesRebuilt: 0, pagesLost: 0 }], report }),
  locate: () => ({ status: 'ABORTED', source: instance('source'), target: instance('target') }),
  'take-over': (_, count) =>
    count === 1
      ? { remains: 'give-back', epoch: '5', phase: 'fenced', databases: ['shop'], detail: 'held' }
      : { remains: 'nothing', epoch: null, phase: 'verified', databases: [], detail: 'nobody holds it' },
  prepare: () => ({ slots: [{ database: 'shop', slot: 's', publication: 'p', startLsn: '0/1' }] }),
  snapshot: () => snapshot('seed'),
  encrypt: () => snapshot('seed-encrypted'),
  restore: () => ({ status: 'available', detail: '', target: instance('target') }),
  adopt: () => ({ seedLsn: '0/2', seedOrigin: 'replay' }),
  'make-databases': () => ({ databases: 1, roles: 1, newPasswords: 0, leftOut: 0, report }),
  'hold-snapshot': () => ({ slots: [{ database: 'shop', slot: 's', publication: 'p', startLsn: '0/1' }] }),
  'plan-schema': () => ({ items: 3, leftOut: 0, report }),
  'make-schema': () => ({ left: 0, progress: 'Created 1/1 indexes' }),
  'plan-rows': () => ({ snapshot: 'held', items: 3, tables: 1, bytes: 3, leftOut: 0, workers: [0], report }),
  'copy-rows': () => ({ left: 0, done: 3, rows: 3, snapshot: 'held' }),
  'conclude-rows': () => ({ rows: 3, bytes: 3 }),
  'ready-dms': () => ({ ready: true, plans: { bucket: 'evidence', key: 'dms-tasks.json' }, detail: 'shop: removal' }),
  'advance-dms': () => ({ loaded: 1, tasks: 1, detail: 'every task has loaded its tables' }),
  'bring-indexes-back': () => ({ left: 0 }),
  'end-dms': () => ({ left: 0 }),
  subscribe: () => ({ subscriptions: [{ database: 'shop', subscription: 's' }] }),
  watch: () => ({ caughtUp: true, stuck: [], lagBytes: 0, lagSeconds: 0, slots: [] }),
  'plan-verification': () => ({ items: 3, bytes: 3, workers: [0] }),
  'verify-chunks': () => ({ left: 0, done: 3, rows: 3 }),
  'conclude-verification': () => ({ verdict: 'equal', databases: [], keysToCompareAgain: 0, report }),
  'plan-prune': () => ({
    rows: 3,
    clock: '2026-01-15T12:00:00.000000Z',
    newestBoundary: '2025-12-16T12:00:00.000000Z',
    entries: [],
    refusals: [],
    warnings: [],
    workers: [0],
    report,
  }),
  'prune-rows': () => ({ left: 0, done: 1, rows: 3 }),
  'conclude-prune': () => ({ again: false, rows: 3, tables: [], kept: 0, report }),
  cutover: () => ({ epoch: '2', fenceLsn: '0/3', flippedAt: 'now', outageMs: { total: 1 }, report }),
  settle: () => ({ phase: 'live', refreshedViews: 0, wayBackUntil: null, report }),
  'turn-round': () => ({ epoch: '7', phase: 'replicating', databases: ['shop'], until: '2026-01-16T12:00:00Z' }),
  'give-back': () => ({ outcome: 'given-back', detail: 'the fence is lifted', report }),
  retire: () => ({ epoch: '9', phase: 'retired', closedAt: '2026-01-16T12:00:00Z', report }),
  'watch-way-back': () => ({ state: 'open', due: false, until: '2026-01-16T12:00:00Z', detail: 'the source follows' }),
  'list-leftovers': () => ({ count: 1, leftovers: [{ kind: 'instance', name: 'source' }], report }),
  release: () => ({ outcome: 'released', detail: 'taken off', report }),
};

/** What an execution came to. */
export interface Ran {
  readonly status: string;
  readonly output: Record<string, unknown>;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  /** Steps in the order of their calls. */
  readonly calls: readonly { readonly step: string; readonly input: Record<string, unknown> }[];
  readonly published: readonly Record<string, unknown>[];
  readonly executionArn: string;
  /** The histories of this execution and of those that it started, as files. */
  readonly histories: readonly HistoryFile[];
}

/** What an approver does with a message that asks; `machines` takes the answer. */
export type Reply = (message: string, machines: StateMachines) => void;

/** The approver who says yes, by the command of the message. */
export const APPROVE: Reply = (message, machines) => {
  const options = commandIn(message, 'send-task-success');
  machines.sendTaskSuccess({ taskToken: options.get('--task-token') ?? '', output: '{"approvedBy": "Ada"}' });
};

/** Time limits of tasks hold but for those of `expiring` milliseconds, which are over at once. */
function clockThatEnds(expiring: number | null): Clock {
  return {
    ...realClock,
    sleep: (ms, signal) => (ms === expiring ? Promise.resolve() : realClock.sleep(ms, signal)),
  };
}

/** Runs one machine to its end; waits and retry intervals take no time. */
export async function runMachine(
  machines: readonly Machine[],
  name: string,
  input: unknown,
  answers: Answers = {},
  approver: { readonly reply?: Reply; readonly expiringMs?: number; readonly publish?: () => void } = {},
): Promise<Ran> {
  const calls: { step: string; input: Record<string, unknown> }[] = [];
  const published: Record<string, unknown>[] = [];
  const interpreter: StateMachines = createStateMachines({
    clock: scaledClock(1e9),
    timeoutClock: clockThatEnds(approver.expiringMs ?? null),
    publish: async (message) => {
      published.push(message);
      approver.publish?.();
      const text = String(message.Message);
      if (text.includes('--task-token')) (approver.reply ?? APPROVE)(text, interpreter);
      return {};
    },
    invokeFunction: async (arn, payload) => {
      const step = (arn.split(':').at(-1) ?? '').replace('sealift-demo-', '') as StepName;
      const given = payload as Record<string, unknown>;
      calls.push({ step, input: given });
      const count = calls.filter((call) => call.step === step).length;
      return (answers[step] ?? SMOOTH[step])(given, count);
    },
  });
  for (const machine of machines) {
    interpreter.register({ ...machine, roleArn: 'arn:aws:iam::123456789012:role/x' });
  }
  const machine = machines.find((one) => one.name === name);
  if (machine === undefined) throw new Error(`no machine ${name}`);
  const { executionArn } = interpreter.startExecution({ stateMachineArn: machine.arn, input });
  await interpreter.result(executionArn);
  const { status, output, error, cause } = interpreter.describeExecution(executionArn);
  const histories = historyFiles(interpreter, executionArn);
  await interpreter.close();
  return { histories, status, output: JSON.parse(output ?? '{}'), error, cause, calls, published, executionArn };
}
