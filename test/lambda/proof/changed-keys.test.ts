import fc from 'fast-check';
import { ChangedKeys, collect } from '../../../lambda/proof/changed-keys';
import { formatLsn, parseLsn } from '../../../lambda/proof/lsn';
import { without } from '../../../lambda/proof/settle-keys';
import type { ComparedTable } from '../../../lambda/proof/tables';

type Entry = readonly [relation: string, key: string | null];

const relation = fc.constantFrom('"a"', '"b"', '"c"');
const entries = fc.array(fc.tuple(relation, fc.option(fc.constantFrom('1', '2', '3'), { freq: 4 })));
const of = (list: readonly Entry[]): ChangedKeys => {
  const keys = new ChangedKeys();
  for (const [name, key] of list) {
    if (key === null) keys.addWhole(name);
    else keys.add(name, key);
  }
  return keys;
};
const flat = (keys: ChangedKeys): string[] =>
  [
    ...keys.wholeRelations().map((name) => `${name} whole`),
    ...keys.entries().flatMap((entry) => entry.keys.map((key) => `${entry.relation} ${key}`)),
  ].sort();

describe('changed keys', () => {
  it('hold what was added, once, and a whole table instead of its keys', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const keys = of(list);
        const whole = new Set(list.filter(([, key]) => key === null).map(([name]) => name));
        const expected = new Set(list.map(([name, key]) => (whole.has(name) ? `${name} whole` : `${name} ${key}`)));
        expect(flat(keys)).toEqual([...expected].sort());
        for (const [name, key] of list) expect(keys.has(name, key ?? 'any')).toBe(true);
      }),
    );
  });

  it('unite in any order', () => {
    fc.assert(
      fc.property(entries, entries, (left, right) => {
        const [one, other] = [of(left), of(right)];
        one.addAll(of(right));
        other.addAll(of(left));
        expect(flat(one)).toEqual(flat(other));
        expect(flat(one)).toEqual(flat(of([...left, ...right])));
      }),
    );
  });

  it('without what changed hold nothing that may have changed, and everything else', () => {
    fc.assert(
      fc.property(entries, entries, (list, touched) => {
        const [keys, changed] = [of(list), of(touched)];
        const rest = without(keys, changed);
        for (const { relation: name, keys: texts } of rest.entries()) {
          for (const key of texts) expect(changed.has(name, key)).toBe(false);
        }
        for (const name of rest.wholeRelations()) expect(touched.some(([other]) => other === name)).toBe(false);
        for (const { relation: name, keys: texts } of keys.entries()) {
          for (const key of texts) expect(rest.has(name, key) || changed.has(name, key)).toBe(true);
        }
      }),
    );
  });

  it('leave the ledger out and take a table that nobody knows as a whole', () => {
    const table: ComparedTable = {
      schema: 's',
      name: 't',
      key: [{ name: 'id', type: 'integer', operators: 'pg_catalog' }],
      root: false,
      bytes: 0,
      estimatedRows: 0,
    };
    const keys = new ChangedKeys();
    const row = (schema: string, name: string, tuple: readonly (string | null)[]) =>
      collect(
        keys,
        { kind: 'row', relation: { schema, name, columns: ['body', 'id'] }, old: null, new: tuple },
        new Map([['"s"."t"', table]]),
      );
    expect(row('sealift', 'marker', ['x', '1'])).toBe(false);
    expect(row('s', 't', ['x', '7'])).toBe(true);
    expect(row('s', 'made later', ['x', '1'])).toBe(true);
    expect(flat(keys)).toEqual(['"s"."made later" whole', '"s"."t" ["7"]']);
  });
});

describe('an lsn', () => {
  it('is written as it was read, and compares as a number', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (lsn) => {
        expect(parseLsn(formatLsn(lsn))).toBe(lsn);
      }),
    );
    expect(parseLsn('1/0')).toBeGreaterThan(parseLsn('0/FFFFFFFF'));
  });

  it.each(['', '0', '0/', '/0', '0/G', '123456789/0', '0/1 '])('fails for %j', (text) => {
    expect(() => parseLsn(text)).toThrow(/no lsn/);
  });
});
