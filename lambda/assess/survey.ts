/** Gathers what the checks judge: one read-only transaction on the server, one for each database, side by side. */
import type { DatabaseFacts } from '../contract/assessment';
import { type LedgerRow, readLedger } from '../platform/ledger';
import { migrationPrefix, postgresPrefix } from '../platform/names';
import type { Server, Session } from '../platform/postgres';
import type { Named } from './named';
import * as roles from './sql/roles';
import * as server from './sql/server';
import * as tables from './sql/tables';
import { type ContentSurvey, type Job, surveyContent, surveyJobs } from './survey-content';
import {
  type PglogicalDatabase,
  type PglogicalServer,
  surveyPglogical,
  surveyPglogicalServer,
} from './survey-pglogical';

/** Age from which a transaction that has written is long: every slot waits for it. */
export const LONG_TRANSACTION_SECONDS = 60;

/** Databases surveyed at the same time. */
const SIDE_BY_SIDE = 8;

/** All of it sees one moment and can change nothing. */
const READ_ONLY = 'isolation level repeatable read read only';

/** A database as the server lists it. */
export interface ListedDatabase {
  readonly name: string;
  readonly allowsConnections: boolean;
  /** Left by an interrupted DROP DATABASE. */
  readonly invalid: boolean;
  readonly mayConnect: boolean;
  readonly mayCreate: boolean;
  /** Sessions that it allows; -1 for no limit. */
  readonly connectionLimit: number;
}

/** A role that owns something. */
export interface Owner {
  readonly name: string;
  readonly held: boolean;
  readonly obtainable: boolean;
  readonly objects: number;
}

/** What the whole server says. */
export interface ServerSurvey {
  readonly masterUser: string;
  readonly versionNumber: number;
  readonly inRecovery: boolean;
  readonly version: string;
  readonly walLevel: string;
  readonly maxSlots: number;
  readonly maxSenders: number;
  readonly maxWorkers: number;
  /** Megabytes; -1 for no limit. */
  readonly keepSizeMb: string;
  /** `logical_decoding_work_mem`. */
  readonly decodingMemoryKb: number;
  /** `idle_replication_slot_timeout`, 0 for never; null below 18. */
  readonly idleSlotSeconds: number | null;
  readonly tls: boolean;
  readonly pendingRestart: readonly string[];
  /** How many transactions the lock table has room for, and for how many locks of each. */
  readonly lockTable: { readonly locksOfTransaction: number; readonly transactions: number };
  readonly busySenders: number;
  readonly slots: readonly { readonly name: string; readonly database: string; readonly active: boolean }[];
  readonly prepared: readonly { readonly gid: string; readonly owner: string; readonly database: string }[];
  readonly longTransactions: readonly {
    readonly pid: number;
    readonly role: string;
    readonly database: string;
    readonly seconds: number;
  }[];
  readonly subscriptions: readonly { readonly name: string; readonly database: string }[];
  readonly masterSessions: readonly {
    readonly application: string;
    readonly database: string;
    readonly count: number;
  }[];
  readonly privileges: {
    readonly createsRoles: boolean;
    readonly createsSlots: boolean;
    readonly grantsReplication: boolean;
    readonly createsSubscriptions: boolean;
    readonly signals: boolean;
    readonly seesActivity: boolean;
  };
  readonly loginRoles: readonly {
    readonly name: string;
    readonly superuser: boolean;
    readonly replication: boolean;
    readonly bypassRls: boolean;
    readonly mayAlter: boolean;
  }[];
  readonly listed: readonly ListedDatabase[];
  /** Jobs of pg_cron in database `postgres`; null where there are none to read. */
  readonly jobs: readonly Job[] | null;
  readonly ledger: LedgerRow | null;
  readonly pglogical: PglogicalServer;
}

/** What one database says. */
export interface DatabaseSurvey {
  readonly facts: DatabaseFacts;
  /** Tables, indexes, sequences and views of users. */
  readonly relations: number;
  readonly withoutIdentity: readonly (Named & {
    readonly owner: string;
    readonly alterable: boolean;
    readonly reason: string;
    /** An index that can serve as replica identity. */
    readonly candidate: string | null;
  })[];
  readonly incomparable: readonly (Named & { readonly column: string; readonly type: string })[];
  readonly unlogged: readonly Named[];
  readonly foreign: readonly Named[];
  readonly userMappings: readonly { readonly server: string; readonly role: string }[];
  readonly largeObjects: number;
  readonly publications: readonly string[];
  readonly forcedRowSecurity: readonly Named[];
  readonly eventTriggers: readonly string[];
  readonly replicaTriggers: readonly (Named & { readonly trigger: string })[];
  readonly exclusiveLocks: readonly (Named & { readonly pid: number })[];
  readonly extensions: readonly string[];
  readonly installed: readonly {
    readonly name: string;
    readonly version: string;
    /** Newest version that the server has; null when it does not list the extension. */
    readonly available: string | null;
  }[];
  readonly extensionTables: readonly Named[];
  readonly owners: readonly Owner[];
  readonly deniedOriginFunctions: readonly string[];
  readonly content: ContentSurvey;
  readonly pglogical: PglogicalDatabase;
}

/** Surveys the server through its home database. */
export async function surveyServer(home: Session, migrationId: string): Promise<ServerSurvey> {
  const ours = migrationPrefix(migrationId);
  return home.transaction(async () => {
    const settings = await home.one<SettingsRow>(server.serverSettings);
    const [senders] = await home.query<{ count: number }>(server.busySenders(postgresPrefix(migrationId)));
    const { readable } = await home.one<{ readable: boolean }>(server.ledgerReadable);
    return {
      ...settings,
      versionNumber: home.versionNumber,
      busySenders: senders?.count ?? 0,
      slots: await home.query<ServerSurvey['slots'][number]>(server.slots),
      prepared: await home.query<ServerSurvey['prepared'][number]>(server.preparedTransactions),
      longTransactions: await home.query<ServerSurvey['longTransactions'][number]>(
        server.longTransactions(LONG_TRANSACTION_SECONDS, ours),
      ),
      subscriptions: await home.query<ServerSurvey['subscriptions'][number]>(server.subscriptions),
      masterSessions: await home.query<ServerSurvey['masterSessions'][number]>(server.masterSessions(ours)),
      privileges: await home.one<ServerSurvey['privileges']>(roles.masterPrivileges),
      loginRoles: await home.query<ServerSurvey['loginRoles'][number]>(
        roles.loginRoles(`${postgresPrefix(migrationId)}`),
      ),
      listed: await home.query<ListedDatabase>(server.databases),
      jobs: await surveyJobs(home),
      ledger: readable ? await readLedger(home, migrationId) : null,
      pglogical: await surveyPglogicalServer(home),
    };
  }, READ_ONLY);
}

type SettingsRow = Pick<
  ServerSurvey,
  | 'masterUser'
  | 'inRecovery'
  | 'version'
  | 'walLevel'
  | 'maxSlots'
  | 'maxSenders'
  | 'maxWorkers'
  | 'keepSizeMb'
  | 'decodingMemoryKb'
  | 'idleSlotSeconds'
  | 'tls'
  | 'pendingRestart'
  | 'lockTable'
>;

/** True when database `postgres` is more than an empty front door. */
export async function homeHoldsUserRelations(home: Session): Promise<boolean> {
  return home.transaction(async () => {
    return (await home.one<{ present: boolean }>(tables.holdsUserRelations)).present;
  }, READ_ONLY);
}

/** Surveys databases side by side, a few at a time; the order of `names` is kept. */
export async function surveyDatabases(source: Server, names: readonly string[]): Promise<DatabaseSurvey[]> {
  const surveys: DatabaseSurvey[] = [];
  for (let start = 0; start < names.length; start += SIDE_BY_SIDE) {
    const batch = names.slice(start, start + SIDE_BY_SIDE);
    surveys.push(...(await Promise.all(batch.map(async (name) => surveyDatabase(await source.session(name))))));
  }
  return surveys;
}

interface SizeRow {
  readonly name: string;
  readonly bytes: string;
  readonly tables: number;
  readonly relations: number;
  readonly estimatedRows: string;
}

async function surveyDatabase(session: Session): Promise<DatabaseSurvey> {
  return session.transaction(async () => {
    const { relations, ...size } = await session.one<SizeRow>(tables.databaseSize);
    const [large] = await session.query<{ count: number }>(tables.largeObjects);
    const names = async (rows: Promise<{ name: string }[]>) => (await rows).map((row) => row.name);
    return {
      facts: { ...size, bytes: Number(size.bytes), estimatedRows: Number(size.estimatedRows) },
      relations,
      withoutIdentity: await session.query<DatabaseSurvey['withoutIdentity'][number]>(tables.tablesWithoutIdentity),
      incomparable: await session.query<DatabaseSurvey['incomparable'][number]>(tables.incomparableColumns),
      unlogged: await session.query<Named>(tables.unloggedTables),
      foreign: await session.query<Named>(tables.foreignTables),
      userMappings: await session.query<DatabaseSurvey['userMappings'][number]>(tables.userMappings),
      largeObjects: large?.count ?? 0,
      publications: await names(session.query(tables.publications)),
      forcedRowSecurity: await session.query<Named>(tables.forcedRowSecurity),
      eventTriggers: await names(session.query(tables.eventTriggers)),
      replicaTriggers: await session.query<DatabaseSurvey['replicaTriggers'][number]>(tables.replicaTriggers),
      exclusiveLocks: await session.query<DatabaseSurvey['exclusiveLocks'][number]>(tables.exclusiveLocks),
      extensions: await names(session.query(tables.extensions)),
      installed: await session.query<DatabaseSurvey['installed'][number]>(tables.installedExtensions),
      extensionTables: await session.query<Named>(tables.extensionTables),
      owners: await session.query<Owner>(roles.owners),
      deniedOriginFunctions: (await session.query<{ signature: string }>(roles.deniedOriginFunctions)).map(
        (row) => row.signature,
      ),
      content: await surveyContent(session),
      pglogical: await surveyPglogical(session),
    };
  }, READ_ONLY);
}
