/** What was seen for engine pglogical; it is read whatever the engine, because it costs four statements. */
import type { Session } from '../platform/postgres';
import type { Named } from './named';
import * as sql from './sql/pglogical';

/** Of the server. */
export interface PglogicalServer {
  /** Libraries that are loaded at its start; null when that may not be seen. */
  readonly loaded: string | null;
  /** Version of the extension that it offers; null when it has none. */
  readonly offered: string | null;
  readonly workerProcesses: number;
}

/** Of one database. */
export interface PglogicalDatabase {
  readonly withoutKey: readonly (Named & { readonly couldHave: boolean })[];
  readonly deferrable: readonly Named[];
  readonly referenced: readonly Named[];
}

/** Reads what the server has. */
export function surveyPglogicalServer(home: Session): Promise<PglogicalServer> {
  return home.one<PglogicalServer>(sql.pglogicalServer);
}

/** Reads what a database has. */
export async function surveyPglogical(session: Session): Promise<PglogicalDatabase> {
  return {
    withoutKey: await session.query<PglogicalDatabase['withoutKey'][number]>(sql.withoutKey),
    deferrable: await session.query<Named>(sql.deferrableIndexes),
    referenced: await session.query<Named>(sql.referencedTables),
  };
}
