import { CopyStage } from './copy-stage';

const RANGE_BYTES = 64 * 1024;

/** Texts of every character that the encoding has, and tables whose names and keys need quoting. */
const SCHEMA = `
  create table letters (id int primary key, body text);
  create schema "Odd ""schema""";
  create table "Odd ""schema"""."Odd; table" ("Key ""one""" text, "two, 2" date, body text, primary key ("Key ""one""", "two, 2"));
  create table unkeyed (id int, body text);
`;
const FILL = `
  insert into "Odd ""schema"""."Odd; table" select case n % 3 when 0 then '''' when 1 then E'\\\\' else '' end || n, 'infinity', repeat('x', 100)
    from generate_series(1, 3000) n;
  insert into unkeyed select n, repeat('u', 100) from generate_series(1, 3000) n;
`;
const LETTERS: Readonly<Record<string, string>> = {
  LATIN1: `insert into letters select n, convert_from(set_byte('\\x00', 0, n), 'LATIN1') from generate_series(32, 255) n;`,
  SQL_ASCII: `insert into letters select n, convert_from(decode('c3a9', 'hex') || decode(lpad(to_hex(n), 2, '0'), 'hex'), 'SQL_ASCII')
    from generate_series(32, 126) n;`,
};

const ODD = '"Odd ""schema"""."Odd; table"';

/** Copies everything by ranges of keys, then of pages, and compares what arrived. */
async function copyBothWays(copy: CopyStage): Promise<void> {
  await copy.publish();
  await copy.on('source', `alter publication ${(await copy.hold()).slot} add table ${ODD}`);
  for (const byBlocks of [false, true]) {
    const { items } = await copy.plan({ rangeBytes: RANGE_BYTES, byBlocks });
    expect(items).toBeGreaterThan(5);
    // What was tried before is divided, where it can be.
    if (byBlocks) await copy.on('target', 'update sealift.work set attempts = 1');
    expect(await copy.copy()).toMatchObject({ left: 0, snapshot: 'held' });
    for (const query of [
      'select id, body from letters order by id',
      `select * from ${ODD} order by 1, 2`,
      'select count(*), count(distinct id) from unkeyed',
    ]) {
      expect(await copy.on('target', query)).toEqual(await copy.on('source', query));
    }
    await copy.end('hold-snapshot');
    await copy.hold();
  }
}

describe('a database in another encoding', () => {
  const stages: CopyStage[] = [];
  const start = async (from: string): Promise<CopyStage> => {
    const copy = await CopyStage.start([17, 17], SCHEMA, `${FILL} ${LETTERS[from]}`, [from, 'UTF8']);
    stages.push(copy);
    return copy;
  };
  afterAll(() => Promise.all(stages.map((copy) => copy.close())));

  it('arrives with the same characters from LATIN1, by ranges of keys and of pages alike', async () => {
    await copyBothWays(await start('LATIN1'));
  });

  it('arrives as it is from SQL_ASCII, and what is no text of the target is refused aloud', async () => {
    const copy = await start('SQL_ASCII');
    await copyBothWays(copy);
    await copy.end('hold-snapshot');
    await copy.on('source', `insert into letters values (0, convert_from('\\xff', 'SQL_ASCII'))`);
    await copy.hold();
    await copy.plan();
    await expect(copy.copy()).rejects.toThrow(/"letters" of database "rows" cannot be copied.*22021/);
  });
});
