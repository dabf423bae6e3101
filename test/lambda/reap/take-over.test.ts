import { Blocked } from '../../../lambda/errors';
import { takeOverOn } from '../../../lambda/reap/take-over';
import { Application, fillApplication } from '../cutover/application';
import { Rig } from '../cutover/rig';
import { catalogFacts } from '../seed/catalog-facts';
import { DATABASES, EXECUTION } from '../seed/stage';

const REAPER = { execution: 'arn:reaper' };
/** Nobody is on the way back, which is open. */
const AT_REST = [
  { side: 'source', phase: 'live', facts: { turned: false } },
  { side: 'target', phase: 'live', facts: { turned: false } },
];
const facts = (rig: Rig) => catalogFacts(rig.source, DATABASES);

describe('what a dead execution holds', () => {
  let rig: Rig;
  let application: Application;
  let before: Record<string, string[]>;
  let logins: string[];
  let live: Record<string, string[]>;
  beforeAll(async () => {
    rig = await Rig.start(17, fillApplication);
    application = new Application(rig, 4, 10);
    await rig.verify();
    before = await facts(rig);
    logins = await rig.logins('source');
  });
  afterAll(async () => {
    await application?.stop();
    await rig?.close();
  });

  const stands = async () => [await rig.stand('source'), await rig.stand('target')];
  /** As it is when whoever turns the sides back ends between the two ledgers. */
  const turnOldSource = () =>
    rig.source.withAdmin('postgres', async (session) => {
      await session.query(
        `update sealift.migration set side = 'target', phase = 'replicating', facts = facts || '{"turned": true}'`,
      );
    });

  /** Hands the migration back to the execution that the rig calls as. */
  const begin = () =>
    rig.source.withAdmin('postgres', async (session) => {
      await session.query('update sealift.migration set execution = $1, epoch = epoch + 1', [EXECUTION]);
    });

  it('is not taken over by whoever is not told of its end, and never from one that the ledger does not name', async () => {
    const stand = await rig.stand('source');
    expect(await rig.takeOver('arn:another', REAPER)).toMatchObject({ remains: 'nothing', epoch: null });
    expect(await rig.stand('source')).toEqual(stand);
  });

  it('before a fence: a fence that comes late is refused, and the source stays writable', async () => {
    const { epoch } = await rig.stand('source');
    const held = await rig.takeOver(EXECUTION, REAPER);
    expect(held).toMatchObject({ remains: 'keep', phase: 'verified', databases: DATABASES });
    await expect(rig.cutover({ epoch })).rejects.toThrow(Blocked);
    expect(await rig.takeOver(EXECUTION, REAPER)).toEqual(held);
    expect(await rig.takeOver(EXECUTION, { execution: 'arn:second reaper' })).toMatchObject({ remains: 'nothing' });
    expect(await facts(rig)).toEqual(before);
    await application.progress(10);
  });

  it('under a fence: it is lifted while the dead function still runs, and neither side is touched by it again', async () => {
    await begin();
    await rig.verify();
    const { epoch } = await rig.stand('source');
    const fast = await rig.slow({ marker: 'fence' }, 4);
    const running = rig.cutover().catch((error: unknown) => error);
    await rig.untilStand('source', ({ phase }) => phase === 'fenced');
    expect(await rig.takeOver(EXECUTION, REAPER)).toMatchObject({ remains: 'give-back', phase: 'fenced' });
    expect(await rig.giveBack({ ...REAPER, unnamed: true })).toMatchObject({ outcome: 'given-back' });
    expect(await rig.logins('source')).toEqual(logins);
    await application.progress(10);
    expect(await running).toBeInstanceOf(Error);
    await fast();
    await expect(rig.giveBack({ epoch })).rejects.toThrow(/too late/);
    expect(await facts(rig)).toEqual(before);
    expect(await rig.logins('target')).toEqual([]);
    expect(await rig.stand('source')).toMatchObject({ phase: 'verified', execution: REAPER.execution });
  });

  it('behind the flip: the way forward is completed, and a give-back that comes late gives nothing back', async () => {
    await begin();
    rig.allowRollback();
    await rig.verify();
    const { epoch } = await rig.stand('source');
    await rig.cutover();
    expect(await rig.takeOver(EXECUTION, REAPER)).toMatchObject({ remains: 'give-back', phase: 'flipped' });
    expect(await rig.giveBack({ ...REAPER, unnamed: true })).toMatchObject({ outcome: 'finished' });
    expect(await rig.stand('source')).toMatchObject({ phase: 'live' });
    const late = await rig.giveBack({ epoch }).catch((error: unknown) => error);
    expect(late).toMatchObject(late instanceof Error ? { name: 'Blocked' } : { outcome: 'finished' });
    expect([await rig.logins('source'), await rig.logins('target')]).toEqual([[], logins]);
    expect(await rig.takeOver(REAPER.execution, { execution: 'arn:third' })).toMatchObject({ remains: 'nothing' });
    await application.progress(10);
    live = await catalogFacts(rig.target, DATABASES);
  });

  it('on the way back, before a fence: the sides are turned back on both, and what comes late is refused', async () => {
    const begun = await rig.turnRound('begin');
    expect(await rig.takeOver('arn:another', REAPER)).toMatchObject({ remains: 'nothing', epoch: null });
    const held = await rig.takeOver(EXECUTION, REAPER);
    expect(held).toMatchObject({ remains: 'turn-back', phase: 'replicating', databases: DATABASES });
    expect(await rig.takeOver(EXECUTION, REAPER)).toEqual(held);
    expect(await rig.takeOver(EXECUTION, { execution: 'arn:second reaper' })).toMatchObject({ remains: 'nothing' });
    await expect(rig.plan({ back: true, epoch: begun.epoch })).rejects.toThrow(Blocked);
    await expect(rig.turnRound('undo')).rejects.toThrow(/came too late/);
    await rig.turnRound('undo', REAPER);
    expect(await stands()).toMatchObject(AT_REST);
    await turnOldSource();
    expect(await rig.takeOver(REAPER.execution, { execution: 'arn:next' })).toMatchObject({ remains: 'turn-back' });
    await rig.turnRound('undo', { execution: 'arn:next' });
    expect(await stands()).toMatchObject(AT_REST);
    expect(await rig.takeOver('arn:next', REAPER)).toMatchObject({ remains: 'nothing' });
    expect(await catalogFacts(rig.target, DATABASES)).toEqual(live);
  });

  it('on the way back, under a fence: the target is given back, also when the old source does not answer', async () => {
    await rig.turnRound('begin');
    await rig.verify({ back: true });
    const { epoch } = await rig.stand('target');
    const fast = await rig.slow({ marker: 'fence' }, 4, 'source');
    const running = rig.cutover({ back: true }).catch((error: unknown) => error);
    await rig.untilStand('target', ({ phase }) => phase === 'fenced');
    const alone = await rig.call('take-over', (to) => takeOverOn(null, to.target, EXECUTION, to.world), REAPER);
    expect(alone).toMatchObject({ remains: 'give-target-back', phase: 'fenced' });
    expect(await rig.giveBack({ ...REAPER, back: true, unnamed: true })).toMatchObject({ outcome: 'given-back' });
    await rig.turnRound('undo', REAPER);
    await application.progress(10);
    expect(await running).toBeInstanceOf(Error);
    await fast();
    await expect(rig.giveBack({ back: true, epoch })).rejects.toThrow(/too late/);
    expect(await stands()).toMatchObject(AT_REST);
    expect([await rig.logins('source'), await rig.logins('target')]).toEqual([[], logins]);
    expect(await catalogFacts(rig.target, DATABASES)).toEqual(live);
  });

  it('on the way back, behind the flip: the way is completed, and the target stays fenced', async () => {
    await rig.turnRound('begin');
    await rig.verify({ back: true });
    await rig.cutover({ back: true });
    const unheard = rig.call('take-over', (to) => takeOverOn(to.source, null, EXECUTION, to.world), REAPER);
    await expect(unheard).rejects.toThrow(/the target, which is live, does not answer/);
    expect(await rig.takeOver(EXECUTION, REAPER)).toMatchObject({ remains: 'give-target-back' });
    expect(await rig.giveBack({ ...REAPER, back: true, unnamed: true })).toMatchObject({ outcome: 'finished' });
    expect(await stands()).toMatchObject([{ phase: 'rolled-back' }, { phase: 'rolled-back' }]);
    expect(await rig.takeOver(REAPER.execution, { execution: 'arn:third' })).toMatchObject({ remains: 'nothing' });
    expect([await rig.logins('source'), await rig.logins('target')]).toEqual([logins, []]);
    await application.progress(10);
    await application.stop();
    expect(await application.missingOn(rig.source)).toEqual([]);
  });
});
