/** Statements of `adopt`. */
import type { Statement } from '../../platform/postgres';
import { ident, literal } from '../../platform/quote';
import { RDS_LOGIN_ROLES } from '../../platform/rds-roles';

/** Where the seed can be read: RDS's function, the extension that brings it, and the end of the copy's own recovery. */
export const seedOrigins: Statement = {
  text: `select to_regprocedure('rds_tools.logical_seed_lsn()') is not null as "hasFunction",
      exists (select from pg_available_extensions where name = 'rds_tools') as "hasExtension",
      pg_last_wal_replay_lsn()::text as replayed`,
};

/** RDS's answer (facts A5). */
export const rdsToolsSeed: Statement = { text: 'select rds_tools.logical_seed_lsn()::text as lsn' };

/** Brings RDS's function. */
export const createRdsTools: Statement = { text: 'create extension rds_tools' };

/** Takes RDS's function away again. */
export const dropRdsTools: Statement = { text: 'drop extension rds_tools' };

/** Makes an inherited row the target's own: nothing of what the source knew of itself holds here. */
export function replaceInherited(migrationId: string, epoch: string, execution: string, facts: object): Statement {
  return {
    text: `update sealift.migration set side = 'target', epoch = $2, execution = $3, facts = $4::jsonb,
        updated_at = clock_timestamp()
      where migration_id = $1`,
    values: [migrationId, epoch, execution, JSON.stringify(facts)],
  };
}

/** Work that the source had queued for itself. */
export const deleteInheritedWork: Statement = { text: 'delete from sealift.work' };

/** The end of the WAL that the source has flushed. */
export const flushLsn: Statement = { text: 'select pg_current_wal_flush_lsn()::text as lsn' };

/** Health of a slot; JSON hides what a version lacks. */
export function slotHealth(name: string): Statement {
  return {
    text: `select database, active, to_jsonb(s) ->> 'wal_status' as "walStatus", confirmed_flush_lsn::text as "confirmedLsn"
      from pg_replication_slots s where slot_name = $1`,
    values: [name],
  };
}

/** Whether a copy holds this run's publication and the marker written after its slot. */
export function provenance(publication: string, markerId: string): Statement {
  return {
    text: `select (select obj_description(oid, 'pg_publication') from pg_publication where pubname = $1) as comment,
        exists (select from sealift.marker where id = $2 and kind = 'after-slot') as marked`,
    values: [publication, markerId],
  };
}

/** Databases that hold a subscription; the catalogue is shared. */
export const databasesWithSubscriptions: Statement = {
  text: `select distinct d.datname as database from pg_subscription s join pg_database d on d.oid = s.subdbid
    order by d.datname`,
};

/** Transactions that were prepared when the copy was taken. */
export const preparedTransactions: Statement = {
  text: 'select gid, owner, database, owner <> current_user as foreign from pg_prepared_xacts order by prepared',
};

/** Acts as another role until `resetRole`. */
export function setRole(role: string): Statement {
  return { text: `set role ${ident(role)}` };
}

/** Acts as the master user again. */
export const resetRole: Statement = { text: 'reset role' };

/** Rolls a prepared transaction back; only in its database and as its owner. */
export function rollbackPrepared(gid: string): Statement {
  return { text: `rollback prepared ${literal(gid)}` };
}

/** Ends the sessions of everybody but RDS and this migration. */
export function endForeignSessions(prefix: string): Statement {
  return {
    text: `select count(pg_terminate_backend(pid))::integer as ended from pg_stat_activity
      where backend_type = 'client backend' and pid <> pg_backend_pid()
        and usename not in ${RDS_LOGIN_ROLES} and not starts_with(application_name, $1)`,
    values: [prefix],
  };
}
