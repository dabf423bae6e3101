/** The rows of a live database, from the snapshot to the stream. */
import { CopyStage } from './copy-stage';
import { TRICKY_ROWS, TRICKY_SCHEMA } from './tricky';

const RANGE_BYTES = 256 * 1024;

const SCHEMA = `${TRICKY_SCHEMA}
  create table busy (id int primary key, body text, n int not null default 0);
  create table keyless (at int, body text);
  alter table keyless replica identity full;
  create table parted (id int, day int, body text, primary key (id, day)) partition by list (day);
  create table parted_1 partition of parted for values in (1);
  create table parted_2 partition of parted for values in (2);
  create table parent (id int primary key, body text);
  create table child (more int, primary key (id)) inherits (parent);
  create table empty (id int primary key);
  create unlogged table scratch (id int);
  create materialized view seen as select id from busy with no data;
`;
const ROWS = `${TRICKY_ROWS}
  insert into busy select n, repeat('b', 200), 0 from generate_series(1, 20000) n;
  insert into keyless select n, repeat('k', 100) from generate_series(1, 5000) n;
  insert into parted select n, 1 + n % 2, 'p' from generate_series(1, 2000) n;
  insert into parent select n, 'parent' from generate_series(1, 100) n;
  insert into child select n, 'child', n from generate_series(101, 200) n;
  insert into scratch values (1);
`;

/** What an application does meanwhile; each round is one transaction. */
const ROUND = `begin;
  insert into busy select 20001 + (random() * 1e8)::int, 'new', 0 on conflict do nothing;
  update busy set n = n + 1, body = body || 'x' where id = 1 + (random() * 19999)::int;
  delete from busy where id = 1 + (random() * 19999)::int;
  insert into keyless values (0, 'again');
  update parted set day = 3 - day, id = id + 100000 where id = 1 + (random() * 1999)::int and day = 1;
  update tricky_lists set id = id where id = 1;
  update tricky_composites set id = id where id = 1;
  update tricky_times set id = id;
  update tricky_numbers set id = id;
  update tricky_shapes set id = id;
  update tricky_codes set body = body where point = (random() * 17000)::int;
  update tricky_wide set body = body || 'x' where id = 1 + (random() * 299)::int;
  commit`;

class Load {
  private going = true;
  rounds = 0;
  private readonly ended: Promise<void>;

  constructor(copy: CopyStage) {
    this.ended = copy.source.withAdmin('rows', async (session) => {
      while (this.going) {
        await session.query(ROUND);
        this.rounds += 1;
      }
    });
    this.ended.catch(() => undefined);
  }

  stop(): Promise<void> {
    this.going = false;
    return this.ended;
  }
}

/** The promises for one pair of majors. */
export function throughRows(majors: readonly [number, number]): void {
  let copy: CopyStage;
  let load: Load;
  beforeAll(async () => {
    copy = await CopyStage.start(majors, SCHEMA, ROWS);
    await copy.publish();
    load = new Load(copy);
  });
  afterAll(async () => {
    await load?.stop();
    await copy?.close();
  });

  it('holds one snapshot at the beginning of the slot, however often it is asked', async () => {
    const made = await copy.hold();
    expect(made.outcome).toBe('made');
    expect(await copy.hold()).toEqual({ ...made, outcome: 'kept' });
    const [slot] = await copy.on(
      'source',
      `select confirmed_flush_lsn::text as lsn, active from pg_replication_slots where slot_name = '${made.slot}'`,
    );
    expect(slot).toEqual({ lsn: made.consistentPoint, active: false });
  });

  it('plans every table once, says what is left out, and planning again changes nothing', async () => {
    const plan = await copy.plan({ rangeBytes: RANGE_BYTES });
    expect(plan.leftOut.map(({ relation }) => relation).sort()).toEqual(['"public"."scratch"', '"public"."seen"']);
    const parts = await copy.on(
      'target',
      `select part -> 'table' ->> 'name' as name, part -> 'table' ->> 'format' as format, count(*)::int as parts
        from sealift.work, jsonb_array_elements(payload -> 'parts') part where queue = 'copy' group by 1, 2 order by 1`,
    );
    const tables = (await copy.tables())
      .map(({ name }) => name)
      .filter((name) => !['scratch', 'parted'].includes(name));
    expect(parts.map(({ name }) => name)).toEqual(tables);
    expect(parts.filter(({ format }) => format === 'text').map(({ name }) => name)).toEqual([
      'tricky_composites',
      'tricky_lists',
      'tricky_numbers',
      'tricky_shapes',
      'tricky_texts',
    ]);
    expect(parts.find(({ name }) => name === 'busy')?.parts).toBeGreaterThan(5);
    expect(await copy.plan({ rangeBytes: RANGE_BYTES })).toEqual(plan);
  });

  it('copies every row once although workers are killed at any moment', async () => {
    let over = false;
    const killing = (async () => {
      for (let kills = 0; kills < 12 && !over; kills += 1) {
        await new Promise((resolve) => setTimeout(resolve, 30 + Math.random() * 120));
        await copy.end('copy-rows', [kills % 2 === 0 ? 'source' : 'target']);
      }
    })();
    const worker = async (): Promise<void> => {
      for (;;) {
        const copied = await copy.copy().catch((error: Error) => {
          expect(error.name).toBe('NotReady');
          return null;
        });
        if (copied === null) continue;
        expect(copied.snapshot).toBe('held');
        if (copied.left === 0) return;
      }
    };
    await Promise.all([worker(), worker(), worker()]);
    over = true;
    await killing;
    expect(await copy.conclude()).toMatchObject({ itemsLeft: 0 });
  });

  it('ends where the stream begins: both sides are equal when the load is over', async () => {
    await copy.letGo();
    await copy.subscribe();
    await load.stop();
    expect(load.rounds).toBeGreaterThan(0);
    await copy.caughtUp();
    const source = await copy.digests('source');
    expect(await copy.digests('target')).toEqual({ ...source, scratch: '0 0' });
  });
}
