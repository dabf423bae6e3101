/** Checks of the whole server: role, WAL, capacity, transactions (faults 34, 35, 51, 52). */
import type { Check } from '../../contract/assessment';
import type { Policy } from '../../contract/settings';
import { streamName, tapName } from '../../platform/names';
import { ident, literal, MAX_NAME_BYTES } from '../../platform/quote';
import { block, listed, pass, statements, warn } from '../check';
import { inPostgresqlConf, type SourceKind } from '../remedies';
import { LONG_TRANSACTION_SECONDS, type ServerSurvey } from '../survey';
import { type SlotContext, slotChecks } from './slots';

/** Sessions that steps open in one database at once: workers of the verification and what watches. */
const LEAST_CONNECTIONS = 12;

/** What the checks need to know beside the survey. */
export interface ServerContext extends SlotContext {
  readonly migrationId: string;
  readonly databases: readonly string[];
  /** Of the database that has most. */
  readonly tables: number;
}

/** All of them. */
export function serverChecks(survey: ServerSurvey, context: ServerContext): readonly Check[] {
  return [
    primary(survey),
    tls(survey, context),
    walLevel(survey, context),
    replicationSlots(survey, context),
    walSenders(survey, context),
    logicalWorkers(survey, context),
    ...slotChecks(survey, context),
    preparedTransactions(survey),
    longTransactions(survey),
    dumpLocks(survey, context),
    masterUserSessions(survey),
    connectionLimits(survey, context),
    streamNames(context),
  ];
}

function primary({ inRecovery }: ServerSurvey): Check {
  const id = 'source-is-primary';
  if (!inRecovery) return pass(id, 'the source is a primary');
  return block(
    id,
    'the source is in recovery: it is a standby or a replica',
    'name the instance that takes the writes',
  );
}

function tls(survey: ServerSurvey, { kind }: ServerContext): Check {
  if (survey.tls) return pass('tls', 'this session is encrypted and the certificate was verified');
  if (kind === 'rds')
    return block('tls', 'the server says that this session is not encrypted', 'set rds.force_ssl to 1');
  return warn(
    'tls',
    'this session was encrypted and the certificate verified, but the server got it in the clear: something before it ends TLS',
    `see that the way from there to the server is yours alone, or ${inPostgresqlConf({ ssl: 'on' }, 'reload')}`,
  );
}

/** A reboot is downtime, so it is said (facts E3, E4). */
function walLevel({ walLevel: level, pendingRestart }: ServerSurvey, { kind }: ServerContext): Check {
  const id = 'wal-level';
  if (level === 'logical') return pass(id, 'wal_level is logical');
  const waiting = pendingRestart.includes('rds.logical_replication') || pendingRestart.includes('wal_level');
  const what = `wal_level is ${level}${waiting ? ', a changed setting waits for a reboot' : ''}`;
  if (kind === 'server') return block(id, what, inPostgresqlConf({ wal_level: 'logical' }, 'restart'));
  const reboot = 'reboot the source in a maintenance window: about a minute of downtime';
  return block(
    id,
    what,
    waiting ? reboot : `set rds.logical_replication to 1 in the source's parameter group and ${reboot}`,
  );
}

function replicationSlots(survey: ServerSurvey, { migrationId, kind, databases }: ServerContext): Check {
  const names = databases.flatMap((name) => [streamName(migrationId, name), tapName(migrationId, name)]);
  const taken = survey.slots.filter((slot) => !names.includes(slot.name)).length;
  const what = `${names.length} slots are needed, ${survey.maxSlots - taken} of max_replication_slots = ${survey.maxSlots} are free`;
  return enough('replication-slots', what, survey.maxSlots, names.length + taken, 'max_replication_slots', kind);
}

function walSenders(survey: ServerSurvey, { kind, databases }: ServerContext): Check {
  const free = survey.maxSenders - survey.busySenders;
  const what = `${databases.length} senders are needed, ${free} of max_wal_senders = ${survey.maxSenders} are free`;
  return enough('wal-senders', what, survey.maxSenders, databases.length + survey.busySenders, 'max_wal_senders', kind);
}

function enough(
  id: 'replication-slots' | 'wal-senders',
  what: string,
  has: number,
  needs: number,
  name: string,
  kind: SourceKind,
): Check {
  if (has >= needs) return pass(id, what);
  if (kind === 'server') return block(id, what, inPostgresqlConf({ [name]: needs }, 'restart'));
  return block(id, what, `set ${name} to at least ${needs} in the source's parameter group and reboot it: downtime`);
}

/** The target's own settings are not known yet; it is the source's that hint at what the family's defaults are. */
function logicalWorkers({ maxWorkers }: ServerSurvey, { databases, kind, policy }: ServerContext): Check {
  const id = 'logical-workers';
  const what = `the target needs ${databases.length} apply workers, the source has max_logical_replication_workers = ${maxWorkers}`;
  if (maxWorkers >= databases.length) return pass(id, what);
  if (kind === 'server') return workersOfHost(what, maxWorkers, databases.length, policy);
  const needs = `max_logical_replication_workers to at least ${databases.length} and max_worker_processes above it`;
  return warn(id, what, `set ${needs} in the target's parameter group before it is born`);
}

/** A way back lets the source apply as well, one worker for each database, and a launcher beside them. */
function workersOfHost(what: string, has: number, needs: number, { rollback }: Policy): Check {
  const id = 'logical-workers';
  if (rollback.windowHours === 0) return pass(id, `${what}: without a way back it needs none itself`);
  const wanted = { max_logical_replication_workers: needs, max_worker_processes: needs + Math.max(has, 8) + 1 };
  return warn(id, `${what}, and the way back needs as many`, inPostgresqlConf(wanted, 'restart'));
}

function preparedTransactions({ prepared }: ServerSurvey): Check {
  const id = 'prepared-transactions';
  if (prepared.length === 0) return pass(id, 'there is no prepared transaction');
  const found = prepared.map(({ gid, owner, database }) => `${JSON.stringify(gid)} of ${owner} in ${database}`);
  const ends = prepared.map(
    ({ gid, database }) => `in ${database}: commit prepared ${literal(gid)} or rollback prepared ${literal(gid)}`,
  );
  return block(id, `prepared transactions: ${listed(found)}`, statements(ends));
}

function longTransactions({ longTransactions: found }: ServerSurvey): Check {
  const id = 'long-transactions';
  if (found.length === 0)
    return pass(id, `no transaction that has written is older than ${LONG_TRANSACTION_SECONDS} s`);
  const who = found.map(({ pid, role, database, seconds }) => `pid ${pid} of ${role} in ${database} for ${seconds} s`);
  const ends = found.map(({ pid }) => `select pg_terminate_backend(${pid})`);
  return warn(
    id,
    `transactions that have written: ${listed(who)}`,
    `wait for their end, because slots wait for them, or ${statements(ends)}`,
  );
}

/** pg_dump locks every table of a database before it reads the first (lock table: manual, max_locks_per_transaction). */
function dumpLocks({ lockTable }: ServerSurvey, { kind, policy, tables }: ServerContext): Check {
  const id = 'dump-locks';
  if (policy.road === 'snapshot') return pass(id, 'no schema is read: the snapshot holds it');
  const { locksOfTransaction, transactions } = lockTable;
  const what = `the largest database has ${tables} tables, the lock table holds at least ${locksOfTransaction * transactions} locks`;
  if (tables <= locksOfTransaction * transactions) return pass(id, what);
  const needed = Math.ceil(tables / transactions);
  if (kind === 'server') {
    return warn(
      id,
      `${what}: reading the schema may fail`,
      inPostgresqlConf({ max_locks_per_transaction: needed }, 'restart'),
    );
  }
  return warn(
    id,
    `${what}: reading the schema may fail`,
    `set max_locks_per_transaction to at least ${needed} in the source's parameter group and reboot it: downtime`,
  );
}

function masterUserSessions({ masterUser, masterSessions }: ServerSurvey): Check {
  const id = 'master-user-sessions';
  if (masterSessions.length === 0) return pass(id, `only Sealift uses the master user ${masterUser}`);
  const found = masterSessions.map(
    ({ application, database, count }) => `${count} of ${JSON.stringify(application)} in ${database}`,
  );
  const remedy =
    'give each application a login role of its own, change its credentials and end these sessions: the fence cannot shut ' +
    'out the role that it works with';
  return block(id, `sessions of the master user ${masterUser}: ${listed(found)}`, remedy);
}

/** A step opens a few sessions in each database; replication itself is not counted (facts B18). */
function connectionLimits({ listed: all }: ServerSurvey, { databases }: ServerContext): Check {
  const id = 'connection-limits';
  const chosen = all.filter(({ name, connectionLimit }) => databases.includes(name) && connectionLimit >= 0);
  const low = chosen.filter(({ connectionLimit }) => connectionLimit < LEAST_CONNECTIONS);
  if (low.length === 0) return pass(id, `every database allows at least ${LEAST_CONNECTIONS} sessions`);
  const what = `connection limits: ${listed(low.map(({ name, connectionLimit }) => `${name} allows ${connectionLimit}`))}`;
  const heals = statements(low.map(({ name }) => `alter database ${ident(name)} connection limit -1`));
  return low.some(({ connectionLimit }) => connectionLimit === 0) ? block(id, what, heals) : warn(id, what, heals);
}

/** Names are hashes of the database's name; PostgreSQL would cut a long one in silence (facts K5). */
function streamNames({ migrationId, databases }: ServerContext): Check {
  const id = 'stream-names';
  const names = databases.flatMap((name) => [streamName(migrationId, name), tapName(migrationId, name)]);
  const bad = names.filter((name) => Buffer.byteLength(name) > MAX_NAME_BYTES || !/^[a-z0-9_]+$/.test(name));
  if (bad.length > 0) return block(id, `slots cannot be named ${listed(bad)}`, 'use a shorter migration id');
  if (new Set(names).size < names.length) {
    return block(
      id,
      'two databases have the same slot name',
      'rename or exclude one of them, or use another migration id',
    );
  }
  return pass(id, `${names.length} names are distinct and legal`);
}
