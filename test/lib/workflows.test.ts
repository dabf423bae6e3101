import { ERRORS, REFUSED, STEPS } from '../../lambda/contract';
import { loadDefinition } from '../../lib/rehearsal/state-machine/load';
import { stepsOf } from '../../lib/road-steps';
import {
  CATCH_UP_POLL,
  copyRoundsOf,
  EARLY_ROUNDS,
  ENCRYPT_POLL,
  MAKE_ROUNDS,
  MOST_SNAPSHOTS,
  PRUNE_ROUNDS,
  SCAN_ROUNDS,
  SNAPSHOT_POLL,
  TARGET_POLL,
  VERIFY_ROUNDS,
} from '../../lib/workflows/poll';
import { machinesOf } from './support/run-machines';
import { ofType, synthesize, templateOf } from './support/synthesis';

/** asl-validator has no types. */
const validate = require('asl-validator') as (definition: unknown) => { isValid: boolean; errorsText(): string };

const template = templateOf(synthesize(), 'Migration');
const machines = machinesOf(template);

interface State {
  readonly Type: string;
  readonly Resource?: string;
  readonly TimeoutSeconds?: number;
  readonly Error?: string;
  readonly Retry?: readonly { readonly ErrorEquals: readonly string[]; readonly MaxAttempts: number }[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
  readonly ItemProcessor?: { readonly States: Record<string, State> };
}

/** Every state of a machine, those inside a Map among them, by name. */
function statesOf(states: Record<string, State>): [string, State][] {
  return Object.entries(states).flatMap(([name, state]) => [
    [name, state] as [string, State],
    ...statesOf(state.ItemProcessor?.States ?? {}),
  ]);
}

const all = machines.flatMap(({ name, definition }) =>
  statesOf(definition.States as Record<string, State>).map(([state, fields]) => ({ machine: name, state, fields })),
);
const tasks = all.filter(({ fields }) => fields.Type === 'Task');

/** Where a failure leads when it is not `Give the source back`. */
const ENDS: Record<string, string | undefined> = {
  migrate: 'Release the claim',
  rollback: 'Give the target back',
  reaper: 'Page a human',
  retire: 'Retiring failed',
  window: 'Look failed',
};

/** Names that Step Functions and Lambda document. */
const DOCUMENTED = [
  'States.ALL',
  'States.Timeout',
  'Lambda.TooManyRequestsException',
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.Unknown',
  'Runtime.ExitError',
  'Runtime.OutOfMemory',
  'Runtime.UnhandledPromiseRejection',
  'Sandbox.Timedout',
];

describe.each(machines)('the machine $name', ({ name, definition }) => {
  test('is clean for asl-validator', () => {
    const result = validate(definition);
    expect(result.isValid ? '' : result.errorsText()).toBe('');
  });

  test('uses nothing that the interpreter does not run', () => {
    expect(() => loadDefinition(name, definition, { canPublish: true })).not.toThrow();
  });

  test('ends by itself', () => {
    expect(definition.TimeoutSeconds).toEqual(expect.any(Number));
  });
});

describe('the machines', () => {
  test('are standard, traced, encrypted, and log everything but payloads', () => {
    const resources = ofType(template, 'AWS::StepFunctions::StateMachine');
    expect(resources.map(([id]) => id).sort()).toEqual([
      'AssessMachine',
      'CutoverMachine',
      'MigrateMachine',
      'PruneMachine',
      'ReaperMachine',
      'ReplicateMachine',
      'RetireMachine',
      'RollbackMachine',
      'ScanMachine',
      'WindowMachine',
    ]);
    for (const [, { Properties }] of resources) {
      expect(Properties).toMatchObject({
        StateMachineType: 'STANDARD',
        TracingConfiguration: { Enabled: true },
        LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
        EncryptionConfiguration: { Type: 'CUSTOMER_MANAGED_KMS_KEY' },
      });
    }
  });

  test('give every task a time limit that is longer than its function has', () => {
    for (const { state, fields } of tasks) {
      expect({ state, limit: fields.TimeoutSeconds }).toEqual({ state, limit: expect.any(Number) });
      const step = Object.entries(STEPS).find(([one]) => fields.Resource?.endsWith(`:sealift-demo-${one}`));
      if (step !== undefined) expect(fields.TimeoutSeconds).toBeGreaterThan(step[1].timeoutSeconds);
    }
  });

  test('call every step', () => {
    const called = new Set(tasks.map(({ fields }) => fields.Resource?.split(':sealift-demo-')[1]));
    for (const step of stepsOf('snapshot')) expect(called).toContain(step);
  });

  test('react to known error names only, and to every one of the contract', () => {
    const reacted = all.flatMap(({ fields }) =>
      [...(fields.Retry ?? []), ...(fields.Catch ?? [])].flatMap(({ ErrorEquals }) => ErrorEquals),
    );
    const known = [...DOCUMENTED, ...Object.values(ERRORS), REFUSED];
    for (const name of reacted) expect(known).toContain(name);
    const raised = all.map(({ fields }) => fields.Error ?? '');
    for (const name of Object.values(ERRORS)) expect([...reacted, ...raised].join(' ')).toContain(name);
  });

  test('retry by named errors, never by States.ALL, and begin a cutover again only when it did not start', () => {
    for (const { fields } of all) {
      for (const { ErrorEquals } of fields.Retry ?? []) expect(ErrorEquals).not.toContain('States.ALL');
    }
    const cutover = all.find(({ state }) => state === 'Cut over');
    expect(cutover?.fields.Retry?.flatMap(({ ErrorEquals }) => ErrorEquals)).toEqual([
      'Lambda.TooManyRequestsException',
    ]);
  });

  test('lead every failure of a step that follows the claim to the compensation', () => {
    const harmless = [
      'Inspect AWS',
      'Assess the source',
      'Give the source back',
      'Give the target back',
      // Refused it has changed nothing; what else it fails with a human is paged for.
      'Turn the sides round',
      'Turn the sides back',
      'Release the claim',
      'Verify chunks',
      'Scan ranges',
      'Preview the pruning',
      'Leave the claim',
      'Prune rows',
    ];
    const messages = [
      'Leave it to the replication',
      'Page a human',
      'Tell that apply stands still',
      'Page a human behind the flip',
      'Tell what was done',
      'Tell that the window is over',
    ];
    const exempt = new Set([
      ...harmless,
      ...messages,
      'Leave it to the cutover',
      'Assess',
      'Prune',
      'Scan',
      'Replicate',
      'Cutover',
      'Retire',
    ]);
    for (const { machine, state, fields } of tasks.filter((one) => !exempt.has(one.state))) {
      // These claim what may replicate already, which they must not take down.
      if (machine !== 'replicate' && state === 'Claim the migration') continue;
      const last = fields.Catch?.at(-1);
      // Around the approval nothing has been begun that could be given back.
      const next = ENDS[machine] ?? 'Give the source back';
      expect({ machine, state, last }).toMatchObject({ last: { ErrorEquals: ['States.ALL'], Next: next } });
    }
    // What a worker fails with fails the Map, which is caught.
    for (const map of ['Verify', 'Prune', 'Scan']) {
      const [found] = all.filter(({ state, fields }) => state === map && fields.Type === 'Map');
      expect(found?.fields.Catch?.at(-1)?.Next).toBe('Give the source back');
    }
  });

  test('stay below the limit of a history whatever they wait for', () => {
    const loops = [SNAPSHOT_POLL, ENCRYPT_POLL, TARGET_POLL, CATCH_UP_POLL].reduce((sum, poll) => sum + poll.rounds, 0);
    // A round of a loop is three states: task (5 events), choice (2), wait (2). A worker's round has no wait.
    const events = loops * 9 + 8 * VERIFY_ROUNDS * 7 + 200;
    expect(events).toBeLessThan(20_000);
    expect(16 * SCAN_ROUNDS * 7 + 200).toBeLessThan(20_000);
    // The copy road takes no snapshot; it works at tables and at indexes, and may begin its rows again.
    const copied = [TARGET_POLL, CATCH_UP_POLL].reduce((sum, poll) => sum + poll.rounds, 0);
    for (const workers of [1, 4, 16]) {
      const rounds =
        MOST_SNAPSHOTS * (workers * copyRoundsOf(workers) + EARLY_ROUNDS) + 2 * MAKE_ROUNDS + 8 * VERIFY_ROUNDS;
      expect(copied * 9 + rounds * 7 + 200).toBeLessThan(23_000);
    }
    // Prune waits for the baseline and works through its queue three times.
    const baseline = SNAPSHOT_POLL.rounds + ENCRYPT_POLL.rounds;
    expect(baseline * 9 + 3 * 8 * PRUNE_ROUNDS * 7 + 200).toBeLessThan(20_000);
  });

  test('wait long enough for what they wait for', () => {
    const hours = ({ stepSeconds, longestSeconds, rounds }: typeof SNAPSHOT_POLL) =>
      Array.from({ length: rounds }, (_, round) => Math.min((round + 1) * stepSeconds, longestSeconds)).reduce(
        (sum, seconds) => sum + seconds / 3600,
        0,
      );
    expect(hours(SNAPSHOT_POLL)).toBeGreaterThan(9);
    expect(hours(ENCRYPT_POLL)).toBeGreaterThan(47);
    expect(hours(TARGET_POLL)).toBeGreaterThan(14);
    expect(hours(CATCH_UP_POLL)).toBeGreaterThan(7 * 24);
  });
});
