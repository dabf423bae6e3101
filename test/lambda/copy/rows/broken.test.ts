import { type Link, openLink } from '../../../../lib/rehearsal/chaos/link';
import { CopyStage, STREAM } from './copy-stage';

const RANGE_BYTES = 256 * 1024;

const SCHEMA = `
  create table big (id int primary key, body text);
  create table strict (id int primary key, n int);
  create table other (id int primary key);
`;
const ROWS = `
  insert into big select n, repeat(md5(n::text), 20) from generate_series(1, 12000) n;
  insert into strict select n, n from generate_series(1, 100) n;
  insert into other select generate_series(1, 10);
`;

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a copy that is broken off', () => {
  let copy: CopyStage;
  const links: Link[] = [];
  beforeAll(async () => {
    copy = await CopyStage.start([17, 17], SCHEMA, ROWS);
    await copy.publish();
  });
  afterAll(async () => {
    await Promise.all(links.map((link) => link.close()));
    await copy?.close();
  });

  const plan = () => copy.plan({ rangeBytes: RANGE_BYTES });
  const done = async () => (await copy.on('target', `select from sealift.work where state = 'done'`)).length;
  const slots = () => copy.on('source', `select slot_name from pg_replication_slots`);
  const equal = async () => expect(await copy.digests('target')).toEqual(await copy.digests('source'));

  it('fails without a publication, and leaves no slot and no holder', async () => {
    await copy.on('source', `alter publication ${STREAM} rename to aside`);
    await expect(copy.hold()).rejects.toMatchObject({ name: 'Blocked' });
    expect(await slots()).toEqual([]);
    await copy.on('source', `alter publication aside rename to ${STREAM}`);
  });

  it('fails naming the oldest writer when the slot waits too long, and leaves nothing', async () => {
    const writer = await copy.source.admin('rows');
    await writer.query(`set application_name = 'late report'; begin; insert into other values (11)`);
    const waiting = copy.hold({ remainingMs: () => 40_100 });
    await expect(waiting).rejects.toThrow(/waits for transactions .* application late report/);
    await writer.query('rollback');
    await writer.end();
    expect(await slots()).toEqual([]);
    expect(await copy.end('hold-snapshot')).toBe(0);
  });

  it('is made anew when the call that made the slot died before it was recorded', async () => {
    const half = await copy.hold();
    await copy.on('source', `update sealift.migration set facts = facts - 'copySnapshot'`);
    const made = await copy.hold();
    expect(made).toMatchObject({ outcome: 'made', slot: half.slot });
    expect(made.pid).not.toBe(half.pid);
    expect(await slots()).toHaveLength(1);
  });

  it('is made once by callers that come together', async () => {
    await copy.end('hold-snapshot');
    const both = await Promise.all([copy.hold(), copy.hold()]);
    expect(both.map(({ outcome }) => outcome).sort()).toEqual(['kept', 'made']);
    expect(both[0]).toEqual({ ...both[1], outcome: both[0]?.outcome });
  });

  it('refuses a target whose tables hold rows that nobody copied', async () => {
    await copy.on('target', 'insert into other values (99)');
    await expect(plan()).rejects.toThrow(/"other" of the target holds rows already/);
    await copy.on('target', 'truncate other');
  });

  it('refuses tables that are not on the target or in no publication', async () => {
    await copy.on('source', 'create table late (id int primary key); create table nowhere (id int primary key)');
    await copy.on('source', `alter publication ${STREAM} add table nowhere`);
    await expect(plan()).rejects.toThrow(/"late" is in no publication.*"nowhere" is not on the target/);
    await copy.on('source', 'drop table late, nowhere');
  });

  it('goes on after the network was cut, and copies nothing twice', async () => {
    await plan();
    const [near, far] = [await openLink(copy.source.port), await openLink(copy.target.port)];
    links.push(near, far);
    const copying = copy.copy({ sourcePort: near.port, targetPort: far.port }).catch((error: Error) => error.name);
    while ((await done()) < 3) await wait(5);
    near.cut();
    expect(await copying).toBe('NotReady');
    const again = copy.copy({ sourcePort: near.port, targetPort: far.port }).catch((error: Error) => error.name);
    while ((await done()) < 6) await wait(5);
    far.cut();
    expect(await again).toBe('NotReady');
    expect(await copy.copy()).toMatchObject({ left: 0, snapshot: 'held' });
    await equal();
  });

  it('starts over when the holder dies: what was copied is removed, the slot is another', async () => {
    const [{ lsn: before } = {}] = await copy.on(
      'source',
      'select confirmed_flush_lsn as lsn from pg_replication_slots',
    );
    await copy.end('hold-snapshot');
    await copy.on('source', 'update strict set n = n + 1; delete from big where id % 2 = 0');
    const reopened = await copy.on(
      'target',
      `update sealift.work set state = 'open', attempts = 0 where item in (select max(item) from sealift.work) returning item`,
    );
    expect(reopened).toHaveLength(1);
    expect(await copy.copy()).toMatchObject({ done: 0, left: 1, snapshot: 'gone' });
    await expect(plan()).rejects.toMatchObject({ name: 'SnapshotGone' });
    const made = await copy.hold();
    expect(made.outcome).toBe('made');
    expect(made.consistentPoint).not.toBe(before);
    await plan();
    expect(await copy.on('target', 'select from big limit 1')).toEqual([]);
    expect(await copy.copy()).toMatchObject({ left: 0, snapshot: 'held' });
    await equal();
  });

  it('lets a worker that was late commit nothing after the copy was started over', async () => {
    await copy.end('hold-snapshot');
    await copy.hold();
    await plan();
    // The worker stands still inside an item while everything is begun anew around it.
    const slow = await copy.target.admin('rows');
    await slow.query('begin; lock table big in share mode');
    const late = copy.copy();
    await wait(500);
    await copy.end('hold-snapshot');
    await copy.hold();
    await slow.query(`update sealift.migration set facts = jsonb_set(facts, '{copyRows,snapshot,pid}', '1')`);
    await slow.query('commit');
    await slow.end();
    expect(await late).toMatchObject({ done: 0, snapshot: 'gone' });
    expect(await copy.on('target', 'select from big limit 1')).toEqual([]);
  });

  it('goes on when a table is rewritten or truncated between two of its ranges', async () => {
    await plan();
    const copying = copy.copy();
    while ((await done()) < 2) await wait(2);
    await copy.on('source', 'delete from big where id % 3 = 0; cluster big using big_pkey');
    expect(await copying).toMatchObject({ left: 0, snapshot: 'held' });
    const expected = await copy.on('target', 'select count(*)::int as rows from big');
    expect(expected).toEqual([{ rows: 6000 }]);
    await copy.end('hold-snapshot');
    await copy.hold();
    await plan();
    const before = await copy.on('source', 'select count(*)::int as rows from big');
    await copy.on('source', 'cluster big');
    expect(await copy.copy()).toMatchObject({ left: 0, snapshot: 'held' });
    expect(await copy.on('target', 'select count(*)::int as rows from big')).toEqual(before);
    await equal();
    await copy.end('hold-snapshot');
    await copy.hold();
  });

  it('tells which table cannot be written after it copied all the others', async () => {
    await plan();
    await copy.on('target', 'alter table strict add constraint odd check (n <> 50)');
    await expect(copy.copy()).rejects.toThrow(/"strict" of database "rows" cannot be copied.*23514/);
    expect((await copy.on('target', `select from sealift.work where state = 'open'`)).length).toBe(1);
    await copy.on('target', 'alter table strict drop constraint odd');
    expect(await copy.copy()).toMatchObject({ left: 0 });
    await equal();
  });

  it('leaves nothing on the source when the migration is released, and comes too late afterwards', async () => {
    await copy.hold();
    expect(await copy.release()).toMatchObject({ outcome: 'released', slots: [STREAM] });
    expect(await copy.end('hold-snapshot')).toBe(0);
    await expect(copy.hold()).rejects.toMatchObject({ name: 'Blocked' });
    expect(await slots()).toEqual([]);
    expect(await copy.end('hold-snapshot')).toBe(0);
  });
});
