import type { Client } from 'pg';
import { streamName } from '../../../lambda/platform/names';
import type { Server } from '../../../lambda/platform/postgres';
import { passBarrier, raiseBarrier } from '../../../lambda/proof/barrier';
import { ChangeTap, dropTap, openTap } from '../../../lambda/proof/change-tap';
import { ChangedKeys } from '../../../lambda/proof/changed-keys';
import { compareRange, type Pair } from '../../../lambda/proof/compare';
import { pinSettings, WHOLE } from '../../../lambda/proof/row-hash';
import { settleKeys } from '../../../lambda/proof/settle-keys';
import { type ComparedTable, listTables, relationOf } from '../../../lambda/proof/tables';
import type { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { EXECUTION, MIGRATION_ID } from '../seed/stage';
import { type Followed, follow } from './followed';

const DATABASE = 'app';
const MARKER = { kind: 'verify', epoch: '1', execution: EXECUTION };

/** Source and target of one live stream, and what a comparison needs. */
interface Prepared extends Followed {
  readonly source: Server<'source'>;
  readonly pair: Pair;
  readonly tables: readonly ComparedTable[];
}

describe('settling under live writes', () => {
  let followed: Prepared;
  beforeAll(async () => {
    followed = await prepare();
  });
  afterAll(() => followed?.close());

  const compareAll = async (): Promise<ChangedKeys> => {
    const different = new ChangedKeys();
    for (const table of followed.tables) different.addAll((await compareRange(followed.pair, table, WHOLE)).different);
    return different;
  };
  const settle = async (first: ChangedKeys) => {
    const tap = await ChangeTap.follow(followed.source, {
      database: DATABASE,
      migrationId: MIGRATION_ID,
      tables: followed.tables,
    });
    try {
      const tables = new Map(followed.tables.map((table) => [relationOf(table), table]));
      const settling = { pair: followed.pair, tap, tables, marker: MARKER, barrierMs: 20_000 };
      return await settleKeys(settling, first, { enough: 0, rounds: 4 });
    } finally {
      await tap.close();
    }
  };
  /** A comparison from its beginning: tap, barrier, ranges, keys. */
  const verify = async () => {
    await dropTap(followed.pair.source, MIGRATION_ID);
    await openTap(followed.pair.source, MIGRATION_ID);
    await passBarrier(followed.pair, await raiseBarrier(followed.pair.source, MARKER), 20_000);
    return settle(await compareAll());
  };
  const onTarget = (work: (session: Client) => Promise<unknown>) =>
    followed.target.withAdmin(DATABASE, async (session) => {
      await session.query('set session_replication_role = replica');
      await work(session);
    });

  it('finds equal sides equal while every table is written to', async () => {
    const writing = startWriting(followed.stage.source);
    let settled = await verify();
    // Bounded: a comparison takes long enough for a writer to commit.
    for (let turn = 0; turn < 50 && writing.commits() < 100; turn += 1) {
      expect(settled.mismatched.size).toBe(0);
      settled = await verify();
    }
    await writing.stop();
    expect(settled.mismatched.size).toBe(0);
    expect(writing.commits()).toBeGreaterThanOrEqual(100);
    const last = await settle(settled.pending);
    expect([last.mismatched.size, last.pending.size]).toEqual([0, 0]);
  });

  it('finds a row that was changed, removed or added on the target only, also in a table without key', async () => {
    await onTarget(async (session) => {
      await session.query("update keyed set body = 'changed' where id = 7");
      await session.query("delete from uniquely where code = 'c9'");
      await session.query("insert into nothing values (100000, 'more')");
      await session.query("insert into keyless (body) values ('doubled')");
    });
    const settled = await verify();
    expect(settled.mismatched.entries()).toEqual(
      expect.arrayContaining([
        { relation: '"public"."keyed"', keys: ['["7"]'] },
        { relation: '"public"."nothing"', keys: ['["100000"]'] },
      ]),
    );
    expect(settled.mismatched.wholeRelations()).toEqual(expect.arrayContaining(['"public"."keyless"']));
    const uniquely = [...settled.mismatched.entries().map((e) => e.relation), ...settled.mismatched.wholeRelations()];
    expect(uniquely).toContain('"public"."uniquely"');
    await onTarget(async (session) => {
      const row = await followed.pair.source.one<{ body: string }>({
        text: 'select body from public.keyed where id = 7',
      });
      await session.query('update keyed set body = $1 where id = 7', [row.body]);
      const [removed] = await followed.pair.source.query<{ body: string }>({
        text: "select body::text as body from public.uniquely where code = 'c9'",
      });
      await session.query("insert into uniquely values ('c9', $1)", [removed?.body]);
      await session.query('delete from nothing where id = 100000');
      await session.query("delete from keyless where body = 'doubled'");
    });
    expect((await verify()).mismatched.size).toBe(0);
  });

  it('finds an update that the target dropped in silence because its row was missing', async () => {
    await verify();
    await onTarget((session) => session.query('delete from keyed where id = 11'));
    await followed.stage.source.withAdmin(DATABASE, (session) =>
      session.query("update keyed set body = 'lost' where id = 11"),
    );
    const settled = await settle(new ChangedKeys());
    expect(settled.mismatched.entries()).toEqual([{ relation: '"public"."keyed"', keys: ['["11"]'] }]);
  });

  it('does not wait for a stream whose slot is gone', async () => {
    const slot = streamName(MIGRATION_ID, DATABASE);
    await followed.stage.source.withAdmin(DATABASE, async (session) => {
      for (let dropped = false; !dropped; ) {
        await session.query('select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1', [
          slot,
        ]);
        dropped = await session.query('select pg_drop_replication_slot($1)', [slot]).then(
          () => true,
          () => false,
        );
      }
    });
    const barrier = await raiseBarrier(followed.pair.source, MARKER);
    await expect(passBarrier(followed.pair, barrier, 60_000)).rejects.toMatchObject({
      name: 'Blocked',
      message: expect.stringContaining(`slot ${slot}`),
    });
  });
});

/** Writes to every table until stopped; counts commits. */
function startWriting(server: PostgresServer): { stop(): Promise<void>; commits(): number } {
  let stopping = false;
  let commits = 0;
  const done = server.withAdmin(DATABASE, async (session) => {
    while (!stopping) {
      const n = commits;
      await session.query('insert into keyed (body) values ($1)', [`n${n}`]);
      await session.query('update keyed set body = $1 where id = $2', [`u${n}`, 1 + (n % 900)]);
      await session.query('update uniquely set body = $1 where code = $2', [`{"n":${n}}`, `c${1 + (n % 100)}`]);
      await session.query('delete from nothing where id = $1', [200 + n]);
      await session.query('insert into nothing values ($1, $2)', [201 + n, 'n']);
      await session.query('insert into keyless (body) values ($1)', [`k${n}`]);
      await session.query("insert into parted values ($1, '2020-06-06', 'w')", [10_000 + n]);
      commits += 1;
    }
  });
  return {
    commits: () => commits,
    stop: async () => {
      stopping = true;
      await done;
    },
  };
}

async function prepare(): Promise<Prepared> {
  const followed = await follow();
  const { stage, target } = followed;
  const world = stage.world('plan-verification', followed.epoch);
  const source = stage.server('source', stage.source, world);
  const pair = {
    source: await source.session(DATABASE),
    target: await stage.server('target', target, world).session(DATABASE),
  };
  await Promise.all([pinSettings(pair.source), pinSettings(pair.target)]);
  return { ...followed, source, pair, tables: await listTables(pair.source) };
}
