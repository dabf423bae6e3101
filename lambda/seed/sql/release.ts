/** Statements of `release`. */
import type { Statement } from '../../platform/postgres';

/** Kinds of what is recorded as changed and was not given back. */
export const undoLeft: Statement = {
  text: 'select kind, count(*)::integer as count from sealift.undo group by kind order by kind',
};

/** Those of the databases that still exist, and whether the current user may enter them. */
export function existingDatabases(databases: readonly string[]): Statement {
  return {
    text: `select datname as database, has_database_privilege(oid, 'connect') as "mayEnter" from pg_database
      where datname = any($1) order by datname`,
    values: [databases],
  };
}

/** True when a change is recorded that was not given back. */
export const anyUndo: Statement = { text: 'select exists (select from sealift.undo) as present' };
