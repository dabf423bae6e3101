/** Reads from the catalogue what a pruning of one database is about. */
import type { PruneEntry } from '../contract/prune';
import { Blocked } from '../errors';
import type { Session } from '../platform/postgres';
import type { Edge, Relation, RetentionType } from './model';
import * as sql from './sql/catalog';

/** The tables and what points at what, with the children that the policy names. */
export interface Structure {
  readonly relations: ReadonlyMap<string, Relation>;
  readonly edges: readonly Edge[];
  /** Oid of each entry's table and type of its column, in the entries' order. */
  readonly roots: readonly { readonly table: string; readonly type: RetentionType }[];
}

const TYPES: readonly RetentionType[] = ['timestamptz', 'timestamp', 'date'];

/** Reads the structure; throws `Blocked` naming the first table or column of an entry that does not exist or has a type without an age. */
export async function readStructure(session: Session, entries: readonly PruneEntry[]): Promise<Structure> {
  const found = await session.query<Relation>(sql.prunableRelations);
  const relations = new Map(found.map((one) => [one.oid, one]));
  const declared = await session.query<Edge>(sql.foreignKeys);
  const edges = declared.filter(({ child, parent }) => relations.has(child) && relations.has(parent));
  const roots: Structure['roots'][number][] = [];
  for (const entry of entries) {
    const root = tableNamed(found, entry.schema, entry.table, session.database);
    roots.push({ table: root.oid, type: await retentionType(session, root, entry.column) });
    if (entry.children === 'auto') continue;
    for (const named of entry.children) {
      const child = tableNamed(found, named.schema, named.table, session.database);
      edges.push(await namedEdge(session, root, child, named.column, named.references));
    }
  }
  return { relations, edges, roots };
}

function tableNamed(all: readonly Relation[], schema: string, table: string, database: string): Relation {
  const found = all.find((one) => one.schema === schema && one.name === table);
  if (found !== undefined) return found;
  throw new Blocked(
    `prune names table ${JSON.stringify(schema)}.${JSON.stringify(table)}, which database ${JSON.stringify(database)} ` +
      'does not have; correct prune.entries',
  );
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly key: boolean;
  readonly indexed: boolean;
}

async function retentionType(session: Session, root: Relation, column: string): Promise<RetentionType> {
  const columns = await session.query<Column>(sql.columnsOf(root.oid));
  const found = columns.find(({ name }) => name === column)?.type;
  const type = TYPES.find((one) => one === found);
  if (type !== undefined) return type;
  throw new Blocked(
    `column ${JSON.stringify(column)} of ${JSON.stringify(root.schema)}.${JSON.stringify(root.name)} should be ` +
      `${TYPES.join(', ')}, found ${found ?? 'no such column'}; correct prune.entries`,
  );
}

async function namedEdge(
  session: Session,
  root: Relation,
  child: Relation,
  column: string,
  references: string | null,
): Promise<Edge> {
  const [own, others] = [
    await session.query<Column>(sql.columnsOf(root.oid)),
    await session.query<Column>(sql.columnsOf(child.oid)),
  ];
  const target = references ?? own.find(({ key }) => key)?.name;
  const pointer = others.find(({ name }) => name === column);
  if (target === undefined || !own.some(({ name }) => name === target) || pointer === undefined) {
    throw new Blocked(
      `prune names column ${JSON.stringify(column)} of ${JSON.stringify(child.schema)}.${JSON.stringify(child.name)} as a ` +
        `pointer to ${JSON.stringify(references ?? 'the primary key')} of ${JSON.stringify(root.name)}: one of the two ` +
        'does not exist; correct prune.entries',
    );
  }
  const pointing = { child: child.oid, parent: root.oid, columns: [column], references: [target], operators: ['='] };
  return { ...pointing, takes: true, declared: false, indexed: pointer.indexed };
}

/** Owners of the tables whose rows a pruning reads or removes, and of schemas that could not be used otherwise. */
export async function ownersOf(session: Session, { relations, edges, roots }: Structure): Promise<string[]> {
  const concerned = new Set(roots.map(({ table }) => table));
  // Every turn adds tables, and there are finitely many.
  for (let size = 0; size < concerned.size; ) {
    size = concerned.size;
    for (const { child, parent } of edges) {
      if (concerned.has(parent)) concerned.add(child);
    }
  }
  for (const { child, parent } of edges) {
    if (concerned.has(child)) concerned.add(parent);
  }
  const oids = [...relations.values()].filter(({ oid }) => concerned.has(oid)).map(({ oid }) => oid);
  const closed = await session.query<{ owner: string }>(sql.ownersOfClosedSchemas(oids));
  const owners = oids.flatMap((oid) => relations.get(oid)?.owner ?? []);
  return [...new Set([...owners, ...closed.map(({ owner }) => owner)])].sort();
}
