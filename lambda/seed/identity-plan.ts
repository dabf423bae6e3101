/** Which tables need a replica identity, and which one: pure decisions of `prepare` (faults 36, 37). */
import type { Policy } from '../contract/settings';
import { qualified } from '../platform/quote';
import type { ReplicaIdentity } from '../platform/replica-identity';

/** A table as the source's catalogue shows it. */
export interface PublishableTable {
  readonly schema: string;
  readonly name: string;
  readonly owner: string;
  /** A partitioned table, which holds no rows itself. */
  readonly root: boolean;
  /** UPDATE and DELETE would be replicated as it is. */
  readonly canReplicate: boolean;
  /** A unique index that can serve as identity; null when there is none. */
  readonly candidateIndex: string | null;
  /** First column whose type has no equality, which FULL needs. */
  readonly columnWithoutEquality: string | null;
  /** The present replica identity, as `relreplident` has it. */
  readonly identity: 'd' | 'n' | 'f' | 'i';
  /** It has a primary key that can serve as identity. */
  readonly hasPrimaryKey: boolean;
}

/** The identity that a table is given. */
export interface PlannedIdentity {
  readonly schema: string;
  readonly name: string;
  readonly identity: ReplicaIdentity;
}

/** What is to be set, and the reasons why it may not be, one for each table in the way. */
export interface IdentityPlan {
  readonly set: readonly PlannedIdentity[];
  readonly obstacles: readonly string[];
  /** Tables without a key whose new rows alone follow. */
  readonly insertsOnly: readonly PublishableTable[];
}

/** What each engine can tell rows apart by. */
export function planIdentitiesFor(
  tables: readonly PublishableTable[],
  { engine, ...policy }: Pick<Policy, 'missingReplicaIdentity' | 'engine'>,
): IdentityPlan {
  return engine === 'pglogical' ? planKeys(tables, policy) : planIdentities(tables, policy);
}

/**
 * pglogical tells rows apart by an index alone (facts C6). A table that has none is given FULL where its new rows alone may follow, so
 * that the source can go on to change its rows: the publication of the proof would make that fail (facts B2).
 */
function planKeys(
  tables: readonly PublishableTable[],
  { missingReplicaIdentity }: Pick<Policy, 'missingReplicaIdentity'>,
): IdentityPlan {
  const set: PlannedIdentity[] = [];
  const obstacles: string[] = [];
  const insertsOnly: PublishableTable[] = [];
  const unkeyed = tables.filter(({ root, canReplicate, identity }) => !root && !(canReplicate && identity !== 'f'));
  for (const table of unkeyed) {
    const where = qualified(table.schema, table.name);
    if (missingReplicaIdentity === 'block') obstacles.push(`${where} has no key as its replica identity`);
    else if (table.hasPrimaryKey) set.push(planned(table, { kind: 'd', index: null }));
    else if (table.candidateIndex !== null) set.push(planned(table, { kind: 'i', index: table.candidateIndex }));
    else if (missingReplicaIdentity === 'insert-only') {
      insertsOnly.push(table);
      if (table.identity !== 'f') set.push(planned(table, { kind: 'f', index: null }));
    } else obstacles.push(`${where} has no key, and pglogical knows no other way to find a row`);
  }
  return { set, obstacles, insertsOnly };
}

/** Prefers an index that exists, because FULL enlarges the WAL and makes apply slow (facts B14). */
export function planIdentities(
  tables: readonly PublishableTable[],
  policy: Pick<Policy, 'missingReplicaIdentity'>,
): IdentityPlan {
  const missing = tables.filter((table) => !table.canReplicate);
  const set: PlannedIdentity[] = [];
  const obstacles: string[] = [];
  for (const table of missing) {
    const where = qualified(table.schema, table.name);
    if (policy.missingReplicaIdentity === 'block') obstacles.push(`${where} has no usable replica identity`);
    else if (table.candidateIndex !== null) set.push(planned(table, { kind: 'i', index: table.candidateIndex }));
    else if (table.columnWithoutEquality === null) set.push(planned(table, { kind: 'f', index: null }));
    else
      obstacles.push(`${where} has no key, and its column ${table.columnWithoutEquality} has a type without equality`);
  }
  return { set, obstacles, insertsOnly: [] };
}

function planned(table: PublishableTable, identity: ReplicaIdentity): PlannedIdentity {
  return { schema: table.schema, name: table.name, identity };
}
