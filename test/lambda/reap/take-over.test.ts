import { Blocked } from '../../../lambda/errors';
import { Application, fillApplication } from '../cutover/application';
import { Rig } from '../cutover/rig';
import { catalogFacts } from '../seed/catalog-facts';
import { DATABASES, EXECUTION } from '../seed/stage';

const REAPER = { execution: 'arn:reaper' };
const facts = (rig: Rig) => catalogFacts(rig.source, DATABASES);

describe('what a dead execution holds', () => {
  let rig: Rig;
  let application: Application;
  let before: Record<string, string[]>;
  let logins: string[];
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
    await application.stop();
    expect(await application.missingOn(rig.target)).toEqual([]);
  });
});
