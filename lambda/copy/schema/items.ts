/**
 * The queue of a schema: what is made on the target, in which order and what side by side. Items are rows of the target's ledger, in
 * the database they are made in.
 *
 *   schemas ─▶ extensions ─▶ pre-data ─▶ [the rows] ─▶ all indexes of large tables ─▶ keys ─▶ views that need them ─▶
 *   other indexes ─▶ analyzed ─▶ attached ─▶ foreign keys ─▶ validated ─▶ triggers, rules, policies, comments ─▶ privileges ─▶ materialized views ─▶ the rest analyzed
 *
 * A table whose rows are in gets its keys, indexes and statistics while rows of others still come (`EARLY_STAGES`).
 */
import { type Entry, objectOf } from './entries';
import { keyBuildOf } from './key-builds';
import { findWords, type Token, tokensOf, wordsAt } from './tokens';

/** What happens before the rows come. */
export const BEFORE_ROWS = 'copy-pre-data';

/** What happens when they are there. */
export const AFTER_ROWS = 'copy-post-data';

/** Stages: none begins before the one before it is done. */
export const STAGES = {
  openings: 5,
  schemas: 10,
  openedSchemas: 15,
  extensions: 20,
  objects: 30,
  builds: 35,
  keys: 40,
  views: 50,
  indexes: 60,
  tableStatistics: 65,
  attachments: 70,
  foreignKeys: 80,
  validations: 90,
  others: 100,
  closings: 105,
  privileges: 110,
  refreshes: 120,
  statistics: 130,
} as const;

/** Stages whose items need nothing but the rows of their tables, and what earlier ones of these stages made of the same tables. */
export const EARLY_STAGES: readonly number[] = [STAGES.builds, STAGES.keys, STAGES.indexes, STAGES.tableStatistics];

/** What progress is told of. */
export type What = 'object' | 'index' | 'foreign key';

/** Statements that are done together, in one transaction with the item's mark. */
export interface SchemaItem {
  readonly stage: number;
  readonly what: What;
  /** Objects for people, one for each of `statements`. */
  readonly objects: readonly string[];
  readonly statements: readonly string[];
  /**
   * Relations that the item locks, `*` for everything: items that share one are not done side by side. An index does not lock its
   * table against another's build.
   */
  readonly locks: readonly string[];
  /** Tables whose rows it works on; none where that does not matter. */
  readonly tables: readonly string[];
}

/** Most statements of an item: few enough to be done within seconds, many enough that marks cost little. */
const BATCH = 200;
/** Most text of an item, in characters. */
const BATCH_LENGTH = 200_000;

/** Small tables are worked on together: an item costs a few milliseconds, as much as an index of a table of some hundred rows. */
const GROUP = 50;
/** Most bytes of the tables of such a group, counted with each statement: about a second of work. A larger table is large. */
const GROUP_BYTES = 16 * 2 ** 20;

/** A statement on its way into an item. */
export interface Placed {
  readonly stage: number;
  readonly what: What;
  readonly object: string;
  readonly text: string;
  /** Relations; null when it belongs into a batch of its stage. */
  readonly locks: readonly string[] | null;
  readonly table?: string;
}

/** What the order asks of the source besides its dump. */
export interface SourceFacts {
  /** Partitioned tables, as `schema.name` in SQL: a foreign key of one cannot be validated later. */
  readonly partitioned: ReadonlySet<string>;
  /** Bytes of the tables that hold rows, with TOAST, by the same names. */
  readonly bytes: ReadonlyMap<string, number>;
}

/** Statements that are not of the dump. */
export interface Further {
  readonly before: readonly Placed[];
  readonly after: readonly Placed[];
}

/** Items of both queues. */
export interface Queues {
  readonly before: readonly SchemaItem[];
  readonly after: readonly SchemaItem[];
}

/** The items of both queues, in their order within a stage. */
export function itemsOf(entries: readonly Entry[], facts: SourceFacts, further: Further): Queues {
  const before: Placed[] = [...further.before];
  const after: Placed[] = [...further.after];
  for (const entry of entries) {
    const last = entry.type === 'ACL' || entry.section === 'post-data';
    (last ? after : before).push(...placed(entry, facts));
  }
  return { before: batched(before, facts.bytes), after: batched(after, facts.bytes) };
}

/**
 * Puts statements without locks of their own together, stage by stage, and then those on small tables; what takes longest comes
 * first. `bytes` are those of the tables.
 */
export function batched(all: readonly Placed[], bytes: SourceFacts['bytes']): SchemaItem[] {
  const items: SchemaItem[] = [];
  const stages = [...new Set(all.map(({ stage }) => stage))].sort((a, b) => a - b);
  for (const stage of stages) {
    const ofStage = all.filter((statement) => statement.stage === stage);
    const isOfTable = ({ table }: Placed): boolean => table !== undefined && bytes.has(table);
    items.push(...grouped(ofStage.filter(isOfTable), bytes));
    let batch: Placed[] = [];
    const flush = (): void => {
      if (batch.length > 0) items.push(itemOf(batch, ['*']));
      batch = [];
    };
    for (const statement of ofStage.filter((each) => !isOfTable(each))) {
      if (statement.locks !== null) {
        flush();
        items.push(itemOf([statement], statement.locks));
        continue;
      }
      const length = batch.reduce((sum, { text }) => sum + text.length, statement.text.length);
      if (batch.length >= BATCH || length > BATCH_LENGTH) flush();
      batch.push(statement);
    }
    flush();
  }
  return items;
}

/** Statements on large tables alone, those on small ones together, table by table. */
function grouped(statements: readonly Placed[], bytes: SourceFacts['bytes']): SchemaItem[] {
  const sizeOf = ({ table = '' }: Placed): number => bytes.get(table) ?? 0;
  const sorted = [...statements].sort(
    (one, other) => sizeOf(other) - sizeOf(one) || (one.table ?? '').localeCompare(other.table ?? ''),
  );
  const groups: { members: Placed[]; bytes: number }[] = [];
  for (const statement of sorted) {
    const group = groups.at(-1);
    const size = sizeOf(statement);
    if (group === undefined || group.bytes + size > GROUP_BYTES || group.members.length >= GROUP) {
      groups.push({ members: [statement], bytes: size });
    } else {
      group.members.push(statement);
      group.bytes += size;
    }
  }
  return groups.map(({ members }) => {
    const [first] = members;
    // Together they lock what the strongest of them does.
    const alone = members.length === 1 ? first?.locks : null;
    return itemOf(members, alone ?? tablesOf(members));
  });
}

function tablesOf(statements: readonly Placed[]): string[] {
  return [...new Set(statements.flatMap(({ table }) => table ?? []))];
}

function itemOf(statements: readonly Placed[], locks: readonly string[]): SchemaItem {
  const [first] = statements;
  return {
    stage: first?.stage ?? 0,
    what: first?.what ?? 'object',
    objects: statements.map(({ object }) => object),
    statements: statements.map(({ text }) => text),
    locks,
    tables: tablesOf(statements),
  };
}

/** Statements of an entry that belong together are one text, so that no batch parts them. */
function placed(entry: Entry, facts: SourceFacts): Placed[] {
  const object = `${entry.type.toLowerCase()} ${objectOf(entry)}`;
  const text = entry.statements.join(';\n');
  const place = (stage: number, what: What = 'object', locks: string[] | null = null, table?: string): Placed[] => [
    { stage, what, object, text, locks, table },
  ];
  if (entry.type === 'ACL') return place(STAGES.privileges);
  if (entry.section === 'pre-data') return place(entry.type === 'SCHEMA' ? STAGES.schemas : STAGES.objects);
  const [first = ''] = entry.statements;
  const tokens = tokensOf(first, 200);
  switch (entry.type) {
    case 'CONSTRAINT': {
      const table = relationBehind(tokens, 1);
      const key = isLarge(table, facts) && entry.statements.length === 1 ? keyBuildOf(first, table) : null;
      if (key === null) return place(STAGES.keys, 'index', [table], table);
      return [
        { stage: STAGES.builds, what: 'index', object, text: key.build, locks: [], table },
        { stage: STAGES.keys, what: 'object', object, text: key.take, locks: [table], table },
      ];
    }
    case 'INDEX': {
      const table = relationBehind(tokens, findWords(tokens, ['on']));
      // A build locks its table against changes only, which other builds do not mind; what follows it locks more.
      if (entry.statements.length > 1) return place(STAGES.indexes, 'index', [table], table);
      return place(isLarge(table, facts) ? STAGES.builds : STAGES.indexes, 'index', [], table);
    }
    case 'INDEX ATTACH':
      return place(STAGES.attachments);
    case 'VIEW':
    case 'MATERIALIZED VIEW':
      return place(STAGES.views);
    case 'RULE':
      return place(wordsAt(tokens, 0, 'create', 'or', 'replace', 'view') ? STAGES.views : STAGES.others);
    case 'FK CONSTRAINT':
      return foreignKey(entry, object, first, tokens, facts);
    default:
      return place(STAGES.others);
  }
}

/** Its indexes take long enough that it is worth making them side by side with its keys. */
function isLarge(table: string, { bytes, partitioned }: SourceFacts): boolean {
  return !partitioned.has(table) && (bytes.get(table) ?? 0) > GROUP_BYTES;
}

/** Added unchecked at once and checked in a stage of its own, except where PostgreSQL cannot or the source did not. */
function foreignKey(entry: Entry, object: string, text: string, tokens: Token[], facts: SourceFacts): Placed[] {
  const add = { stage: STAGES.foreignKeys, what: 'object' as const, object };
  const rest = entry.statements.slice(1);
  const relation = relationBehind(tokens, 1);
  const name = tokens[findWords(tokens, ['constraint']) + 1];
  if (findWords(tokens, ['not', 'valid']) >= 0 || name === undefined) {
    return [{ ...add, text: entry.statements.join(';\n'), locks: null }];
  }
  if (facts.partitioned.has(relation)) {
    return [{ ...add, what: 'foreign key', text: entry.statements.join(';\n'), locks: ['*'] }];
  }
  const constraint = text.slice(name.start, name.end);
  return [
    { ...add, text: [`${text} not valid`, ...rest].join(';\n'), locks: null },
    {
      stage: STAGES.validations,
      what: 'foreign key',
      object,
      text: `alter table ${relation} validate constraint ${constraint}`,
      locks: [relation],
      table: relation,
    },
  ];
}

/** The name behind `table`, `on` and their `only`, as SQL, quoted throughout so that spellings compare. */
function relationBehind(tokens: readonly Token[], at: number): string {
  const start = at + (wordsAt(tokens, at + 1, 'only') ? 2 : 1);
  const parts = [tokens[start], ...(tokens[start + 1]?.value === '.' ? [tokens[start + 2]] : [])];
  return parts.map((part) => `"${(part?.value ?? '').replaceAll('"', '""')}"`).join('.');
}
