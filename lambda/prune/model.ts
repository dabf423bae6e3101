/** What a database looks like to a pruning: tables, what points at what, which rows are old. Pure; read by `read-model.ts`. */
import { ident, qualified } from '../platform/quote';

/** A table, partitioned or not. */
export interface Relation {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly owner: string;
  readonly partitioned: boolean;
  /** Where its rows lie: its leaf partitions, or itself. */
  readonly leaves: readonly string[];
  /** A DELETE removes its rows and is counted: no trigger and no rule of a user's stands between. */
  readonly obeys: boolean;
}

/** Rows of `child` point at rows of `parent`. */
export interface Edge {
  readonly child: string;
  readonly parent: string;
  readonly columns: readonly string[];
  readonly references: readonly string[];
  /** How the columns are compared, as `operator(schema.=)`, in their order. */
  readonly operators: readonly string[];
  /** Rows of the child go with the rows that they point at; else they keep them. */
  readonly takes: boolean;
  /** A foreign key that PostgreSQL keeps; else a pointer that the policy names, or one whose triggers are switched off. */
  readonly declared: boolean;
  /** An index of the child begins with the columns, so that the rows that point at a row are found without reading them all. */
  readonly indexed: boolean;
}

/** Types that a retention column may have. */
export type RetentionType = 'timestamptz' | 'timestamp' | 'date';

/** Which rows of a table are old: those whose `column` is before `boundary`. */
export interface Retention {
  /** Oid of the table. */
  readonly table: string;
  readonly column: string;
  readonly type: RetentionType;
  /** A value of that type as text. */
  readonly boundary: string;
}

/** Everything that decides which rows go. */
export interface Model {
  readonly relations: ReadonlyMap<string, Relation>;
  readonly edges: readonly Edge[];
  /** By oid of the table. */
  readonly retentions: ReadonlyMap<string, Retention>;
}

/** The relation of an oid that the model holds. */
export function relation(model: Pick<Model, 'relations'>, oid: string): Relation {
  const found = model.relations.get(oid);
  if (found === undefined) throw new Error(`the model of the database has no table ${oid}`);
  return found;
}

/** The retention that the rows of a table fall under: its own, or that of the table that it is a partition of; null without. */
export function retentionOf(model: Pick<Model, 'relations' | 'retentions'>, oid: string): Retention | null {
  const own = model.retentions.get(oid);
  if (own !== undefined) return own;
  const { leaves } = relation(model, oid);
  for (const [table, retention] of model.retentions) {
    const all = relation(model, table).leaves;
    if (leaves.length > 0 && leaves.every((leaf) => all.includes(leaf))) return retention;
  }
  return null;
}

/** The table that the rows of a leaf are counted for: the one that the policy names, else the outermost that it is a partition of. */
export function accountOf(model: Pick<Model, 'relations' | 'retentions'>, leaf: string): Relation {
  const named = retentionOf(model, leaf);
  if (named !== null) return relation(model, named.table);
  const holders = [...model.relations.values()].filter(({ leaves }) => leaves.includes(leaf));
  return holders.sort((left, right) => right.leaves.length - left.leaves.length)[0] ?? relation(model, leaf);
}

/** The relation as SQL; `only` for a table that is not partitioned, because foreign keys do not see what inherits from it. */
export function rowsOf({ schema, name, partitioned }: Relation): string {
  return `${partitioned ? '' : 'only '}${qualified(schema, name)}`;
}

/** `"schema"."table"`. */
export function nameOf({ schema, name }: Relation): string {
  return qualified(schema, name);
}

/** SQL that is true for a row of `alias` that is old, with the boundary as parameter `position`; NULL and infinity are not old. */
export function isOld({ column, type }: Retention, alias: string, position: number): string {
  const value = `${alias}.${ident(column)}`;
  return `(${value} < $${position}::${type} and isfinite(${value}))`;
}

/** SQL that is true when the row `child` points at the row `parent`. */
export function pointsAt(edge: Edge, child: string, parent: string): string {
  return edge.columns
    .map((column, index) => {
      const reference = `${parent}.${ident(edge.references[index] ?? '')}`;
      return `${reference} ${edge.operators[index] ?? '='} ${child}.${ident(column)}`;
    })
    .join(' and ');
}

/**
 * The tables in an order in which what points comes before what is pointed at, so that a row is found unreferenced when its
 * turn comes. Tables that point at each other keep the order in which they were given.
 */
export function dependencyOrder(tables: readonly string[], edges: readonly Pick<Edge, 'child' | 'parent'>[]): string[] {
  const left = new Set(tables);
  const ordered: string[] = [];
  // Every turn takes one table off.
  while (left.size > 0) {
    const free = [...left].find(
      (table) => !edges.some(({ child, parent }) => parent === table && child !== table && left.has(child)),
    );
    const next = free ?? [...left][0];
    if (next === undefined) break;
    left.delete(next);
    ordered.push(next);
  }
  return ordered;
}

/** The tables whose rows can go when rows of `roots` do, the roots first. */
export function reachedFrom(model: Model, roots: readonly string[]): string[] {
  const reached = [...roots];
  for (const table of reached) {
    for (const edge of model.edges) {
      const goes = edge.takes || retentionOf(model, edge.child) !== null;
      if (edge.parent === table && goes && !reached.includes(edge.child)) reached.push(edge.child);
    }
  }
  return reached;
}
