/**
 * Divides relations into items of work. Small ones are read whole, with their indexes, several in one item, because an item costs a
 * commit and some round trips; larger ones by ranges of blocks, which is what bounds the time until a worker can stop.
 */
import type { ContentItem, WholeTable } from './queue';
import { cutBlocks, RANGE_BYTES } from './ranges';

/** Relations of one item are together about this large: items are then many enough to keep all workers busy to the end. */
const GROUP_BYTES = 16 * 1024 * 1024;

/** Most relations of one item: a schema of thousands of empty tables is no reason to keep a snapshot for long. */
const GROUP_TABLES = 40;

/** The indexes of a larger relation are checked one by one, side by side, each with a reading of its own. */
const ALONE_BYTES = 1024 * 1024 * 1024;

/** Items that read every one of `tables`, which are sorted by size, once: what takes longest comes first. */
export function contentItems(tables: readonly WholeTable[]): ContentItem[] {
  const large = tables.filter(({ relation }) => relation.bytes > RANGE_BYTES);
  const small = tables.filter(({ relation }) => relation.bytes <= RANGE_BYTES);
  return [
    ...large.flatMap(indexItems),
    ...large.flatMap(({ relation }) =>
      cutBlocks(relation).map((range) => ({ kind: 'rows' as const, relation, range })),
    ),
    ...groupsOf(small).map((group) => ({ kind: 'tables' as const, tables: group })),
  ];
}

function indexItems({ relation, indexes }: WholeTable): ContentItem[] {
  if (relation.bytes <= ALONE_BYTES || indexes.length === 0) return [{ kind: 'indexes', relation, indexes }];
  return indexes.map((index, position) => ({
    kind: 'indexes',
    // What is told once for the table is told with its first index.
    relation: position === 0 ? relation : { ...relation, otherIndexes: [], toastOid: null },
    indexes: [index],
  }));
}

function groupsOf(tables: readonly WholeTable[]): WholeTable[][] {
  const groups: WholeTable[][] = [];
  let bytes = 0;
  for (const table of tables) {
    const group = groups.at(-1);
    if (group === undefined || bytes + table.relation.bytes > GROUP_BYTES || group.length >= GROUP_TABLES) {
      groups.push([table]);
      bytes = table.relation.bytes;
    } else {
      group.push(table);
      bytes += table.relation.bytes;
    }
  }
  return groups;
}
