/** Gathers what grows, sorts and runs by itself in one database, inside the survey's read-only transaction. */
import type { Session } from '../platform/postgres';
import type { Named } from './named';
import * as code from './sql/code';
import * as forms from './sql/forms';
import * as growth from './sql/growth';
import * as locale from './sql/locale';

/** A sequence or key is near its end when it has used more than this. */
export const NEAR_END = 0.75;

/** Largest tables of a database that the report lists. */
const LARGEST = 10;

/** A table with its estimated size. */
export interface SizedTable extends Named {
  readonly bytes: number;
}

/** Encoding and collation of a database. */
export interface DatabaseLocale {
  readonly encoding: string;
  readonly collation: string;
  readonly provider: string;
  /** Version of the collation library when the database was made; null below 15 and for C. */
  readonly recordedVersion: string | null;
  readonly actualVersion: string | null;
}

/** A job of pg_cron. */
export interface Job {
  readonly id: string;
  readonly name: string;
  readonly schedule: string;
  readonly database: string;
  readonly role: string;
}

/** What grows, sorts and runs by itself. */
export interface ContentSurvey {
  readonly integerKeys: readonly (Named & {
    readonly column: string;
    readonly type: string;
    readonly sequenceSchema: string;
    readonly sequence: string;
    readonly percent: number;
  })[];
  readonly sequences: readonly (Named & {
    readonly type: string;
    readonly percent: number;
    readonly widest: boolean;
  })[];
  /** Sequences that hide their value from the master user. */
  readonly hiddenSequences: number;
  readonly largest: readonly (SizedTable & { readonly rows: number })[];
  readonly busyKeyless: readonly (SizedTable & { readonly writes: number })[];
  readonly locale: DatabaseLocale;
  readonly changedCollations: readonly (Named & { readonly recorded: string; readonly actual: string })[];
  readonly searchPathFunctions: readonly (Named & {
    readonly arguments: string;
    /** At most five of the names that it uses without a schema. */
    readonly names: readonly string[];
    readonly path: readonly string[];
  })[];
  readonly generatedColumns: readonly (Named & { readonly column: string; readonly callsFunction: boolean })[];
  /** Columns whose text depends on the major; `type` is a name of `pg_type`. */
  readonly rewritten: readonly (Named & { readonly column: string; readonly type: string; readonly array: boolean })[];
  /** Null without pg_cron, or when its jobs cannot be read. */
  readonly jobs: readonly Job[] | null;
}

/** Surveys one database. */
export async function surveyContent(session: Session): Promise<ContentSurvey> {
  const largest = await session.query<Named & { bytes: string; rows: string }>(growth.largestTables(LARGEST));
  const keyless = await session.query<Named & { bytes: string; writes: string }>(growth.busyKeylessTables);
  return {
    integerKeys: await session.query<ContentSurvey['integerKeys'][number]>(growth.integerKeysNearEnd(NEAR_END)),
    sequences: await session.query<ContentSurvey['sequences'][number]>(growth.sequencesNearEnd(NEAR_END)),
    hiddenSequences: (await session.one<{ count: number }>(growth.hiddenSequences)).count,
    largest: largest.map((table) => ({ ...table, bytes: Number(table.bytes), rows: Number(table.rows) })),
    busyKeyless: keyless.map((table) => ({ ...table, bytes: Number(table.bytes), writes: Number(table.writes) })),
    locale: await session.one<DatabaseLocale>(locale.databaseLocale(session.versionNumber)),
    changedCollations: await session.query<ContentSurvey['changedCollations'][number]>(locale.changedCollations),
    searchPathFunctions: await session.query<ContentSurvey['searchPathFunctions'][number]>(code.searchPathFunctions),
    generatedColumns: await session.query<ContentSurvey['generatedColumns'][number]>(code.generatedColumns),
    rewritten: await session.query<ContentSurvey['rewritten'][number]>(forms.rewrittenColumns),
    jobs: await surveyJobs(session),
  };
}

/** Jobs of pg_cron, which lie in one database of the server and run in any; null where there are none to read. */
export async function surveyJobs(session: Session): Promise<readonly Job[] | null> {
  const { readable } = await session.one<{ readable: boolean }>(code.jobsReadable);
  return readable ? session.query<Job>(code.activeJobs) : null;
}
