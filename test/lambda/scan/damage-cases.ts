import { hideFromIndex, loseToastChunks, zeroPages } from '../../../lib/rehearsal/sample/damage';
import { Ward } from './ward';

/** Tables with long values, of which some are damaged; `owned` gives them to the role that owns the database. */
const TABLES = `
  create table letters (id int primary key, title text, body text, note text);
  alter table letters alter column body set storage external;
  insert into letters select n, 'title ' || n, repeat(md5(n::text), 200), 'note' from generate_series(1, 4000) n;
  create index letters_title on letters (title);
  create table pages (id int primary key, filler text);
  insert into pages select n, repeat('p', 500) from generate_series(1, 2000) n;
  create table listed (id int primary key, code text);
  insert into listed select n, 'c' || n from generate_series(1, 1000) n;
  create index listed_code on listed (code);
  create table answers (id int primary key, letter int references letters);
  create materialized view view_of_letters as select id, title from letters;
  create table empty_one (id int);
  create table wide_one (${Array.from({ length: 130 }, (_, n) => `c${n} text`).join(', ')});
  insert into wide_one (c0, c129) values ('a', 'z');`;
const NAMES = ['letters', 'pages', 'listed', 'answers', 'empty_one', 'wide_one'];

/** Declares the tests of the scan on one major version; each has a file of its own, so that they can run side by side. */
export function describeScan(major: number): void {
  describe(`the scan on PostgreSQL ${major}`, () => {
    let ward: Ward;
    let lost: string[];

    beforeAll(async () => {
      ward = await Ward.start(major);
      await ward.source.withAdmin('app', async (session) => {
        await session.query(TABLES);
        for (const name of NAMES) await session.query(`alter table ${name} owner to app_owner`);
        await session.query('alter materialized view view_of_letters owner to app_owner');
      });
    });
    afterAll(() => ward?.close());

    it('finds nothing in a sound database, and says what could not be checked', async () => {
      const conclusion = await ward.run();
      expect(conclusion).toMatchObject({ verdict: 'clean', detail: '' });
      const [app] = conclusion.databases;
      expect(app?.summary).toMatch(/^Total tables scanned: \d+, failed: \[\]$/);
      expect(app?.rows).toBeGreaterThan(7_000);
      expect(await ward.phase()).toBe('scanned');
      const evidence = JSON.stringify(ward.kept.at(-1)?.content);
      expect(evidence).toContain('not done: amcheck is not installed');
      expect(evidence).not.toContain('title 1');
    });

    it('names the row, its place and its column when chunks of a long value are missing', async () => {
      lost = await ward.source.withAdmin('app', (session) =>
        loseToastChunks(session, { table: 'letters', column: 'body', where: 'id in (17, 2500, 2501)' }),
      );
      await ward.claim('second', 'arn:aws:states:eu-central-1:111122223333:execution:migrate:one');
      const conclusion = await ward.run();
      expect(conclusion.verdict).toBe('blocked');
      expect(conclusion.databases[0]).toMatchObject({ badRows: 3, badIndexes: 0 });
      expect(conclusion.databases[0]?.summary).toContain('failed: ["public"."letters"]');
      expect(conclusion.detail).toContain('set scan.repair to quarantine');
      const evidence = JSON.stringify(ward.kept.at(-1)?.content);
      for (const ctid of lost) {
        expect(evidence).toContain(JSON.stringify(ctid));
      }
      expect(evidence).toContain('"columns":[{"name":"body","sqlState":"XX001"}]');
    });

    it('refuses to remove anything while the configuration says block, and more rows than it allows', async () => {
      await expect(ward.quarantine()).rejects.toMatchObject({ name: 'Blocked' });
      ward.policy = { repair: 'quarantine', maxBadRows: 2, workers: 1 };
      await expect(ward.quarantine()).rejects.toThrow(/more than the 2 that scan.maxBadRows allows/);
      expect(await ward.rows('select id from letters')).toHaveLength(4_000);
    });

    it('removes no row that another one points at', async () => {
      ward.policy = { repair: 'quarantine', maxBadRows: 10, workers: 1 };
      await ward.rows('insert into answers values (1, 17)');
      await expect(ward.quarantine()).rejects.toThrow(/rows of table "public"."answers" {1,2}point at it/);
      expect(await ward.rows('select from letters where id = 17')).toHaveLength(1);
      await ward.rows('delete from answers');
    });

    it('saves what can be read and removes the row, and the second call changes nothing', async () => {
      expect((await ward.conclude()).verdict).toBe('repairable');
      const repaired = await Promise.allSettled([ward.quarantine(), ward.quarantine()]);
      expect(repaired.some(({ status }) => status === 'fulfilled')).toBe(true);
      const saved = await ward.rows<{ columns: Record<string, string>; unreadable: object; execution: string }>(
        'select columns, unreadable, execution from sealift.quarantine order by place::tid',
      );
      expect(saved.map(({ columns }) => columns)).toEqual(
        [17, 2500, 2501].map((id) => ({ id: String(id), title: `title ${id}`, note: 'note' })),
      );
      for (const { unreadable } of saved) expect(unreadable).toEqual({ body: 'XX001' });
      expect(await ward.rows('select id from letters where id in (17, 2500, 2501)')).toEqual([]);
      expect(await ward.rows('select count(body || title)::int as n from letters')).toEqual([{ n: 3_997 }]);
      expect(await ward.phase()).toBe('scanned');
      expect((await ward.quarantine()).databases[0]?.rowsRemoved).toBeLessThanOrEqual(3);
      expect(await ward.rows('select from sealift.quarantine')).toHaveLength(3);
    });

    it('keeps what was saved when the claim is released', async () => {
      await ward.release('second');
      expect(await ward.rows('select from sealift.quarantine')).toHaveLength(3);
      await ward.claim('third');
    });

    it('finds an index that lies and a page that was zeroed, which reading alone does not tell', async () => {
      ward.policy = { repair: 'block', maxBadRows: 100, workers: 1 };
      await ward.source.withAdmin('app', (session) =>
        hideFromIndex(session, { index: 'listed_code', insert: `insert into listed values (5000, 'hidden')` }),
      );
      await zeroPages(ward.source, [{ database: 'app', table: 'pages', block: 3 }]);
      const conclusion = await ward.run();
      expect(conclusion.verdict).toBe('blocked');
      expect(conclusion.databases[0]?.summary).toContain('failed: ["public"."pages", "public"."listed"]');
      expect(conclusion.databases[0]).toMatchObject({ badRows: 0, badIndexes: 2 });
    });

    it('rebuilds indexes that disagree, and removes no row for them', async () => {
      ward.policy = { repair: 'quarantine', maxBadRows: 100, workers: 1 };
      expect((await ward.conclude()).verdict).toBe('repairable');
      const before = await ward.rows('select from listed');
      expect((await ward.quarantine()).databases[0]).toMatchObject({ indexesRebuilt: 2 });
      expect(await ward.rows('select from listed')).toHaveLength(before.length);
      expect(await ward.rows(`select id from listed where code = 'hidden'`)).toEqual([{ id: 5000 }]);
      expect(await ward.rows(`select indexrelid::regclass::text as name from pg_index where not indisvalid`)).toEqual(
        [],
      );
      await ward.claim('fourth', 'third');
      expect((await ward.run()).verdict).toBe('clean');
    });

    it('uses amcheck and pg_visibility where they are', async () => {
      await ward.source.withAdmin('app', async (session) => {
        await session.query(`create extension amcheck; create extension pg_visibility;
          grant execute on all functions in schema public to rds_superuser`);
        await hideFromIndex(session, { index: 'listed_code', insert: `insert into listed values (5001, 'again')` });
      });
      await ward.claim('fifth', 'fourth');
      const conclusion = await ward.run();
      const evidence = JSON.stringify(ward.kept.at(-1)?.content);
      expect(evidence).toContain('"verifyHeapam":"done"');
      expect(evidence).toContain('"lostPages":[3]');
      expect(conclusion.databases[0]).toMatchObject({ badIndexes: 1, badPages: 1 });
      expect(conclusion.verdict).toBe('repairable');
      await ward.quarantine();
      await ward.claim('sixth', 'fifth');
      expect((await ward.run()).verdict).toBe('clean');
    });
  });
}
