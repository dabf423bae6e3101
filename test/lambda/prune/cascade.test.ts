import { cascadeOf } from '../../../lambda/prune/cascade';
import type { Edge, Model, Relation, Retention } from '../../../lambda/prune/model';
import { cutLeaf, pieceRows, upperBound } from '../../../lambda/prune/pieces';

/** A table per letter, `root` old; `a>b` goes with what it points at, `a-b` keeps it, `a~b` is named and no foreign key. */
function modelOf(pointers: string, changed: Readonly<Record<string, Partial<Relation>>> = {}): Model {
  const edges = pointers.split(' ').flatMap((pointer): Edge[] => {
    const [, child, how, parent] = /^(\w+)([->~])(\w+)$/.exec(pointer) ?? [];
    if (child === undefined || parent === undefined) return [];
    const columns = { columns: [parent], references: ['id'], operators: ['='], indexed: true };
    return [{ child, parent, ...columns, takes: how !== '-', declared: how !== '~' }];
  });
  const names = new Set(['root', ...edges.flatMap(({ child, parent }) => [child, parent])]);
  const relations = [...names].map((oid): [string, Relation] => [
    oid,
    { oid, schema: 's', name: oid, owner: 'o', partitioned: false, leaves: [oid], obeys: true, ...changed[oid] },
  ]);
  const retention: Retention = { table: 'root', column: 'at', type: 'date', boundary: '2020-01-01' };
  return { relations: new Map(relations), edges, retentions: new Map([['root', retention]]) };
}

function cascade(pointers: string, changed: Readonly<Record<string, Partial<Relation>>> = {}) {
  const model = modelOf(pointers, changed);
  const root = model.relations.get('root');
  const found = root && cascadeOf(model, root);
  return (
    found && {
      keepers: found.keepers.map(({ child }) => child),
      undeclared: found.undeclared.map(({ child }) => child),
      below: found.below.map(({ oid }) => oid),
    }
  );
}

describe("PostgreSQL's cascade is a pruning's", () => {
  it.each([
    ['a table that nothing points at', '', { keepers: [], undeclared: [], below: [] }],
    ['children and their children', 'a>root b>a c>root', { keepers: [], undeclared: [], below: ['a', 'c', 'b'] }],
    ['a child on two ways', 'a>root b>root c>a c>b', { keepers: [], undeclared: [], below: ['a', 'b', 'c'] }],
    ['rows that keep those of the table itself', 'a>root k-root', { keepers: ['k'], undeclared: [], below: ['a'] }],
    ['a table that points at itself and keeps', 'root-root', { keepers: ['root'], undeclared: [], below: [] }],
    ['pointers that no foreign key declares', 'p~root c>p', { keepers: [], undeclared: ['p'], below: ['p', 'c'] }],
    [
      'a foreign key that keeps, and whose table is named',
      'k-root k~root',
      { keepers: [], undeclared: ['k'], below: ['k'] },
    ],
  ])('for %s', (_, pointers, found) => {
    expect(cascade(pointers)).toEqual(found);
  });

  it.each([
    ['rows keep what goes with the old ones', 'a>root k-a'],
    ['what goes is pointed at by what no foreign key declares', 'a>root p~a'],
    ['rows of the table go with its rows', 'root>root'],
    ['rows of the table go with what goes with its rows', 'a>root root>a'],
    ['tables below go with each other', 'a>root b>a a>b'],
  ])('not where %s', (_, pointers) => {
    expect(cascade(pointers)).toBeNull();
  });

  it('not where a trigger or a rule stands between', () => {
    expect(cascade('a>root b>a', { b: { obeys: false } })).toBeNull();
    expect(cascade('a>root', { root: { obeys: false } })).toBeNull();
    expect(cascade('a-root', { a: { obeys: false } })).not.toBeNull();
  });

  it('through partitions, whichever table the foreign key names', () => {
    const leaf = { oid: 'root', leaves: ['root'] };
    const parted = { partitioned: true, leaves: ['root', 'other'] };
    expect(cascade('a>whole k-a other-x', { root: leaf, whole: parted })).toBeNull();
    expect(cascade('a>whole b>a other-x', { root: leaf, whole: parted })?.below).toEqual(['a', 'b']);
  });
});

describe('pieces', () => {
  it('cover a leaf without a gap, and the last one has no end', () => {
    const pieces = cutLeaf('1', 25, 10);
    expect(pieces).toEqual([
      { kind: 'blocks', leaf: '1', from: 0, to: 10 },
      { kind: 'blocks', leaf: '1', from: 10, to: 20 },
      { kind: 'blocks', leaf: '1', from: 20, to: null },
    ]);
    expect(cutLeaf('1', 0, 10)).toEqual([{ kind: 'blocks', leaf: '1', from: 0, to: null }]);
    expect(cutLeaf('1', 1e9, 1).length).toBeLessThanOrEqual(50_000);
  });

  it('grow where each of them reads a pointer without an index whole, but not without end', () => {
    expect(pieceRows(5_000, 1_000_000, false)).toBe(5_000);
    expect(pieceRows(5_000, 1_000_000, true)).toBe(50_000);
    expect(pieceRows(5_000, 1_000, true)).toBe(5_000);
    expect(pieceRows(5_000, 1e9, true)).toBe(100_000);
  });

  it('are whole partitions only where the bound is one plain value', () => {
    expect(upperBound("FOR VALUES FROM ('2000-01-01') TO ('2020-01-01')")).toBe('2020-01-01');
    expect(upperBound('FOR VALUES FROM (MINVALUE) TO (MAXVALUE)')).toBeNull();
    expect(upperBound('DEFAULT')).toBeNull();
  });
});
