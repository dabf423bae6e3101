import { NotReady, PastTheFlip } from '../../../lambda/errors';
import { retireOn } from '../../../lambda/rollback/retire';
import { Application, connect, fillApplication, sequenceStates } from './application';
import { RECORD, Rig } from './rig';

/** Declares the tests of a cutover that goes through, on one major version. */
export function describeThrough(major: number, clients: number): void {
  describe(`a cutover on PostgreSQL ${major}`, () => {
    let rig: Rig;
    let application: Application;
    beforeAll(async () => {
      rig = await Rig.start(major, fillApplication);
      application = new Application(rig, clients, 50);
      await application.progress(200);
    });
    afterAll(async () => {
      await application?.stop();
      await rig?.close();
    });

    it('says equal under full write load, and again', async () => {
      const verification = await rig.verify();
      expect(verification).toMatchObject({ verdict: 'equal' });
      expect(verification.databases.flatMap((database) => database.catalogDifferences)).toEqual([]);
      expect(await rig.verify()).toMatchObject({ verdict: 'equal' });
      expect([await rig.stand('source'), await rig.stand('target')]).toMatchObject([
        { phase: 'verified' },
        { phase: 'verified' },
      ]);
    });

    it('loses no acknowledged write, accepts none at the source afterwards, and sets every sequence exactly', async () => {
      const before = await rig.logins('source');
      const { epoch } = await rig.stand('source');
      expect(await rig.logins('target')).toEqual([]);
      const [facts, twin] = await Promise.allSettled([rig.cutover({ epoch }), rig.cutover({ epoch })]);
      const answers = [facts, twin].flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      const refusals = [facts, twin].flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
      expect(answers.length).toBeGreaterThanOrEqual(1);
      for (const refusal of refusals) expect(refusal).toBeInstanceOf(NotReady);
      for (const answer of answers) expect(answer).toEqual(answers[0]);
      expect(await rig.cutover({ epoch })).toEqual(answers[0]);
      expect(rig.aws.plane.route53.resolve(RECORD)).toContain(rig.host('target'));
      expect(await rig.logins('target')).toEqual(before);
      expect(await rig.logins('source')).toEqual([]);
      await application.progress(200);
      const fencedSequences = await sequenceStates(rig.source);
      await application.stop();
      expect(application.ports).toEqual(new Set([rig.source.port, rig.target.port]));
      expect(await application.missingOn(rig.target)).toEqual([]);
      expect(await sequenceStates(rig.source)).toEqual(fencedSequences);
      expect(fencedSequences.untouched).toBe('77 false');
      expect((await sequenceStates(rig.target)).untouched).toBe('77 false');
      await expect(connect(rig, rig.source.port)).rejects.toMatchObject({ code: '28000' });
      const kept = await rig.source.withAdmin('app', (session) =>
        session.query('select count(*)::int as n from written'),
      );
      const onSource = [...application.acknowledged.values()].filter(({ port }) => port === rig.source.port).length;
      expect(kept.rows[0].n).toBeGreaterThanOrEqual(onSource);
    });

    it('lands a canary on the target by the way that applications go, and waits for a resolver that lags', async () => {
      expect(await rig.canary()).toMatchObject({ how: 'server', looks: 1 });
      rig.point(rig.host('source'));
      const late = await rig.canary({ patienceMs: 60_000, onMiss: () => rig.point(rig.host('target')) });
      expect(late.looks).toBeGreaterThan(1);
    });

    it('pages a human when the canary does not land, and says where it was led', async () => {
      const parameterName = '/shop/database';
      const parameter = { kind: 'parameter', parameterName, hostField: 'host', portField: 'port' } as const;
      rig.aws.plane.ssm.create(parameterName, JSON.stringify({ host: rig.host('target'), port: 1 }));
      await expect(rig.canary({ switch: parameter })).rejects.toThrow('it was led to port 1 of the target');
      rig.point(rig.host('source'));
      try {
        const failure = await rig.canary().catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(PastTheFlip);
        expect((failure as Error).message).toContain(`followed record ${RECORD} did not land there`);
        expect((failure as Error).message).toContain('it was led to the source');
        await expect(rig.canary({ leftMs: 5_000 })).rejects.toBeInstanceOf(NotReady);
      } finally {
        rig.point(rig.host('target'));
      }
      const readOnly = (value: string) =>
        rig.target.withAdmin('postgres', (session) =>
          session.query(`alter database postgres set default_transaction_read_only = ${value}`),
        );
      await readOnly('on');
      try {
        await expect(rig.canary()).rejects.toThrow('the target takes no writes');
      } finally {
        // The database's own default binds the session that changes it back.
        await rig.target.withAdmin('app', (session) =>
          session.query('alter database postgres reset default_transaction_read_only'),
        );
      }
    });

    it('finishes a late give-back, also the second time, and settles twice alike', async () => {
      const { epoch } = await rig.stand('target');
      const began = String(BigInt(epoch) - 1n);
      expect(await rig.giveBack({ epoch: began })).toMatchObject({ outcome: 'finished' });
      expect(await rig.giveBack({ epoch: began })).toMatchObject({ outcome: 'finished' });
      expect(await rig.logins('source')).toEqual([]);
      const settled = await rig.settle();
      expect(settled.refreshedViews).toEqual(['public.summary', 'public.above']);
      expect(await rig.settle()).toEqual(settled);
      expect([await rig.stand('source'), await rig.stand('target')]).toMatchObject([
        { phase: 'live' },
        { phase: 'live' },
      ]);
      await expect(rig.giveBack({ epoch: String(BigInt(began) - 7n), execution: 'arn:another' })).rejects.toThrow(
        /too late/,
      );
    });

    it('leaves nothing of the replication behind', async () => {
      for (const server of [rig.source, rig.target]) {
        await server.withAdmin('app', async (session) => {
          const { rows } = await session.query(`select
            (select count(*)::int from pg_replication_slots) as slots, (select count(*)::int from pg_subscription) as subscriptions,
            (select count(*)::int from pg_publication) as publications, (select count(*)::int from pg_replication_origin) as origins`);
          expect(rows[0]).toEqual({ slots: 0, subscriptions: 0, publications: 0, origins: 0 });
        });
      }
      await rig.target.withAdmin('app', async (session) => {
        const identities = await session.query(
          `select relname, relreplident from pg_class where relname in ('keyless', 'nothing', 'uniquely') order by 1`,
        );
        expect(identities.rows).toEqual([
          { relname: 'keyless', relreplident: 'd' },
          { relname: 'nothing', relreplident: 'n' },
          { relname: 'uniquely', relreplident: 'd' },
        ]);
        const views = await session.query(
          'select (select rows from summary) = (select count(*) from written) as fresh, (select rows from above) as above',
        );
        expect(views.rows[0].fresh).toBe(true);
      });
      const undo = await rig.target.withAdmin('postgres', (session) => session.query('select * from sealift.undo'));
      expect(undo.rows).toEqual([]);
    });

    it('gives back on the fenced source what the migration still held there, when it is retired', async () => {
      const retired = await rig.call('retire', ({ source, target, world }) => retireOn(source, target, false, world));
      // Below 16 the master user of a rehearsal is a superuser, who needs none.
      expect(retired.memberships > 0).toBe(major >= 16);
      expect(retired.replicaIdentities).toContain('"public"."keyless"');
      const left = await rig.source.withAdmin('postgres', (session) =>
        session.query('select distinct kind from sealift.undo'),
      );
      expect(left.rows).toEqual([{ kind: 'login' }]);
      expect(await rig.logins('source')).toEqual([]);
    });
  });
}
