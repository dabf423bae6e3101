/** What the cutover looks at before its fence: how long the outage will take, and whose transactions are in its way. */
import * as fc from 'fast-check';
import { OutageClock } from '../../../lambda/cutover/outage-clock';
import { excessOf, type Outlook, predictionOf } from '../../../lambda/cutover/prediction';
import { mappedBeyondTheFence } from '../../../lambda/cutover/sql/outlook';
import { Blocked, CutoverAborted } from '../../../lambda/errors';
import { Application, connect, fillApplication, pause } from './application';
import { Rig } from './rig';

const NOTHING: Outlook = {
  sessions: 0,
  roles: 0,
  roundTripMs: 0,
  barrierMs: 0,
  sequencesMs: 0,
  gateMs: 0,
  lagBytes: 0,
  sequences: 0,
  keys: 0,
  tables: 0,
  largeObjects: 0,
};

describe('the prediction of an outage', () => {
  const ms = fc.integer({ min: 0, max: 1e6 });
  const outlooks = fc.record({
    sessions: ms,
    roles: ms,
    roundTripMs: fc.double({ min: 0, max: 100, noNaN: true }),
    barrierMs: ms,
    sequencesMs: ms,
    gateMs: ms,
    lagBytes: ms,
    sequences: ms,
    keys: ms,
    tables: ms,
    largeObjects: ms,
  });

  it('is never less than what was measured, and the sum of its parts', () => {
    fc.assert(
      fc.property(outlooks, (outlook) => {
        const { totalMs, fence, barrier, sequences, gate } = predictionOf(outlook);
        expect(totalMs).toBe(fence + barrier + sequences + gate);
        expect(barrier + sequences + gate).toBeGreaterThanOrEqual(
          outlook.barrierMs + outlook.sequencesMs + outlook.gateMs,
        );
      }),
    );
  });

  it('is refused exactly above the budget, naming its longest part', () => {
    const prediction = predictionOf({ ...NOTHING, barrierMs: 4_000, gateMs: 900 });
    expect(excessOf(prediction, prediction.totalMs)).toBeNull();
    expect(excessOf(prediction, prediction.totalMs - 1)).toMatch(/barrier 4000 ms.*policy\.cutoverBudgetSeconds/);
  });
});

describe('the budget', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('ends what hangs at the end of the budget and its grace, no earlier and no later', async () => {
    const clock = new OutageClock(5_000);
    let ended: unknown = null;
    clock.within(new Promise(() => undefined), 'hanging').catch((error: unknown) => {
      ended = error;
    });
    await jest.advanceTimersByTimeAsync(5_249);
    expect(ended).toBeNull();
    await jest.advanceTimersByTimeAsync(1);
    expect(ended).toBeInstanceOf(CutoverAborted);
    expect(() => clock.remainingMs('going on')).toThrow(/budget of 5000 ms was over while going on/);
  });
});

describe('a cutover before its fence', () => {
  let rig: Rig;
  let application: Application;
  beforeAll(async () => {
    rig = await Rig.start(17, fillApplication);
    application = new Application(rig, 2, 20);
    await rig.verify();
  });
  afterAll(async () => {
    await application?.stop();
    await rig?.close();
  });

  /** Refused with nothing changed, and the application writes on. */
  const refused = async (options: Parameters<Rig['cutover']>[0]) => {
    const stand = await rig.stand('source');
    const failure = await rig.cutover(options).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Blocked);
    expect(await rig.stand('source')).toEqual(stand);
    await application.progress(5);
    return String(failure);
  };

  it('refuses an outage that a dry run shows to exceed the budget, and fences nobody', async () => {
    const fast = await rig.slow({ marker: 'dry' }, 1.2);
    const said = await refused({ policy: { cutoverBudgetSeconds: 1 } });
    await fast();
    expect(said).toMatch(/dry run|predicted/);
    expect(await rig.logins('source')).toContain('app_writer');
  });

  it('names jobs that run as a role that no fence refuses, and leaves those of applications to the fence', async () => {
    const schedule = (job: string) =>
      rig.source.withAdmin('postgres', (session) =>
        session.query(`create schema if not exists cron; grant usage on schema cron to public;
          create table if not exists cron.job (jobid bigint, schedule text, command text, database text, username text, active boolean);
          grant select on cron.job to public; insert into cron.job values ${job}`),
      );
    await schedule(`(1, '* * * * *', 'x', 'app', 'app_writer', true), (2, '* * * * *', 'x', 'app', 'dbadmin', false),
      (3, '* * * * *', 'a secret of a customer', 'app', 'dbadmin', true)`);
    const said = await refused({});
    await rig.source.withAdmin('postgres', (session) => session.query('drop schema cron cascade'));
    expect(said).toMatch(/job 3 of dbadmin in "app"/);
    expect(said).not.toMatch(/job [12]|secret/);
  });

  it('knows foreign servers that log in as a role beyond the fence, as far as the master user may see them', async () => {
    const change = (text: string) => rig.source.withAdmin('app', (session) => session.query(text));
    await change(`create extension postgres_fdw; create server loop foreign data wrapper postgres_fdw;
      grant usage on foreign server loop to dbadmin; create user mapping for dbadmin server loop options (user 'dbadmin', password 'x');
      create user mapping for app_writer server loop options (user 'app_writer', password 'x')`);
    const found = await rig.call('watch', async ({ source }) =>
      (await source.session('app')).query(mappedBeyondTheFence),
    );
    await change('drop extension postgres_fdw cascade');
    expect(found).toEqual([{ server: 'loop', username: 'dbadmin' }]);
  });

  it('names pid, role and age of a long transaction and never what it runs, when it is to abort', async () => {
    const long = await connect(rig, rig.source.port);
    const { rows } = await long
      .query(`begin; select pg_backend_pid() as pid, 'a secret of a customer'`)
      .then((all) => (Array.isArray(all) ? all[1] : all));
    await pause(1_100);
    const said = await refused({ policy: { longTransactions: { action: 'abort', afterSeconds: 1 } } });
    expect(said).toMatch(new RegExp(`pid ${rows[0].pid} of app_writer in "app", \\d+ s old`));
    expect(said).not.toMatch(/secret/);
    await long.end();
  });

  it('waits for long transactions, then says beforehand how long the outage takes', async () => {
    const long = await connect(rig, rig.source.port);
    await long.query(`begin; insert into keyed (body) values ('long')`);
    await pause(1_100);
    const running = rig.cutover({ policy: { longTransactions: { action: 'wait', afterSeconds: 1 } } });
    await pause(1_000);
    expect(await rig.stand('source')).toMatchObject({ phase: 'verified' });
    await long.query('commit');
    await long.end();
    const { prediction, outageMs, ...facts } = await running;
    expect(prediction?.basis).toMatch(/\d+ sequences, \d+ changed keys/);
    expect(prediction?.totalMs).toBeGreaterThan(0);
    expect(outageMs.total).toBeGreaterThan(0);
    expect(await rig.cutover({ epoch: String(BigInt(facts.epoch) - 1n) })).toMatchObject({ prediction });
    await application.stop();
    expect(await application.missingOn(rig.target)).toEqual([]);
    const kept = await rig.target.withAdmin('app', (session) => session.query(`select from keyed where body = 'long'`));
    expect(kept.rowCount).toBe(1);
  });
});
