import { stepsOf } from '../../lib/road-steps';
import { MOST_SNAPSHOTS } from '../../lib/workflows/poll';
import { type Answers, failWith, machinesOf, runMachine } from './support/run-machines';
import { example, ofType, synthesize, templateOf } from './support/synthesis';

/** asl-validator has no types. */
const validate = require('asl-validator') as (definition: unknown) => { isValid: boolean; errorsText(): string };

const template = templateOf(synthesize([example({ road: 'copy' })]), 'Migration');
const machines = machinesOf(template);
const run = (answers: Answers = {}) => runMachine(machines, 'replicate', {}, answers);
const steps = ({ calls }: Awaited<ReturnType<typeof run>>) => calls.map(({ step }) => step);

const BEFORE_ROWS = ['prepare', 'restore', 'make-databases', 'plan-schema', 'make-schema'];
const ROWS = ['hold-snapshot', 'plan-rows', 'copy-rows', 'make-schema'];
const AFTER_ROWS = ['conclude-rows', 'make-schema', 'subscribe'];
const VERIFYING = ['watch', 'plan-verification', 'verify-chunks', 'conclude-verification'];
const HELD = { snapshot: 'held', items: 3, tables: 1, bytes: 3, leftOut: 0, workers: [0, 1], report: null };
const GONE = { ...HELD, snapshot: 'gone', workers: [] };

describe('Replicate on the copy road', () => {
  test('has a function for each of its steps and no other, and definitions that AWS takes', () => {
    const names = ofType(template, 'AWS::Lambda::Function').map(([, { Properties }]) => Properties.FunctionName);
    expect(names.sort()).toEqual([...stepsOf('copy')].map((step) => `sealift-demo-${step}`).sort());
    for (const { name, definition } of machines) {
      if (name !== 'replicate') continue;
      const verdict = validate(definition);
      expect(verdict.isValid ? '' : verdict.errorsText()).toBe('');
    }
  });

  test('makes tables, copies rows, makes indexes, then follows, and takes no snapshot of RDS', async () => {
    const ran = await run();
    expect(steps(ran)).toEqual([
      'inspect',
      'assess',
      'claim',
      ...BEFORE_ROWS,
      ...ROWS,
      ...AFTER_ROWS,
      ...VERIFYING,
      'claim',
    ]);
    expect(ran).toMatchObject({ status: 'SUCCEEDED', output: { seedLsn: null, seedOrigin: null } });
    const inputOf = (step: string) => ran.calls.filter((call) => call.step === step).map(({ input }) => input);
    expect(inputOf('restore')).toMatchObject([{ seed: 'empty' }]);
    expect(inputOf('make-schema')).toMatchObject([
      { part: 'before-rows' },
      { part: 'as-rows-come' },
      { part: 'after-rows' },
    ]);
    expect(inputOf('subscribe')).toMatchObject([{ seedLsn: null }]);
  });

  test('asks again until tables and indexes are made', async () => {
    const left = [2, 1, 0, 4, 0, 7, 0];
    const ran = await run({ 'make-schema': (_, count) => ({ left: left[count - 1], progress: '' }) });
    const parts = ran.calls.filter(({ step }) => step === 'make-schema').map(({ input }) => input.part);
    expect(parts).toEqual([
      ...['before-rows', 'before-rows', 'before-rows'],
      ...['as-rows-come', 'as-rows-come'],
      ...['after-rows', 'after-rows'],
    ]);
    expect(ran.status).toBe('SUCCEEDED');
  });

  test('lets every worker copy until nothing is left for it', async () => {
    const left = new Map([
      [0, [5, 0]],
      [1, [9, 4, 0]],
    ]);
    const ran = await run({
      'plan-rows': () => HELD,
      'copy-rows': ({ worker }) => ({ left: left.get(Number(worker))?.shift(), done: 1, rows: 1, snapshot: 'held' }),
    });
    expect(steps(ran).filter((step) => step === 'copy-rows')).toHaveLength(5);
    expect(ran.status).toBe('SUCCEEDED');
  });

  test('holds another snapshot and plans again when one ended before or while its rows were copied', async () => {
    const ran = await run({
      'plan-rows': (_, count) => (count === 1 ? GONE : HELD),
      'copy-rows': ({ worker }, count) => ({
        left: count < 3 && worker === 1 ? 4 : 0,
        done: 1,
        rows: 1,
        snapshot: count < 3 && worker === 1 ? 'gone' : 'held',
      }),
    });
    const rows = steps(ran).filter((step) =>
      ['hold-snapshot', 'plan-rows', 'copy-rows', 'conclude-rows'].includes(step),
    );
    expect(rows).toEqual([
      'hold-snapshot',
      'plan-rows',
      ...['hold-snapshot', 'plan-rows', 'copy-rows', 'copy-rows'],
      ...['hold-snapshot', 'plan-rows', 'copy-rows', 'copy-rows'],
      'conclude-rows',
    ]);
    expect(ran.status).toBe('SUCCEEDED');
  });

  test('gives the source back when snapshots end too often', async () => {
    const ran = await run({ 'plan-rows': () => GONE });
    expect(steps(ran).filter((step) => step === 'hold-snapshot')).toHaveLength(MOST_SNAPSHOTS);
    expect(steps(ran).at(-1)).toBe('release');
    expect(ran).toMatchObject({ status: 'FAILED', error: 'Blocked' });
    expect(ran.cause).toContain('ended 3 times');
  });

  test.each(
    [...BEFORE_ROWS, ...ROWS, ...AFTER_ROWS].map(
      (step, index, list) => [step, list.slice(0, index).filter((other) => other === step).length] as const,
    ),
  )('gives the source back when %s fails (after %i that did not), with what failed first', async (step, before) => {
    const answers: Answers = {
      [step]: (_: unknown, count: number) =>
        count <= before ? { left: 0, progress: '' } : failWith('Blocked', `${step} is refused`),
    };
    const ran = await run(answers);
    expect(steps(ran).at(-1)).toBe('release');
    expect(ran).toMatchObject({ status: 'FAILED', error: 'Blocked' });
    expect(ran.cause).toContain(`${step} is refused`);
  });

  test('gives the source back when tables or rows take for ever', async () => {
    const making = await run({
      'make-schema': ({ part }) => ({ left: part === 'as-rows-come' ? 0 : 1, progress: '' }),
    });
    expect(steps(making).at(-1)).toBe('release');
    expect(making.cause).toContain('pg_stat_activity');
    const copying = await run({ 'copy-rows': () => ({ left: 1, done: 1, rows: 1, snapshot: 'held' }) });
    expect(steps(copying).at(-1)).toBe('release');
    expect(copying.cause).toContain('copy.workers');
  });
});
