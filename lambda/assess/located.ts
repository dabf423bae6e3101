/** Findings of several databases in one list, each with its database. */

import { type block, type CheckId, listed, pass, place, type warn } from './check';
import type { Named } from './named';
import type { DatabaseSurvey } from './survey';

/** A finding and where it lies. */
export type Located<T> = T & { readonly database: string };

/** What `pick` finds in each database, with the database's name. */
export function located<T extends object>(
  databases: readonly DatabaseSurvey[],
  pick: (survey: DatabaseSurvey) => readonly T[],
): Located<T>[] {
  return databases.flatMap((survey) => pick(survey).map((item) => ({ ...item, database: survey.facts.name })));
}

/** A relation as people and SQL write it, with its database. */
export function where(table: Located<Named>): string {
  return place(table.database, table.schema, table.name);
}

/** A check that passes when nothing was found and else names everything. */
export function named(
  id: CheckId,
  found: readonly string[],
  none: string,
  some: string,
  remedy: string,
  verdict: typeof warn | typeof block,
) {
  return found.length === 0 ? pass(id, none) : verdict(id, `${some}: ${listed(found)}`, remedy);
}

/** A statement of a remedy, and the database that it is run in. */
export function inDatabase(database: string, statement: string): string {
  return `in ${database}: ${statement}`;
}
