import { Blocked, CutoverAborted } from '../../../lambda/errors';
import { retireOn } from '../../../lambda/rollback/retire';
import { watchWayBackOn } from '../../../lambda/rollback/watch-way-back';
import { catalogFacts } from '../seed/catalog-facts';
import { DATABASES, EXECUTION } from '../seed/stage';
import { Application, connect, fillApplication, pause } from './application';
import { RECORD, Rig, type Stand } from './rig';

const LEFT = `select (select count(*)::int from pg_replication_slots) as slots,
  (select count(*)::int from pg_subscription) as subscriptions, (select count(*)::int from pg_publication) as publications,
  (select count(*)::int from pg_replication_origin) as origins,
  (select count(*)::int from pg_roles where starts_with(rolname, 'sealift_')) as roles`;
const NOTHING = { slots: 0, subscriptions: 0, publications: 0, origins: 0, roles: 0 };

/** Declares the tests of a way back, on one major version, with or without those of what fails, up to one of its two ends. */
export function describeWayBack(
  major: number,
  clients: number,
  also: { readonly failures: boolean; readonly end: 'rollback' | 'retire' },
): void {
  const failing = also.failures ? it : noTest;
  const [returning, retiring] = also.end === 'rollback' ? [it, noTest] : [noTest, it];
  describe(`the way back on PostgreSQL ${major}`, () => {
    let rig: Rig;
    let application: Application;
    let logins: string[];
    let live: Record<string, string[]>;
    beforeAll(async () => {
      rig = await Rig.start(major, fillApplication);
      rig.allowRollback();
      application = new Application(rig, clients, 20);
      logins = await rig.logins('source');
      await rig.verify();
    });
    afterAll(async () => {
      await application?.stop();
      await rig?.close();
    });

    const retire = (early: boolean) => rig.call('retire', (to) => retireOn(to.source, to.target, early, to.world));
    const stands = async () => [await rig.stand('source'), await rig.stand('target')];
    const left = (side: 'source' | 'target', database = 'app') =>
      rig[side].withAdmin(database, async (session) => (await session.query(LEFT)).rows[0]);
    const countOn = async (side: 'source' | 'target', text: string) =>
      rig[side].withAdmin('app', async (session) => (await session.query(text)).rows[0]?.value);
    const until = async (look: () => Promise<boolean>) => {
      for (let turn = 0; turn < 400; turn += 1) {
        if (await look()) return;
        await pause(25);
      }
      throw new Error('what was waited for did not happen');
    };
    const setUntil = (moment: string) =>
      rig.target.withAdmin('postgres', (session) =>
        session.query(`update sealift.migration set facts = jsonb_set(facts, '{wayBack,until}', to_jsonb($1::text))`, [
          moment,
        ]),
      );
    /** The call is refused and neither ledger says anything else than before. */
    const refused = async (call: () => Promise<unknown>, reason: RegExp) => {
      const before = await stands();
      const failure = await call().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(Blocked);
      expect(String(failure)).toMatch(reason);
      expect(await stands()).toEqual(before);
    };

    failing(
      'is refused before a cutover, and a source that does not reach the target is found before the fence',
      async () => {
        await refused(() => rig.turnRound('begin'), /only a live target/);
        const before = await catalogFacts(rig.source, DATABASES);
        const { epoch } = await rig.stand('source');
        const policy = { rollback: { windowHours: 1, host: '127.0.0.1', port: 1 } };
        await refused(() => rig.cutover({ policy }), /the source does not reach the target.*security group/);
        expect(await rig.giveBack({ epoch })).toMatchObject({ outcome: 'given-back' });
        expect(await catalogFacts(rig.source, DATABASES)).toEqual(before);
        expect(await left('target')).toMatchObject({ slots: 0, publications: 0, roles: 0 });
        await application.progress(10);
      },
    );

    failing('is given up with a cutover that fails behind its fence', async () => {
      const before = await catalogFacts(rig.source, DATABASES);
      const ever = await rig.slow({ marker: 'fence' }, 3);
      await expect(rig.cutover({ policy: { cutoverBudgetSeconds: 1 } })).rejects.toThrow(CutoverAborted);
      await ever();
      expect(await catalogFacts(rig.source, DATABASES)).toEqual(before);
      expect(await left('target')).toMatchObject({ slots: 0, publications: 0, roles: 0 });
      await application.progress(10);
    });

    it('lets the source follow the target from the flip on, and nothing comes round again', async () => {
      const { epoch } = await rig.stand('source');
      await rig.cutover({ epoch });
      await application.progress(50);
      await refused(() => rig.turnRound('begin'), /is not settled yet/);
      const settled = await rig.settle();
      expect(settled).toMatchObject({ phase: 'live', replicaIdentities: [], memberships: 0 });
      expect(Date.parse(settled.wayBackUntil ?? '')).toBeGreaterThan(Date.now() + 3_000_000);
      expect(await rig.settle()).toMatchObject({ phase: 'live', wayBackUntil: settled.wayBackUntil });
      await rig.target.withAdmin('app', (session) =>
        session.query(
          `insert into keyless (body) values ('once'); update keyless set body = 'changed' where body = 'k5'`,
        ),
      );
      await until(
        async () => (await countOn('source', `select count(*)::int as value from keyless where body = 'once'`)) === 1,
      );
      await application.progress(100);
      await until(
        async () =>
          (await countOn('source', `select count(*)::int as value from keyless where body = 'changed'`)) === 1,
      );
      for (const side of ['source', 'target'] as const) {
        expect(await countOn(side, `select count(*)::int as value from keyless where body = 'once'`)).toBe(1);
      }
      expect(await left('target')).toEqual({ ...NOTHING, slots: DATABASES.length, publications: 1, roles: 1 });
      expect(await left('source')).toEqual({
        ...NOTHING,
        subscriptions: DATABASES.length,
        origins: DATABASES.length,
      });
      expect(await rig.logins('source')).toEqual([]);
      await expect(connect(rig, rig.source.port)).rejects.toMatchObject({ code: '28000' });
    });

    failing(
      'is looked after: who does not follow is counted, and its end is told of once, until somebody is on it',
      async () => {
        const look = (execution = 'arn:look') =>
          rig.call('watch-way-back', (to) => watchWayBackOn(to.target, to.world), { execution });
        expect(await look()).toMatchObject({
          state: 'open',
          due: false,
          detail: expect.stringMatching(/^the source follows, /),
        });
        const [name] = await rig.source.withAdmin('app', async (session) => {
          const { rows } = await session.query<{ subname: string }>(
            `select subname from pg_subscription where subdbid = (select oid from pg_database where datname = 'app')`,
          );
          await session.query(`alter subscription ${rows[0]?.subname} disable`);
          return rows.map(({ subname }) => subname);
        });
        await until(async () => (await look()).detail.startsWith(`the source follows in ${DATABASES.length - 1} of`));
        await rig.source.withAdmin('app', (session) => session.query(`alter subscription ${name} enable`));
        await until(async () => (await look()).detail.startsWith('the source follows, '));
        const { facts } = await rig.stand('target');
        await setUntil('2020-01-01T00:00:00Z');
        expect(await look()).toMatchObject({ state: 'over', due: true, until: '2020-01-01T00:00:00Z' });
        expect([(await look()).due, (await look('arn:later')).due]).toEqual([true, false]);
        await setUntil((facts.wayBack as { until: string }).until);
        expect(await look('arn:later')).toMatchObject({ state: 'open', due: false });
        await rig.turnRound('begin');
        await setUntil('2020-01-01T00:00:00Z');
        expect(await look('arn:later')).toMatchObject({ state: 'none', due: false });
        await setUntil((facts.wayBack as { until: string }).until);
        await rig.turnRound('undo');
      },
    );

    failing('is refused outside its window, and to a second execution', async () => {
      const { facts } = await rig.stand('target');
      await setUntil('2020-01-01T00:00:00Z');
      await refused(() => rig.turnRound('begin'), /could be rolled back until 2020-01-01/);
      await setUntil((facts.wayBack as { until: string }).until);
      live = await catalogFacts(rig.target, DATABASES);
      const begun = await rig.turnRound('begin');
      expect(await rig.turnRound('begin')).toEqual(begun);
      await refused(() => rig.turnRound('begin', { execution: 'arn:second' }), /is being rolled back by execution/);
      await refused(() => rig.turnRound('undo', { execution: 'arn:second' }), /came too late/);
      expect(await stands()).toMatchObject([
        { side: 'target', phase: 'replicating', epoch: begun.epoch },
        { side: 'source', phase: 'replicating', epoch: begun.epoch },
      ]);
    });

    failing('leaves the target live exactly as it was when it is killed behind the fence', async () => {
      expect(await rig.verify({ back: true })).toMatchObject({ verdict: 'equal' });
      const { epoch } = await rig.stand('target');
      const ever = await rig.slow({ marker: 'fence' }, 4, 'source');
      const dying = rig.cutover({ back: true });
      await Promise.all([
        dying.catch(() => undefined),
        rig.untilStand('target', ({ phase }) => phase === 'fenced').then(() => rig.killUntil('cutover', dying)),
      ]);
      await expect(dying).rejects.toThrow();
      // Its execution is dead with it: another one takes the way back over, and gives the target back.
      const next = { execution: 'arn:next' };
      const taken = await rig.turnRound('begin', { ...next, takeOver: EXECUTION });
      expect(taken.phase).toMatch(/fenc/);
      await expect(rig.plan({ ...next, back: true })).rejects.toThrow(Blocked);
      const given = await rig.giveBack({ ...next, back: true, epoch: taken.epoch });
      expect(given).toMatchObject({ outcome: 'given-back' });
      await refused(() => rig.giveBack({ back: true, epoch }), /too late/);
      await ever();
      await application.progress(20);
      await rig.turnRound('undo', next);
      expect(await rig.turnRound('undo', next)).toMatchObject({ phase: 'live' });
      expect(await stands()).toMatchObject([
        { side: 'source', phase: 'live' },
        { side: 'target', phase: 'live' },
      ]);
      expect(await rig.logins('target')).toEqual(logins);
      expect(await rig.logins('source')).toEqual([]);
      expect(await catalogFacts(rig.target, DATABASES)).toEqual(live);
      await refused(() => rig.cutover({ back: true, epoch }), /too late/);
      await application.progress(20);
      expect(rig.aws.plane.route53.resolve(RECORD)).toContain(rig.host('target'));
    });

    retiring('holds every write on both sides, and is closed when its window is over or somebody says so', async () => {
      await application.stop();
      await until(async () => (await application.missingOn(rig.source)).length === 0);
      await refused(() => retire(false), /the way back is open until .* \{"early": true\}/);
      const phase = (wanted: string) =>
        rig.source.withAdmin('postgres', (session) =>
          session.query('update sealift.migration set phase = $1', [wanted]),
        );
      await phase('flipped');
      await refused(() => retire(true), /its cutover is not settled yet/);
      await phase('live');
      const retired = await retire(true);
      expect(retired.slots).toHaveLength(DATABASES.length);
      expect(retired.subscriptions).toHaveLength(DATABASES.length);
      expect(retired.replicaIdentities).toContain('"public"."keyless"');
      expect(await retire(false)).toMatchObject({ epoch: retired.epoch, closedAt: retired.closedAt, slots: [] });
      expect(await stands()).toMatchObject([
        { side: 'source', phase: 'retired' },
        { side: 'target', phase: 'retired' },
      ]);
      for (const side of ['source', 'target'] as const) expect(await left(side)).toEqual(NOTHING);
      const kinds = (side: 'source' | 'target') =>
        rig[side].withAdmin('postgres', async (session) =>
          (await session.query('select distinct kind from sealift.undo')).rows.map(({ kind }) => kind),
        );
      expect([await kinds('source'), await kinds('target')]).toEqual([['login'], []]);
      expect(await rig.logins('source')).toEqual([]);
      await refused(() => rig.turnRound('begin'), /phase retired/);
    });

    returning('brings every write accepted since back to the source', async () => {
      await rig.turnRound('begin');
      expect(await rig.verify({ back: true })).toMatchObject({ verdict: 'equal' });
      const { epoch } = await rig.stand('target');
      const facts = await rig.cutover({ back: true, epoch });
      expect(await rig.cutover({ back: true, epoch })).toEqual(facts);
      expect(rig.aws.plane.route53.resolve(RECORD)).toContain(rig.host('source'));
      await application.progress(100);
      expect(await rig.settle({ back: true })).toMatchObject({ phase: 'rolled-back', wayBackUntil: null });
      expect(await rig.settle({ back: true })).toMatchObject({ phase: 'rolled-back' });
      await application.stop();
      expect(await application.missingOn(rig.source)).toEqual([]);
      expect(application.ports).toEqual(new Set([rig.source.port, rig.target.port]));
      expect(await rig.logins('source')).toEqual(logins);
      expect(await rig.logins('target')).toEqual([]);
      await expect(connect(rig, rig.target.port)).rejects.toMatchObject({ code: '28000' });
      await rig.source.withAdmin('app', async (session) => {
        await session.query(`insert into written (client, n) values (77, 77)`);
        expect(
          (await session.query(`select max(last_value) = max(id) as value from written, written_id_seq`)).rows[0].value,
        ).toBe(true);
      });
    });

    returning('is completed by another start when it was lost while it settled, though its road is gone', async () => {
      await rig.target.withAdmin('postgres', (session) =>
        session.query(`update sealift.migration set phase = 'flipped'`),
      );
      const next = { execution: 'arn:next' };
      const taken = await rig.turnRound('begin', { ...next, takeOver: EXECUTION });
      const given = await rig.giveBack({ ...next, back: true, epoch: taken.epoch });
      expect(given).toMatchObject({ outcome: 'finished' });
      expect(await stands()).toMatchObject([{ phase: 'rolled-back' }, { phase: 'rolled-back' }]);
    });

    returning('happens once, and late calls of the road there change nothing', async () => {
      await refused(() => rig.turnRound('begin'), /was rolled back before/);
      const ends: readonly Stand[] = await stands();
      const forth = { execution: 'arn:forth' };
      await refused(() => rig.settle(forth), /only a live target is settled/);
      await refused(() => rig.giveBack(forth), /too late/);
      await refused(() => rig.cutover(forth), /too late|in use/);
      expect(ends).toMatchObject([
        { side: 'target', phase: 'rolled-back' },
        { side: 'source', phase: 'rolled-back' },
      ]);
      for (const side of ['source', 'target'] as const) expect(await left(side)).toEqual(NOTHING);
      const undo = await rig.source.withAdmin('postgres', (session) => session.query('select * from sealift.undo'));
      expect(undo.rows).toEqual([]);
    });
  });
}

/** Stands in the place of a test that another version shows. */
function noTest(_promise: string, _test: () => Promise<void>): void {}
