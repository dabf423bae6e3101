/** What `assess` reads of the whole server; every statement only reads. */
import { LEDGER_SCHEMA } from '../../platform/names';
import type { Statement } from '../../platform/postgres';

/** Role of the server and settings, in bytes and counts; `keepSizeMb` is -1 for no limit. */
export const serverSettings: Statement = {
  text: `select current_user as "masterUser",
      pg_is_in_recovery() as "inRecovery",
      current_setting('server_version') as version,
      current_setting('wal_level') as "walLevel",
      current_setting('max_replication_slots')::int as "maxSlots",
      current_setting('max_wal_senders')::int as "maxSenders",
      current_setting('max_logical_replication_workers')::int as "maxWorkers",
      (select setting::bigint from pg_settings where name = 'max_slot_wal_keep_size')::text as "keepSizeMb",
      (select setting::int from pg_settings where name = 'logical_decoding_work_mem') as "decodingMemoryKb",
      (select setting::int from pg_settings where name = 'idle_replication_slot_timeout') as "idleSlotSeconds",
      coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as tls,
      jsonb_build_object('locksOfTransaction', current_setting('max_locks_per_transaction')::int, 'transactions',
        current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int) as "lockTable",
      coalesce((select array_agg(name::text order by name) from pg_settings where pending_restart), '{}')
        as "pendingRestart"`,
};

/** Every slot; one that has no database is physical. */
export const slots: Statement = {
  text: `select slot_name::text as name, coalesce(database::text, '') as database, active
    from pg_replication_slots order by slot_name`,
};

/** WAL senders at work, ours left out: those are counted as needed. */
export function busySenders(prefix: string): Statement {
  return {
    text: `select count(*)::int as count from pg_stat_replication where not starts_with(application_name, $1)`,
    values: [prefix],
  };
}

/** Prepared transactions of every database. */
export const preparedTransactions: Statement = {
  text: `select gid, owner::text as owner, database::text as database from pg_prepared_xacts order by prepared`,
};

/**
 * Transactions that have written and are older than `seconds`. The creation of a slot waits for these alone: readers have no
 * transaction id (facts A12).
 */
export function longTransactions(seconds: number, ourPrefix: string): Statement {
  return {
    text: `select pid, coalesce(usename::text, '') as role, coalesce(datname::text, '') as database,
        floor(extract(epoch from clock_timestamp() - xact_start))::int as seconds
      from pg_stat_activity
      where backend_xid is not null and pid <> pg_backend_pid()
        and xact_start < clock_timestamp() - make_interval(secs => $1)
        and not starts_with(coalesce(application_name, ''), $2)
      order by xact_start`,
    values: [seconds, ourPrefix],
  };
}

/** Subscriptions of every database; `subconninfo`, the one column with a secret, is not read. */
export const subscriptions: Statement = {
  text: `select s.subname::text as name, d.datname::text as database
    from pg_subscription s join pg_database d on d.oid = s.subdbid order by 2, 1`,
};

/** Sessions of the master user that are not Sealift's own. */
export function masterSessions(ourPrefix: string): Statement {
  return {
    text: `select coalesce(application_name, '') as application, coalesce(datname::text, '') as database,
        count(*)::int as count
      from pg_stat_activity
      where usename = current_user and backend_type = 'client backend' and pid <> pg_backend_pid()
        and not starts_with(coalesce(application_name, ''), $1)
      group by 1, 2 order by 3 desc, 1, 2`,
    values: [ourPrefix],
  };
}

/**
 * Every database that could be migrated, with what the master may do in it; its owner's rights can be taken. A `datconnlimit` of -2 marks one whose removal
 * was interrupted.
 */
export const databases: Statement = {
  text: `select datname::text as name, datallowconn as "allowsConnections", datconnlimit = -2 as invalid,
      datconnlimit as "connectionLimit",
      has_database_privilege(d.oid, 'connect') as "mayConnect",
      has_database_privilege(d.oid, 'create') or (not r.rolsuper and case
        when current_setting('server_version_num')::int >= 160000 then pg_has_role(r.oid, 'member with admin option')
        else me.rolcreaterole end) as "mayCreate"
    from pg_database d
    join pg_roles r on r.oid = d.datdba
    join pg_roles me on me.rolname = current_user
    where not d.datistemplate and d.datname <> 'rdsadmin'
    order by d.datname`,
};

/** True when the ledger exists and its row can be read. */
export const ledgerReadable: Statement = {
  text: `select exists (
      select from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = '${LEDGER_SCHEMA}' and c.relname = 'migration'
        and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')) as readable`,
};
