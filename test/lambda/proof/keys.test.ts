import { type SequenceName, sequences } from '../../../lambda/cutover/sql';
import type { Session } from '../../../lambda/platform/postgres';
import { ChangedKeys } from '../../../lambda/proof/changed-keys';
import { compareAgain, compareRange } from '../../../lambda/proof/compare';
import { beginPendingKeys, keepPendingKeys, readPendingKeys } from '../../../lambda/proof/pending-keys';
import {
  type Digest,
  digestOf,
  type HashedRow,
  pinSettings,
  rowsByKeys,
  rowsOf,
  WHOLE,
} from '../../../lambda/proof/row-hash';
import { listTables, relationOf } from '../../../lambda/proof/tables';
import { cutTable, RANGE_BYTES } from '../../../lambda/verify/ranges';
import { MASTER, Stage } from '../seed/stage';

/** Columns of a primary key and rows for them: types whose text, order or operators have surprised somebody. */
const KEYS: Record<string, readonly [columns: string, values: string]> = {
  ltree: ['a ext.ltree', `('a.b'), ('a.c'), ('B')`],
  cube: ['a ext.cube', `('(1,2)'), ('(0)')`],
  isbn: ['a ext.isbn13', `('978-0-11-000533-1')`],
  citext: ['a ext.citext', `('Foo'), ('bar'), ('BAZ')`],
  mixed: ['a int, b ext.ltree, c ext.citext', `(1, 'x', 'Y'), (1, 'y', 'x')`],
  times: [
    'a timestamptz, b timetz(3), c date',
    `('infinity', '10:00:00.123+02', '0044-03-15 BC'), ('-infinity', '24:00Z', 'today')`,
  ],
  spans: ['a interval', `('1 mon -2 days 03:04:05.6'), ('-1 us')`],
  floats: ['a float8, b real', `(0.1::float8 + 0.2, 0.1), ('NaN', 'Infinity'), (1e-300, '-0')`],
  numbers: ['a numeric', `(1.00), ('NaN'), (1e40)`],
  padded: ['a char(5), b "char", c name', `('a', 'b', 'c'), ('', '''', 'd e')`],
  bits: ['a bit(3), b bit varying(5)', `('101', '1')`],
  bytes: ['a bytea, b uuid, c bool', `('\\x00ff', '00000000-0000-0000-0000-000000000001', true)`],
  odd: ['a positive, b "Odd colour", c pair', `(1.5, 'b"l,ue', row(1, 'a "b" (c)'))`],
  many: ['a int[], b int4range, c int4multirange', `('{1,NULL,3}', '[1,5)', '{[1,5),[7,8)}')`],
  documents: ['a jsonb, b tsvector', `('{"a": 1.0}', 'a b')`],
  addresses: ['a inet, b cidr, c macaddr', `('10.0.0.1/8', '10.0.0.0/8', '08:00:2b:01:02:03')`],
  system: ['a oid, b pg_lsn, c money', `(4294967295, '0/1', '12.34')`],
  words: ['a text collate "C", b text collate ci', `('ä', 'Foo'), ('Ä', 'fop')`],
  small: ['a smallint', `(-32768), (1)`],
  whole: ['a bigint', `(9223372036854775807), (-1)`],
  unique: ['a uuid', `('00000000-0000-0000-0000-000000000001')`],
  word: ['a text collate ci', `('Foo'), ('b"\\{},NULL'), ('NULL'), ('')`],
  short: ['a varchar(3)', `('abc'), ('a  '), ('é''"')`],
  day: ['a date', `('infinity'), ('0044-03-15 BC')`],
  compared: ['compared int, w text, w0 int, sampled text', `(1, 'a', 2, 'b')`],
};

describe('keys of every type', () => {
  let stage: Stage;
  let source: Session<'source'>;
  let target: Session<'target'>;
  beforeAll(async () => {
    stage = await Stage.start(17);
    await stage.source.withAdmin('app', async (session) => {
      await session.query(`create schema ext; create schema sealift authorization ${MASTER.username};
        grant usage on schema ext to public; grant connect on database app to ${MASTER.username};
        create extension ltree schema ext; create extension citext schema ext; create extension cube schema ext;
        create extension isn schema ext;
        create schema keys authorization ${MASTER.username};
        create domain positive as numeric(10, 2) check (value > 0);
        create type "Odd colour" as enum ('red', 'b"l,ue');
        create type pair as (a int, b text);
        create table ext.settings (id serial primary key); alter extension ltree add table ext.settings;
        alter extension ltree add sequence ext.settings_id_seq;
        create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`);
      for (const [name, [columns, values]] of Object.entries(KEYS)) {
        const names = columns.split(', ').map((column) => column.split(' ')[0]);
        await session.query(`create table keys.${name} (${columns}, primary key (${names.join(', ')}));
          insert into keys.${name} values ${values}; alter table keys.${name} owner to ${MASTER.username}`);
      }
    });
    const world = stage.world('cutover', '1');
    source = await stage.server('source', stage.source, world).session('app');
    target = await stage.server('target', stage.source, world).session('app');
    await Promise.all([pinSettings(source), pinSettings(target)]);
  });
  afterAll(() => stage?.close());

  const tableOf = async (name: string) => {
    const found = (await listTables(source)).find((table) => table.schema === 'keys' && table.name === name);
    if (found === undefined) throw new Error(`${name} is not listed`);
    return found;
  };

  it.each(Object.keys(KEYS))('finds every row again by its key, and by ranges of keys: %s', async (name) => {
    const table = await tableOf(name);
    const pair = { source, target };
    expect(table.key).toHaveLength((KEYS[name]?.[0] ?? '').split(', ').length);
    const { rows } = await source.one<Digest>(digestOf(table, WHOLE));
    const keys = new ChangedKeys();
    const wanted = await source.query<HashedRow>(rowsOf(table, WHOLE));
    for (const row of wanted) keys.add(relationOf(table), JSON.stringify(row.key));
    expect(await source.query(rowsByKeys([{ table, keys: wanted.map(({ key }) => key) }]))).toHaveLength(wanted.length);
    expect(String(keys.size)).toBe(rows);
    const tables = new Map([[relationOf(table), table]]);
    expect((await compareAgain(pair, tables, keys)).size).toBe(0);
    let compared = 0;
    for (const range of await cutTable(source, { ...table, bytes: 50 * RANGE_BYTES })) {
      compared += (await compareRange(pair, table, range)).rows;
    }
    expect(String(compared)).toBe(rows);
  });

  it('leaves out what an extension keeps to itself: no stream carries it', async () => {
    expect((await listTables(source)).filter(({ schema }) => schema === 'ext')).toEqual([]);
    const found = await source.query<SequenceName>(sequences);
    expect(found.filter(({ schema }) => schema === 'ext')).toEqual([]);
    expect(found).toContainEqual({ schema: 'public', name: 'keyed_id_seq' });
  });

  it('keeps a key that is longer than what an index holds', async () => {
    const keys = new ChangedKeys();
    const long = Array.from({ length: 2_000 }, (_, n) => ((n * 7919) % 65_536).toString(36)).join('');
    keys.add('"keys"."words"', JSON.stringify([long, 'x']));
    keys.addWhole('"keys"."many"');
    await beginPendingKeys(target);
    await keepPendingKeys(target, keys);
    await keepPendingKeys(target, keys);
    expect((await readPendingKeys(target)).entries()).toEqual(keys.entries());
    expect((await readPendingKeys(target)).wholeRelations()).toEqual(keys.wholeRelations());
  });
});
