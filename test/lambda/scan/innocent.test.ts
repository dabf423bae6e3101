import { loseToastChunks } from '../../../lib/rehearsal/sample/damage';
import { Ward } from './ward';

const ROWS = 400;

/** Every fifth row has a long value that cannot be read any more. */
const LOST = 'id % 5 = 0';

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
    const done = { over: false };
    const killer = ward.source.withAdmin('postgres', async (session) => {
      for (let kills = 0; kills < 6 && !done.over; kills += 1) {
        await session.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'sealift/%/scan-ranges/%'`,
        );
        await new Promise((resolve) => setTimeout(resolve, 40));
      }
    });
    await Promise.allSettled([ward.scan(0), ward.scan(1), killer]);
    done.over = true;
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
});
