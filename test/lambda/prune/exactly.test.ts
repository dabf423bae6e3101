import fc from 'fast-check';
import type { PruneEntry } from '../../../lambda/contract/prune';
import { boundaryBefore } from '../../../lambda/prune/sql/count';
import { earlier, instantOf, wallOf } from './calendar';
import { entry, PrunedSource, policyOf } from './pruned-source';

/** A random schema: tables with an age or without, foreign keys of every kind among them, cycles included. */
interface Drawn {
  readonly tables: readonly { readonly type: 'timestamptz' | 'timestamp' | 'date'; readonly age: number | null }[];
  readonly keys: readonly { readonly child: number; readonly parent: number; readonly action: string }[];
  /** Per table and row: days before now, null for no age; and by key, the row that it points at. */
  readonly rows: readonly (readonly { readonly days: number | null; readonly to: readonly number[] }[])[];
  readonly batchRows: number;
}

/** Named ones are children that the entry of the parent names, with a foreign key beside or without. */
const ACTIONS = ['cascade', 'no action', 'restrict', 'set null', 'named', 'named no action', 'named set null'];
const MOST_ROWS = 12;

/** Zones whose clocks change by an hour, by half of one, in the other half of the year, and never. */
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'Europe/Dublin',
  'America/New_York',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
];

/** Half of them within the hours and months in which clocks change. */
const moments = fc.oneof(
  fc.date({ min: new Date('2008-01-01'), max: new Date('2025-12-31'), noInvalidDate: true }),
  fc
    .record({
      year: fc.integer({ min: 2008, max: 2025 }),
      month: fc.constantFrom(2, 3, 9, 10),
      day: fc.integer({ min: 1, max: 31 }),
      minute: fc.integer({ min: -14 * 60, max: 14 * 60 }),
    })
    .map(({ year, month, day, minute }) => new Date(Date.UTC(year, month, day, 0, minute))),
);

const ages = fc
  .record({ number: fc.integer({ min: 1, max: 40 }), unit: fc.constantFrom('days', 'weeks', 'months', 'years') })
  .map(({ number, unit }) => `${unit === 'years' ? 1 + (number % 9) : number} ${unit}`);

function isNamed({ action }: { readonly action: string }): boolean {
  return action.startsWith('named');
}

/** Moments half a day from every boundary, and whole days where the column has no time: the oracle knows no clock. */
const AGED = {
  timestamptz: (days: number) => `now() - interval '${days * 24 - 12} hours'`,
  timestamp: (days: number) => `now() at time zone 'UTC' - interval '${days * 24 - 12} hours'`,
  date: (days: number) => `(now() at time zone 'UTC')::date - ${days}`,
};

const drawn: fc.Arbitrary<Drawn> = fc.integer({ min: 1, max: 4 }).chain((tables) => {
  const table = fc.nat({ max: tables - 1 });
  return fc.record({
    tables: fc.array(
      fc.record({
        type: fc.constantFrom('timestamptz' as const, 'timestamp' as const, 'date' as const),
        age: fc.option(fc.integer({ min: 2, max: 60 }), { freq: 3 }),
      }),
      { minLength: tables, maxLength: tables },
    ),
    keys: fc.array(
      fc.record({
        child: table,
        parent: table,
        action: fc.oneof({ weight: 2, arbitrary: fc.constant('cascade') }, fc.constantFrom(...ACTIONS)),
      }),
      { maxLength: 5 },
    ),
    rows: fc.array(
      fc.array(
        fc.record({
          days: fc.option(fc.integer({ min: 0, max: 80 }), { freq: 8 }),
          to: fc.array(fc.integer({ min: -6, max: MOST_ROWS - 1 }), { minLength: 5, maxLength: 5 }),
        }),
        { maxLength: MOST_ROWS },
      ),
      { minLength: tables, maxLength: tables },
    ),
    batchRows: fc.integer({ min: 1, max: 4 }),
  });
});

/** What must be left: a row goes when it is old, or goes with one that does, unless a staying row points at it or at what it takes. */
function expected({ tables, keys, rows }: Drawn): string[] {
  const all = rows.flatMap((own, table) => own.map((row, id) => ({ table, id, row, name: `${table} ${id}` })));
  const old = ({ table, row }: (typeof all)[number]): boolean => {
    const age = tables[table]?.age;
    return age != null && row.days !== null && row.days > age;
  };
  const pointers = keys.flatMap((key, index) =>
    all
      // A table that is not pruned names no children, and what no foreign key declares holds nothing.
      .filter(() => key.action !== 'named' || tables[key.parent]?.age != null)
      .filter(({ table, row }) => table === key.child && (row.to[index] ?? -1) in (rows[key.parent] ?? []))
      .map((child) => ({
        child,
        parent: `${key.parent} ${child.row.to[index]}`,
        goes: key.action === 'cascade' || (isNamed(key) && tables[key.parent]?.age != null) || old(child),
      })),
  );
  // Rows that cannot go: some row that must stay points at them, or at what would go with them.
  const stuck = new Set(pointers.filter(({ goes }) => !goes).map(({ parent }) => parent));
  const goingWith = (root: string): Set<string> => {
    const found = new Set([root]);
    for (const name of found)
      for (const one of pointers) if (one.goes && one.parent === name) found.add(one.child.name);
    return found;
  };
  const blocked = (root: string, gone: ReadonlySet<string>): boolean =>
    [...goingWith(root)].some((name) =>
      pointers.some((one) => one.parent === name && !one.goes && stuck.has(name) && !gone.has(one.child.name)),
    );
  let roots = all.filter(old).map(({ name }) => name);
  for (;;) {
    const gone = new Set(roots.flatMap((root) => [...goingWith(root)]));
    const left = roots.filter((root) => !blocked(root, gone));
    if (left.length === roots.length)
      return all
        .map(({ name }) => name)
        .filter((name) => !gone.has(name))
        .sort();
    roots = left;
  }
}

describe('a pruning', () => {
  let source: PrunedSource;
  let cases = 0;
  beforeAll(async () => {
    source = await PrunedSource.start();
  });
  afterAll(() => source?.close());

  async function load(schema: string, { tables, keys, rows }: Drawn): Promise<void> {
    const columns = keys.map((_, index) => `k${index} int`).join(', ');
    const statements = [`create schema ${schema} authorization app_owner`, `set search_path = ${schema}`];
    tables.forEach(({ type }, table) => {
      statements.push(`create table t${table} (id int primary key, at ${type}${columns === '' ? '' : `, ${columns}`})`);
      statements.push(`alter table t${table} owner to app_owner`);
    });
    rows.forEach((own, table) => {
      own.forEach(({ days, to }, id) => {
        const values = keys.map((key, index) =>
          key.child === table && (to[index] ?? -1) in (rows[key.parent] ?? []) ? `${to[index]}` : 'null',
        );
        const at = days === null ? 'null' : AGED[tables[table]?.type ?? 'date'](days);
        statements.push(`insert into t${table} values (${[id, at, ...values].join(', ')})`);
      });
    });
    keys.forEach(({ child, parent, action }, index) => {
      if (action === 'named') return;
      statements.push(
        `alter table t${child} add foreign key (k${index}) references t${parent} on delete ${action.replace('named ', '')}`,
      );
    });
    await source.sql(statements.join(';\n'));
  }

  it('removes exactly the old rows, with what goes with them, and orphans nothing', async () => {
    await fc.assert(
      fc.asyncProperty(drawn, async (one) => {
        cases += 1;
        const schema = `drawn_${cases}`;
        await load(schema, one);
        const entries = one.tables.flatMap(({ age }, table): PruneEntry[] =>
          age === null
            ? []
            : [
                entry({
                  schema,
                  table: `t${table}`,
                  column: 'at',
                  olderThan: `${age} days`,
                  batchRows: one.batchRows,
                  children: one.keys.flatMap(({ child, parent, action }, index) =>
                    isNamed({ action }) && parent === table
                      ? [{ schema, table: `t${child}`, column: `k${index}`, references: null }]
                      : [],
                  ),
                }),
              ],
        );
        const contents = one.tables
          .map((_, table) => `select '${table} ' || id as name, to_jsonb(t) as row from ${schema}.t${table} t`)
          .join(' union all ');
        const before = new Map(
          (await source.sql<{ name: string; row: object }>(contents)).map((row) => [row.name, row.row]),
        );
        const told = entries.length > 0 ? (await source.prune(policyOf(entries))).tables : [];
        const after = await source.sql<{ name: string; row: object }>(contents);
        expect(after.map(({ name }) => name).sort()).toEqual(expected(one));
        const rowsOf = (names: Iterable<string>, table: number) =>
          [...names].filter((name) => name.startsWith(`${table} `)).length;
        one.tables.forEach((_, table) => {
          const gone =
            rowsOf(before.keys(), table) -
            rowsOf(
              after.map(({ name }) => name),
              table,
            );
          const { rows = 0 } = told.find(({ relation }) => relation === `"${schema}"."t${table}"`) ?? {};
          expect(rows).toBe(gone);
        });
        for (const { name, row } of after) expect(row).toEqual(before.get(name));
        await source.sql(`drop schema ${schema} cascade`);
      }),
      { numRuns: 15 },
    );
  });

  it('counts an age back on the calendar of its time zone, across changes of daylight saving time', async () => {
    await source.stage.source.withAdmin('app', async (session) => {
      await fc.assert(
        fc.asyncProperty(moments, ages, fc.constantFrom(...ZONES), async (clock, age, zone) => {
          const boundary = async (type: 'timestamptz' | 'timestamp' | 'date') => {
            const { text, values } = boundaryBefore(clock.toISOString(), age, zone, type);
            return (await session.query<{ boundary: string; instant: string }>(text, [...(values ?? [])])).rows[0];
          };
          const wall = earlier(wallOf(clock.getTime(), zone), age);
          const instant = new Date(instantOf(wall, zone)).toISOString().slice(0, -1);
          const onTheWall = new Date(wall).toISOString().slice(0, -1);
          expect(await boundary('timestamptz')).toEqual({ boundary: `${instant}000Z`, instant: `${instant}000Z` });
          expect(await boundary('timestamp')).toEqual({ boundary: `${onTheWall}000`, instant: `${instant}000Z` });
          expect(await boundary('date')).toEqual({ boundary: onTheWall.slice(0, 10), instant: `${instant}000Z` });
        }),
        { numRuns: 300 },
      );
    });
  });

  it('keeps to the boundary that was decided, to the microsecond, while the clock goes on', async () => {
    const zone = 'America/St_Johns';
    const types = ['timestamptz', 'timestamp', 'date'] as const;
    await source.sql('create schema clock authorization app_owner');
    for (const type of types) {
      await source.sql(`create table clock.t_${type} (at ${type}); alter table clock.t_${type} owner to app_owner`);
    }
    const policy = policyOf(
      types.map((type) => entry({ schema: 'clock', table: `t_${type}`, column: 'at', olderThan: '7 months' })),
      { timeZone: zone, maxShare: 1 },
    );
    await source.claim();
    const { clock, entries } = await source.plan(policy, 'decide');
    const wall = earlier(wallOf(Date.parse(clock), zone), '7 months');
    expect(entries[0]?.boundary.slice(0, 23)).toBe(new Date(instantOf(wall, zone)).toISOString().slice(0, 23));
    // With a boundary of the clock of now, the row after it would go as well.
    for (const [index, type] of types.entries()) {
      const unit = type === 'date' ? '1' : `interval '1 microsecond'`;
      const at = `'${entries[index]?.boundary}'::${type}`;
      await source.sql(`insert into clock.t_${type} values (${at} - ${unit}), (${at}), (${at} + ${unit})`);
    }
    const queued = await source.plan(policy, 'queue');
    expect(queued).toMatchObject({ clock, entries: entries.map(({ boundary }) => ({ boundary, rows: 1, ofRows: 3 })) });
    expect(await source.finish()).toMatchObject({ rows: 3, kept: 0 });
    for (const [index, type] of types.entries()) {
      const left = await source.sql<{ n: number }>(
        `select count(*)::int as n from clock.t_${type} where at >= '${entries[index]?.boundary}'`,
      );
      expect(left).toEqual([{ n: 2 }]);
    }
  });
});
