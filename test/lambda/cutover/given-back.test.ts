import { Blocked, CutoverAborted } from '../../../lambda/errors';
import { streamName } from '../../../lambda/platform/names';
import { claimOn } from '../../../lambda/seed/claim';
import { catalogFacts } from '../seed/catalog-facts';
import { DATABASES, EXECUTION, MIGRATION_ID } from '../seed/stage';
import { Application, fillApplication } from './application';
import { Rig } from './rig';

/** Roles, databases and whatever else the fence could touch on the source; our own sessions come and go. */
const facts = (rig: Rig) => catalogFacts(rig.source, DATABASES);

describe('a cutover that is refused or fails before the flip', () => {
  let rig: Rig;
  let application: Application;
  let before: Record<string, string[]>;
  beforeAll(async () => {
    rig = await Rig.start(17, fillApplication);
    application = new Application(rig, 4, 10);
    await rig.verify();
    before = await facts(rig);
  });
  afterAll(async () => {
    await application?.stop();
    await rig?.close();
  });

  /** The cutover is refused with nothing changed. */
  const refused = async (reason: RegExp) => {
    const stand = await rig.stand('source');
    const failure = await rig.cutover().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Blocked);
    expect(String(failure)).toMatch(reason);
    expect(await rig.stand('source')).toEqual(stand);
    expect(await facts(rig)).toEqual(before);
    await application.progress(10);
  };

  /** The cutover fails and the source is as it was; the application writes on, and the old epoch changes nothing. */
  const aborted = async (options: Parameters<Rig['cutover']>[0] = {}) => {
    const { epoch } = await rig.stand('source');
    const failure = await rig.cutover(options).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CutoverAborted);
    await isGivenBack(epoch);
    return String(failure);
  };
  const isGivenBack = async (epoch: string) => {
    const after = String(BigInt(epoch) + 2n);
    expect(await rig.stand('source')).toMatchObject({ phase: 'verified', epoch: after, facts: { givenBack: epoch } });
    expect(await facts(rig)).toEqual(before);
    expect(await rig.logins('target')).toEqual([]);
    await application.progress(10);
    await expect(rig.cutover({ epoch })).rejects.toThrow(Blocked);
    expect(await rig.giveBack({ epoch })).toMatchObject({ outcome: 'given-back' });
    expect(await rig.stand('source')).toMatchObject({ phase: 'verified', epoch: after });
    await application.progress(10);
  };

  it('names a prepared transaction and its owner', async () => {
    await rig.source.withAdmin('app', (session) =>
      session.query(`set role app_owner; begin; insert into keyed (body) values ('p'); prepare transaction 'late one'`),
    );
    await refused(/"late one" of app_owner/);
    await rig.source.withAdmin('app', (session) => session.query(`rollback prepared 'late one'`));
  });

  it('never overwrites a record that somebody else changed', async () => {
    rig.point('elsewhere.test');
    const failure = await rig.cutover().catch((error: unknown) => error);
    rig.point(rig.host('source'));
    expect(failure).toMatchObject({ name: 'Blocked', message: expect.stringMatching(/neither source nor target/) });
    expect(await facts(rig)).toEqual(before);
  });

  it('refuses sessions that no fence could refuse', async () => {
    await rig.call('watch', async ({ source }) => {
      const session = await source.another('app');
      await session.execute({ text: `set application_name = 'an application of the master user'` });
      await refused(/an application of the master user/);
    });
  });

  it('refuses drift of the catalogues', async () => {
    await rig.source.withAdmin('app', (session) => session.query('create index drifted on keyed (body)'));
    const stand = await rig.stand('source');
    await expect(rig.cutover()).rejects.toThrow(/index public.drifted is missing on the target/);
    expect(await rig.stand('source')).toEqual(stand);
    await rig.source.withAdmin('app', (session) => session.query('drop index drifted'));
  });

  it('gives back when an update was dropped on the target in silence after the verification', async () => {
    await rig.target.withAdmin('app', (session) =>
      session.query(`set session_replication_role = replica; delete from nothing where id = 50`),
    );
    await rig.source.withAdmin('app', (session) => session.query(`update nothing set body = 'lost' where id = 50`));
    expect(await aborted()).toMatch(/"public"."nothing"/);
    await rig.target.withAdmin('app', (session) =>
      session.query(`set session_replication_role = replica; insert into nothing values (50, 'lost')`),
    );
  });

  it('gives back within the budget when the target stands still', async () => {
    const fast = await rig.slow({ marker: 'fence' }, 3);
    const said = await aborted({ policy: { cutoverBudgetSeconds: 1 } });
    await fast();
    expect(said).toMatch(/did not reach target database "app"/);
  });

  it('gives back when RDS itself writes behind the fence', async () => {
    const fast = await rig.slow({ marker: 'fence' }, 1);
    const writing = rig
      .untilStand('source', ({ phase }) => phase === 'fenced')
      .then(() => rig.source.withAdmin('app', (session) => session.query(`insert into keyed (body) values ('late')`)));
    const said = await aborted();
    await writing;
    await fast();
    expect(said).toMatch(/behind the fence/);
  });

  it('waits for an open transaction of RDS, and gives back when it does not end', async () => {
    const open = await rig.source.admin('app');
    await open.query(`begin; insert into keyed (body) values ('open')`);
    const said = await aborted({ policy: { cutoverBudgetSeconds: 1 } });
    await open.query('rollback');
    await open.end();
    expect(said).toMatch(/sessions of rdsadmin/);
  });

  it.each([
    ['while sessions are ended', 'fencing'],
    ['behind the fence', 'fenced'],
  ] as const)('is given back after it was killed %s', async (_, phase) => {
    const { epoch } = await rig.stand('source');
    const open = phase === 'fencing' ? await rig.source.admin('app') : null;
    await open?.query(`begin; insert into keyed (body) values ('open')`);
    const fast = await rig.slow({ marker: 'fence' }, 2);
    const running = rig.cutover().catch((error: unknown) => error);
    await rig.untilStand('source', (stand) => stand.phase === phase);
    await rig.killUntil('cutover', running);
    expect(await running).toBeInstanceOf(CutoverAborted);
    expect(await rig.stand('source')).toMatchObject({ phase, epoch: String(BigInt(epoch) + 1n) });
    expect(await rig.logins('source')).toEqual([]);
    await open?.query('rollback');
    await open?.end();
    await fast();
    // Nobody would clean up after a fence that nobody holds.
    const free = { execution: EXECUTION, databases: DATABASES, takeOver: null, mode: 'release' } as const;
    await rig.call('claim', ({ source, world }) => claimOn(source, free, world));
    expect(await rig.stand('source')).toMatchObject({ phase, execution: EXECUTION });
    expect(await rig.giveBack({ epoch })).toMatchObject({ outcome: 'given-back' });
    await isGivenBack(epoch);
  });

  it('is given back without the target as long as no flip was intended, and not by a caller that comes late', async () => {
    const { epoch } = await rig.stand('source');
    const fast = await rig.slow({ marker: 'fence' }, 2);
    const running = rig.cutover().catch((error: unknown) => error);
    await rig.untilStand('source', (stand) => stand.phase === 'fenced');
    await rig.killUntil('cutover', running);
    await fast();
    await expect(rig.giveBack({ epoch, execution: 'arn:another' })).rejects.toThrow(/too late/);
    await expect(rig.giveBack({ epoch: String(BigInt(epoch) - 1n) })).rejects.toThrow(/too late/);
    expect(await rig.logins('source')).toEqual([]);
    const intend = (value: string) =>
      rig.source.withAdmin('postgres', (session) =>
        session.query(`update sealift.migration set facts = facts || '{"intendedFlip": ${value}}'`),
      );
    await intend('"1"');
    await expect(rig.giveBack({ epoch, withoutTarget: true })).rejects.toMatchObject({ name: 'NotReady' });
    expect(await rig.logins('source')).toEqual([]);
    await intend('null');
    expect(await rig.giveBack({ epoch, withoutTarget: true })).toMatchObject({ outcome: 'given-back' });
    await isGivenBack(epoch);
  });

  it('refuses a subscription that is off', async () => {
    const stream = streamName(MIGRATION_ID, 'app');
    await rig.target.withAdmin('app', (session) => session.query(`alter subscription ${stream} disable`));
    const stand = await rig.stand('source');
    await expect(rig.cutover()).rejects.toThrow();
    expect(await rig.stand('source')).toEqual(stand);
    await rig.target.withAdmin('app', (session) => session.query(`alter subscription ${stream} enable`));
  });

  it('finishes forward after it was killed in the flip, whichever side of it that was', async () => {
    const { epoch } = await rig.stand('source');
    const logins = await rig.logins('source');
    const fast = await rig.slow({ phase: 'flipped' }, 1);
    const running = rig.cutover().catch((error: unknown) => error);
    await rig.untilStand('source', ({ facts: { intendedFlip } }) => typeof intendedFlip === 'string');
    await rig.killUntil('cutover', running);
    await fast();
    const result = await rig.giveBack({ epoch });
    const [onSource, onTarget] = [await rig.logins('source'), await rig.logins('target')];
    if (result.outcome === 'finished') expect([onSource, onTarget]).toEqual([[], logins]);
    else {
      expect([onSource, onTarget]).toEqual([logins, []]);
      await isGivenBack(epoch);
    }
  });

  it('loses no acknowledged write after all that', async () => {
    const { phase } = await rig.stand('target');
    if (phase !== 'live') {
      await rig.cutover();
      await rig.settle();
    }
    await application.progress(20);
    await application.stop();
    expect(await application.missingOn(rig.target)).toEqual([]);
    expect(await rig.logins('source')).toEqual([]);
  });
});
