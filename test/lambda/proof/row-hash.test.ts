import fc from 'fast-check';
import { ensureLedger } from '../../../lambda/platform/ledger';
import { streamName } from '../../../lambda/platform/names';
import type { Server, Session } from '../../../lambda/platform/postgres';
import { raiseBarrier } from '../../../lambda/proof/barrier';
import { ChangeTap, openTap } from '../../../lambda/proof/change-tap';
import {
  type Digest,
  digestOf,
  type HashedRow,
  pinSettings,
  rowsOf,
  sameDigest,
  sampledBounds,
  WHOLE,
} from '../../../lambda/proof/row-hash';
import { type ComparedTable, listTables, relationOf } from '../../../lambda/proof/tables';
import { rangesBetween } from '../../../lambda/verify/ranges';
import { EXECUTION, MASTER, MIGRATION_ID, Stage } from '../seed/stage';

/** Key types, and 240 distinct values of each from the number `n`. */
const KEY_TYPES: Record<string, string> = {
  smallint: 'n - 120',
  bigint: '(n - 120) * 1000000007::bigint',
  numeric: "(n || '.' || n)::numeric",
  'double precision': 'n / 7.0',
  text: "chr(33 + n % 90) || ' \"\\' || n || 'ä'",
  'character(9)': "'c' || n",
  'character varying(40)': "repeat('z', n % 30) || n",
  uuid: 'md5(n::text)::uuid',
  'timestamp with time zone': "'1999-12-31 23:00:00.000001+00'::timestamptz + n * interval '7 hours'",
  'timestamp without time zone': "'0044-03-15 12:00 BC'::timestamp + n * interval '1 month'",
  date: "'2000-02-28'::date + n",
  interval: "n * interval '1 day 3 hours'",
  bytea: "decode(md5(n::text), 'hex')",
  inet: "('10.0.' || n || '.1')::inet",
  'integer[]': 'array[n, null, -n]',
  jsonb: `jsonb_build_object('n', n, 'a "b"', null)`,
  'public.mood': '(enum_range(null::public.mood))[1 + n % 3]',
  boolean: 'n % 2 = 0',
};

const distinct = (type: string): number => ({ boolean: 2, 'public.mood': 3 })[type] ?? 240;

describe('the hash of rows', () => {
  let stage: Stage;
  let server: Server<'source'>;
  let session: Session<'source'>;
  let tables: readonly ComparedTable[];
  const table = (name: string): ComparedTable => {
    const found = tables.find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`table ${name} is not listed`);
    return found;
  };

  beforeAll(async () => {
    stage = await Stage.start(17);
    await stage.source.withAdmin('app', async (admin) => {
      await admin.query(`create type mood as enum ('sad', 'ok', 'happy')`);
      let index = 0;
      for (const [type, value] of Object.entries(KEY_TYPES)) {
        index += 1;
        await admin.query(`create table k${index} (key ${type} primary key, part int, body text default 'b')`);
        await admin.query(
          `insert into k${index} select distinct on (1) (${value})::${type}, n from generate_series(1, ${distinct(type)}) n`,
        );
      }
      await admin.query(`create table pairs (a text, b int, body text, primary key (a, b));
        insert into pairs select chr(97 + n % 5), n, 'x' from generate_series(1, 240) n;
        create table left_rows (a int, b text); create table right_rows (a int, b text);
        alter table keyless replica identity full;
        create publication ${streamName(MIGRATION_ID, 'app')} for all tables;
        grant select, insert, update, delete, truncate on all tables in schema public to ${MASTER.username};
        grant connect, create on database app to ${MASTER.username}`);
    });
    server = stage.server('source', stage.source, stage.world('plan-verification', '1'));
    session = await server.another('app');
    await ensureLedger(session);
    await pinSettings(session);
    tables = await listTables(session);
  });
  afterAll(() => stage?.close());

  it('is equal exactly when the multisets are equal, whatever their order', async () => {
    const row = fc.tuple(fc.option(fc.integer({ min: 0, max: 2 })), fc.option(fc.constantFrom('', 'a', 'null', ' ')));
    const fill = async (name: string, rows: readonly (readonly [number | null, string | null])[]) => {
      await session.execute({ text: `truncate public.${name}` });
      await session.execute({
        text: `insert into public.${name} select * from unnest($1::int[], $2::text[])`,
        values: [rows.map(([a]) => a), rows.map(([, b]) => b)],
      });
      return session.one<Digest>(digestOf(table(name), WHOLE));
    };
    const sorted = (rows: readonly unknown[]) => JSON.stringify(rows.map((one) => JSON.stringify(one)).sort());
    const shuffled = fc
      .array(row, { maxLength: 5 })
      .chain((rows) =>
        fc.tuple(
          fc.constant(rows),
          fc.oneof(fc.shuffledSubarray(rows, { minLength: rows.length }), fc.array(row, { maxLength: 5 })),
        ),
      );
    await fc.assert(
      fc.asyncProperty(shuffled, async ([left, right]) => {
        const [one, other] = [await fill('left_rows', left), await fill('right_rows', right)];
        expect(sameDigest(one, other)).toBe(sorted(left) === sorted(right));
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ...Object.keys(KEY_TYPES).map((type, index) => [type, `k${index + 1}`] as const),
    ['(text, integer)', 'pairs'] as const,
  ])('of ranges over %s adds up to that of the table', async (_, name) => {
    const compared = table(name);
    const whole = await session.one<Digest>(digestOf(compared, WHOLE));
    const cuts = await session.query<Record<string, string>>(sampledBounds(compared, 7, 100));
    const ranges = rangesBetween(cuts.map((cut) => compared.key.map((_column, index) => cut[`k${index}`] ?? '')));
    const parts = await Promise.all(ranges.map((range) => session.one<Digest>(digestOf(compared, range))));
    const sum = (of: (digest: Digest) => string) => String(parts.reduce((total, part) => total + BigInt(of(part)), 0n));
    expect([sum((part) => part.rows), sum((part) => part.hash)]).toEqual([whole.rows, whole.hash]);
    expect(ranges.length).toBeGreaterThan(1);
  });

  it('names keys of every type as the stream does', async () => {
    await openTap(session, MIGRATION_ID);
    const tap = await ChangeTap.follow(server, { database: 'app', migrationId: MIGRATION_ID, tables });
    const names = [...Object.keys(KEY_TYPES).map((_, index) => `k${index + 1}`), 'pairs'];
    const expected = new Map<string, string[]>();
    for (const name of names) {
      const compared = table(name);
      const rows = await session.query<HashedRow>(rowsOf(compared, WHOLE));
      const keys = rows.map(({ key }) => JSON.stringify(key));
      expected.set(relationOf(compared), keys.sort());
      await session.execute({ text: `update public.${name} set body = 'changed'` });
    }
    await session.execute({ text: 'delete from public.pairs' });
    const { lsn } = await raiseBarrier(session, { kind: 'verify', epoch: '1', execution: EXECUTION });
    await tap.reached(lsn);
    const taken = tap.take();
    expect(taken.wholeRelations()).toEqual([]);
    expect(new Map(taken.entries().map(({ relation, keys }) => [relation, [...keys].sort()]))).toEqual(expected);
    expect(tap.changedSince(lsn)).toBe(false);
    await session.execute({ text: `insert into public.keyless (body) values ('no key')` });
    await session.execute({ text: 'truncate public.parted' });
    const later = await raiseBarrier(session, { kind: 'verify', epoch: '1', execution: EXECUTION });
    await tap.reached(later.lsn);
    expect(tap.changedSince(lsn)).toBe(true);
    expect([...tap.take().wholeRelations()].sort()).toEqual(
      expect.arrayContaining(['"public"."keyless"', '"public"."parted_1"']),
    );
    await tap.close();
  });
});
