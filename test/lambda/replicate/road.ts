import { readFile } from 'node:fs/promises';
import type { Client } from 'pg';
import type { SlotFacts } from '../../../lambda/contract/replication';
import { Blocked, NotReady } from '../../../lambda/errors';
import { streamName } from '../../../lambda/platform/names';
import { subscribeOn } from '../../../lambda/replicate/subscribe';
import { watchOn } from '../../../lambda/replicate/watch';
import { adoptOn } from '../../../lambda/seed/adopt';
import { claimOn } from '../../../lambda/seed/claim';
import { prepareOn } from '../../../lambda/seed/prepare';
import { releaseOn } from '../../../lambda/seed/release';
import type { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { installSeedFunction } from '../../../lib/rehearsal/servers/rds-shape';
import { catalogFacts } from '../seed/catalog-facts';
import { DATABASES, EXECUTION, MASTER, MIGRATION_ID, REPLICATION, Stage } from '../seed/stage';

const TABLES = ['keyed', 'keyless', 'uniquely', 'nothing', 'parted_1', '"Odd ""schema"""."Odd; table"'];

/** Commits small transactions over every table until it is told to stop. */
class Writer {
  private stopped = false;
  private readonly ended: Promise<void>;

  constructor(private readonly client: Client) {
    this.ended = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.ended;
    await this.client.end();
  }

  private async run(): Promise<void> {
    for (let n = 1_000; !this.stopped; n++) {
      await this.client.query('begin');
      await this.client.query(`insert into keyed (body) values ('w${n}')`);
      await this.client.query(`update keyed set body = 'u${n}' where id = ${n % 900}`);
      await this.client.query(`insert into keyless (body) values ('w${n}')`);
      await this.client.query(`update keyless set body = body || '!' where body = 'k${n % 100}'`);
      await this.client.query(`insert into uniquely values ('w${n}', '{"n": ${n}}')`);
      await this.client.query(`delete from uniquely where code = 'w${n - 20}'`);
      await this.client.query(`update nothing set body = 'u${n}' where id = ${n % 100}`);
      await this.client.query(`insert into parted values (${n}, '2020-06-06', 'w')`);
      await this.client.query(`insert into "Odd ""schema"""."Odd; table" values (${n}, 'w')`);
      await this.client.query(n % 7 === 0 ? 'rollback' : 'commit');
    }
  }
}

async function contents(server: PostgresServer): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const database of DATABASES) {
    await server.withAdmin(database, async (session) => {
      for (const table of TABLES) {
        const { rows } = await session.query(
          `select count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '') as sum from ${table} t`,
        );
        found[`${database} ${table}`] = rows[0].sum;
      }
    });
  }
  return found;
}

const LOCKED = /waits for a lock in target database "app" .*"report".*pg_terminate_backend\(\d+\)` on the target/;

/** Declares the tests of the road on one major version; each has a file of its own, so that they can run side by side. */
export function describeRoad(major: number): void {
  describe(`the snapshot road on PostgreSQL ${major}`, () => {
    let stage: Stage;
    let target: PostgresServer;
    let tooOld: PostgresServer;
    let restarted: PostgresServer;
    let epoch: string;
    let slots: readonly SlotFacts[];
    let before: Record<string, string[]>;
    let writers: Writer[] = [];

    const sides = (step: 'adopt' | 'subscribe' | 'watch' | 'release', postgres: PostgresServer) => {
      const world = stage.world(step, epoch);
      return {
        world,
        source: stage.server('source', stage.source, world),
        copy: stage.server('target', postgres, world),
      };
    };
    const adopt = async (postgres: PostgresServer) => {
      const { world, source, copy } = sides('adopt', postgres);
      return adoptOn(source, copy, { databases: DATABASES, slots }, world).finally(() =>
        Promise.all([source.close(), copy.close()]),
      );
    };
    const subscribe = async (seedLsn: string, sourceEndpoint = { host: '127.0.0.1', port: stage.source.port }) => {
      const { world, source, copy } = sides('subscribe', target);
      return subscribeOn(source, copy, { databases: DATABASES, seedLsn, sourceEndpoint }, REPLICATION, world).finally(
        () => Promise.all([source.close(), copy.close()]),
      );
    };
    const watch = async () => {
      const { world, source, copy } = sides('watch', target);
      return watchOn(source, copy, DATABASES, world).finally(() => Promise.all([source.close(), copy.close()]));
    };
    const caughtUp = async () => {
      for (let look = 0; look < 60; look++) {
        const health = await watch();
        if (health.caughtUp) return health;
      }
      throw new Error('the target did not catch up');
    };

    /** Why apply stands still, as soon as it does. */
    const stuck = async () => {
      for (let look = 0; look < 60; look++) {
        const health = await watch();
        if (health.stuck.length > 0) return health.stuck;
      }
      throw new Error('apply did not come to stand still');
    };

    beforeAll(async () => {
      stage = await Stage.start(major, { max_prepared_transactions: 10, log_statement: 'all' });
      before = await catalogFacts(stage.source, DATABASES);
      const claiming = stage.world('claim', '0');
      const claimer = stage.server('source', stage.source, claiming);
      const claimed = await claimOn(
        claimer,
        { execution: EXECUTION, databases: DATABASES, takeOver: null, mode: 'hold' },
        claiming,
      );
      epoch = claimed.epoch;
      writers = await Promise.all(DATABASES.map(async (database) => new Writer(await stage.source.admin(database))));
      tooOld = await stage.copy('too-old');
      const preparing = stage.world('prepare', epoch);
      const preparer = stage.server('source', stage.source, preparing);
      ({ slots } = await prepareOn(preparer, DATABASES, REPLICATION, preparing));
      await stage.source.withAdmin('app', async (session) => {
        await session.query(`select pg_create_logical_replication_slot('foreign_slot', 'test_decoding')`);
        await session.query('create publication foreign_publication for table keyed');
        await session.query(`set session authorization ${MASTER.username};
        create subscription foreign_subscription connection 'host=127.0.0.1 port=1 dbname=none password=none'
        publication p with (connect = false, slot_name = none, enabled = false)`);
        await session.query('reset session authorization');
        await session.query(`set role app_owner; begin; insert into keyed (body) values ('prepared');
        prepare transaction 'it''s prepared'; reset role`);
      });
      target = await stage.copy('target', { max_prepared_transactions: 10, log_statement: 'ddl' });
      restarted = await stage.copy('restarted', { max_prepared_transactions: 10 });
      await stage.source.withAdmin('app', async (session) => {
        await session.query(`select pg_drop_replication_slot('foreign_slot')`);
        await session.query(`drop publication foreign_publication; drop subscription foreign_subscription`);
        await session.query(`commit prepared 'it''s prepared'`);
      });
    });
    afterAll(async () => {
      await Promise.all(writers.map((writer) => writer.stop().catch(() => undefined)));
      await stage.close();
    });

    it('refuses a copy that is older than the slots', async () => {
      await tooOld.configure({ shared_buffers: '32MB', max_prepared_transactions: 10 });
      await tooOld.start();
      await expect(adopt(tooOld)).rejects.toThrow(Blocked);
      await stage.run.remove(tooOld);
    });

    it('refuses seeds that are uncertain, before the slot, or not of the source’s history', async () => {
      await restarted.start();
      await installSeedFunction(restarted, '0/1');
      await expect(adopt(restarted)).rejects.toThrow(/the seed is not certain/);
      await restarted.stop();
      await restarted.start();
      const forget = () =>
        restarted.withAdmin('postgres', (session) => session.query(`update sealift.migration set side = 'source'`));
      await expect(adopt(restarted)).rejects.toThrow(/after the seed/);
      await forget();
      await installSeedFunction(restarted, 'FF/0');
      await expect(adopt(restarted)).rejects.toThrow(/not of its history/);
      await forget();
      await restarted.withAdmin('postgres', (session) => session.query('drop function rds_tools.logical_seed_lsn()'));
      await expect(adopt(restarted)).rejects.toThrow(/tells no seed/);
      await stage.run.remove(restarted);
    });

    it('adopts the copy: seed kept, inherited things gone, logins closed, twice alike', async () => {
      await target.start();
      const application = await target.admin('app');
      const seed = await adopt(target);
      expect(seed.seedOrigin).toBe('replay');
      await application.end().catch(() => undefined);
      await target.withAdmin('app', async (session) => {
        await expect(session.query('select from pg_replication_slots')).resolves.toMatchObject({ rowCount: 0 });
        await expect(session.query('select from pg_subscription')).resolves.toMatchObject({ rowCount: 0 });
        await expect(session.query('select from pg_prepared_xacts')).resolves.toMatchObject({ rowCount: 0 });
        const publications = await session.query('select pubname from pg_publication');
        expect(publications.rows).toEqual([{ pubname: 'foreign_publication' }]);
        const roles = await session.query(`select rolname, rolcanlogin from pg_roles
        where rolname in ('app_writer', 'Odd Owner', '${REPLICATION.username}') order by rolname`);
        expect(roles.rows).toEqual([
          { rolname: 'Odd Owner', rolcanlogin: false },
          { rolname: 'app_writer', rolcanlogin: false },
        ]);
      });
      await target.stop();
      await target.start();
      expect(await adopt(target)).toEqual(seed);
    });

    it('follows the source from the seed on: nothing lost, nothing doubled, twice alike', async () => {
      const { seedLsn } = await adopt(target);
      await target.withAdmin('app', (session) => session.query('drop publication foreign_publication'));
      await expect(subscribe('0/1')).rejects.toThrow(Blocked);
      await expect(subscribe(seedLsn, { host: '127.0.0.1', port: 1 })).rejects.toThrow(NotReady);
      const subscriptions = await subscribe(seedLsn);
      expect(await subscribe(seedLsn)).toEqual(subscriptions);
      await caughtUp();
      await Promise.all(writers.map((writer) => writer.stop()));
      writers = [];
      const health = await caughtUp();
      expect(health.slots.map((slot) => slot.walStatus)).toEqual(DATABASES.map(() => 'reserved'));
      expect(health.lagSeconds).toBe(0);
      expect(await contents(target)).toEqual(await contents(stage.source));
      await expect(adopt(target)).rejects.toThrow(Blocked);
      for (const server of [stage.source, target]) {
        expect(await readFile(server.logPath, 'utf8')).not.toContain(REPLICATION.password);
      }
      expect(await readFile(target.logPath, 'utf8')).toContain('could not connect to the publisher');
    });

    it('survives a restart of the source and of the target', async () => {
      await stage.source.stop();
      await stage.source.start();
      await target.kill();
      await target.start();
      await stage.source.withAdmin('app', (session) => session.query(`insert into keyed (body) values ('later')`));
      await caughtUp();
      expect(await contents(target)).toEqual(await contents(stage.source));
    });

    it('goes on under a new claim, whose epoch the target follows', async () => {
      const late = epoch;
      const world = stage.world('claim', '0');
      const source = stage.server('source', stage.source, world);
      const input = { execution: EXECUTION, databases: DATABASES, takeOver: null };
      await claimOn(source, { ...input, mode: 'release' }, world);
      // Nobody holds it: a call that is still under way changes nothing.
      await expect(watch()).rejects.toThrow(Blocked);
      const claimed = await claimOn(source, { ...input, mode: 'hold' }, world);
      expect(claimed).toMatchObject({ phase: 'replicating' });
      epoch = claimed.epoch;
      await caughtUp();
      epoch = late;
      await expect(watch()).rejects.toThrow(Blocked);
      epoch = claimed.epoch;
    });

    it('names a subscription that was disabled', async () => {
      const name = streamName(MIGRATION_ID, 'app');
      await target.withAdmin('app', (session) => session.query(`alter subscription ${name} disable`));
      expect(await watch()).toMatchObject({ caughtUp: false, stuck: [expect.stringContaining('was disabled')] });
      await target.withAdmin('app', (session) => session.query(`alter subscription ${name} enable`));
      await caughtUp();
    });

    it('says who holds the lock that apply waits for, and which role may not log in any more, each with the remedy', async () => {
      const holder = await target.admin('app');
      await holder.query(`set application_name = 'report'; begin; lock table sealift.marker in exclusive mode`);
      const blocked = await watch();
      expect(blocked).toMatchObject({ stuck: [], reasons: [expect.stringMatching(LOCKED)] });
      await holder.query('rollback');
      await holder.end();
      await caughtUp();
      const { username } = REPLICATION;
      await stage.source.withAdmin('app', async (session) => {
        await session.query(`alter role ${username} nologin`);
        await session.query(
          'select pg_terminate_backend(active_pid, 5000) from pg_replication_slots where active_pid is not null',
        );
      });
      const { reasons } = await watch();
      expect(reasons).toHaveLength(DATABASES.length);
      expect(reasons[0]).toContain(
        `has no reader: role ${username} may not log in any more, run \`alter role ${username} login\``,
      );
      await stage.source.withAdmin('app', (session) => session.query(`alter role ${username} login`));
      expect(await caughtUp()).toMatchObject({ reasons: [] });
    });

    it('names a row in the way of apply, and goes on by itself when it is gone', async () => {
      await target.withAdmin('app', (session) => session.query(`insert into nothing values (777777, 'foreign')`));
      await stage.source.withAdmin('app', (session) => session.query(`insert into nothing values (777777, 'ours')`));
      const reasons = await stuck();
      expect(reasons).toEqual([expect.stringContaining('fails at the same change')]);
      expect(reasons[0]).toContain('"app"');
      await target.withAdmin('app', (session) => session.query('delete from nothing where id = 777777'));
      for (let attempt = 0; attempt < 20; attempt++) {
        const health = await watch().catch(() => null);
        if (health?.caughtUp) break;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      expect(await contents(target)).toEqual(await contents(stage.source));
    });

    it('stops for good when a slot is gone', async () => {
      const [slot] = slots;
      if (slot === undefined) throw new Error('no slot');
      await target.withAdmin('app', (session) => session.query(`alter subscription ${slot.slot} disable`));
      await stage.source.withAdmin('postgres', async (session) => {
        for (let attempt = 0; attempt < 100; attempt++) {
          const dropped = await session.query('select pg_drop_replication_slot($1)', [slot.slot]).catch(() => null);
          if (dropped !== null) return;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      });
      await expect(watch()).rejects.toThrow(/is gone/);
      for (const server of [stage.source, target]) {
        await server.withAdmin('postgres', async (session) => {
          expect((await session.query('select phase from sealift.migration')).rows).toEqual([
            { phase: 'needs-resync' },
          ]);
        });
      }
    });

    it('releases the source while the target still reads, then the target; the catalogue is what it was', async () => {
      const { world, source, copy } = sides('release', target);
      const input = { execution: EXECUTION, epoch, databases: DATABASES };
      expect(await releaseOn(source, null, input, world)).toMatchObject({ outcome: 'released' });
      expect(await catalogFacts(stage.source, DATABASES)).toEqual(before);
      const released = await releaseOn(source, copy, input, world);
      expect(released).toMatchObject({ outcome: 'released' });
      expect(released.subscriptions).toHaveLength(DATABASES.length);
    });
  });
}
