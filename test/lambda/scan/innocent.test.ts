import { loseToastChunks } from '../../../lib/rehearsal/sample/damage';
import { Ward } from './ward';

const ROWS = 400;

/** Every fifth row has a long value that cannot be read any more. */
const LOST = 'id % 5 = 0';

/** Types whose values can lie outside their row, and a long value of each, made of `long`. */
const KINDS = [
  { type: 'text', value: 'long' },
  { type: 'varchar', value: 'long' },
  { type: 'char(25600)', value: 'long' },
  { type: 'letter', value: 'long' },
  { type: 'bytea', value: `long::bytea` },
  { type: 'json', value: `to_json(long)` },
  { type: 'jsonb', value: `to_jsonb(long)` },
  { type: 'text[]', value: 'array[long, long]' },
  { type: 'numeric', value: `regexp_replace(long, '[a-f]', '', 'g')::numeric` },
  { type: 'pair', value: `row(long, 'b')::pair` },
  { type: 'int4multirange', value: `(select range_agg(int4range(m * 2, m * 2 + 1)) from generate_series(1, 4000) m)` },
];

interface Evidence {
  readonly databases: readonly {
    readonly tables: readonly {
      readonly name: string;
      readonly badRows?: readonly { readonly columns: readonly { readonly name: string }[] }[];
    }[];
  }[];
}

/** Runs `calls` side by side and ends the sessions of their step again and again meanwhile; how they end says nothing. */
async function underFire(ward: Ward, step: string, calls: readonly (() => Promise<unknown>)[]): Promise<void> {
  const running = { over: false };
  const killer = ward.source.withAdmin('postgres', async (session) => {
    for (let kills = 0; kills < 8 && !running.over; kills += 1) {
      await new Promise((resolve) => setTimeout(resolve, 40 + 30 * kills));
      await session.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where application_name like $1 and state is not null',
        [`sealift/%/${step}/%`],
      );
    }
  });
  await Promise.allSettled(calls.map((call) => call()));
  running.over = true;
  await killer;
}

describe('the scan of a source that is written to', () => {
  let ward: Ward;
  beforeAll(async () => {
    ward = await Ward.start(17);
    await ward.source.withAdmin('app', async (session) => {
      await session.query(`create table notes (id int primary key, hits int not null default 0, body text);
        alter table notes alter column body set storage external;
        insert into notes select n, 0, repeat(md5(n::text), 100) from generate_series(1, ${ROWS}) n;
        alter table notes owner to app_owner`);
      await loseToastChunks(session, { table: 'notes', column: 'body', where: LOST });
    });
    ward.policy = { repair: 'quarantine', maxBadRows: ROWS, workers: 2 };
  });
  afterAll(() => ward?.close());

  it('finds the same with workers that are killed again and again as with one that is not', async () => {
    await ward.plan();
    await underFire(ward, 'scan-ranges', [() => ward.scan(0), () => ward.scan(1)]);
    const [last] = await Promise.all([ward.scan(0), ward.scan(1)]);
    expect(last.left).toBe(0);
    const conclusion = await ward.conclude();
    expect(conclusion.databases[0]).toMatchObject({ badRows: ROWS / 5 });
    expect(await ward.conclude()).toEqual(conclusion);
  });

  it('leaves an innocent row alone that has moved to the place of a damaged one', async () => {
    const [victim] = await ward.rows<{ ctid: string }>('select ctid::text as ctid from notes where id = 5');
    await ward.rows('delete from notes where id = 5');
    await ward.rows('vacuum notes');
    await ward.rows('update notes set hits = 1 where id = 6');
    expect(await ward.rows(`select id from notes where ctid = '${victim?.ctid}'`)).toEqual([{ id: 6 }]);
    // A row that was updated has another version, and its owner may have repaired it.
    await ward.rows(`update notes set body = 'repaired' where id = 10`);
    // Called twice at once and killed again and again, it does what one call does.
    await underFire(ward, 'quarantine', [ward.quarantine, ward.quarantine]);
    await ward.quarantine();
    expect(await ward.rows('select hits from notes where id = 6')).toEqual([{ hits: 1 }]);
    expect(await ward.rows('select body from notes where id = 10')).toEqual([{ body: 'repaired' }]);
    expect(await ward.rows('select from notes')).toHaveLength(ROWS - ROWS / 5 + 1);
    expect(await ward.rows('select from sealift.quarantine')).toHaveLength(ROWS / 5 - 2);
  });

  it('finds nothing any more afterwards', async () => {
    await ward.claim('after', 'arn:aws:states:eu-central-1:111122223333:execution:migrate:one');
    expect(await ward.run()).toMatchObject({ verdict: 'clean' });
  });

  it('reads values of every kind, each to its end', async () => {
    await ward.source.withAdmin('app', async (session) => {
      await session.query(`create domain letter as text; create type pair as (a text, b text);
        create table kinds (id int primary key, ${KINDS.map(({ type }, at) => `k${at} ${type}`).join(', ')});
        alter table kinds ${KINDS.map((_, at) => `alter column k${at} set storage external`).join(', ')};
        insert into kinds select n, ${KINDS.map(({ value }, at) => `case n when ${at} then ${value} end`).join(', ')}
          from generate_series(0, ${KINDS.length}) n, lateral (select repeat(md5(n::text), 800) as long) l;
        alter table kinds owner to app_owner`);
      for (const [at] of KINDS.entries()) {
        await loseToastChunks(session, { table: 'kinds', column: `k${at}`, where: `id = ${at}` });
      }
    });
    await ward.claim('kinds', 'after');
    await ward.run();
    const evidence = ward.kept.at(-1)?.content as Evidence | undefined;
    const kinds = evidence?.databases[0]?.tables.find(({ name }) => name === '"public"."kinds"');
    expect(kinds?.badRows?.map(({ columns }) => columns.map(({ name }) => name))).toEqual(
      KINDS.map((_, at) => [`k${at}`]),
    );
  });

  it('finds the same on a copy, repairs nothing there, and leaves its phase', async () => {
    const copy = await ward.stage.copy('copy');
    await copy.start();
    ward.policy = { ...ward.policy, repair: 'quarantine' };
    const conclusion = await ward.runOnCopy(copy);
    expect(conclusion).toMatchObject({ on: 'target', verdict: 'blocked', databases: [{ badRows: KINDS.length }] });
    expect(conclusion.detail).toContain('as damaged as the source');
    const { rows } = await copy.withAdmin('app', (session) => session.query('select phase from sealift.migration'));
    expect(rows).toEqual([{ phase: 'replicating' }]);
  });
});
