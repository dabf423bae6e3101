/** Statements of backups and restores: all of them only read. */
import type { Statement } from '../platform/postgres';
import { USER_NAMESPACE } from '../platform/user-objects';
import { type ComparedTable, relationOf } from '../proof/tables';

/** Who the server is. `pg_control_system()` names the cluster: a physical copy has the same identifier. */
export const serverIdentity: Statement = {
  text: `select pg_is_in_recovery() as standby, current_setting('server_version') as "engineVersion",
      (select system_identifier::text from pg_control_system()) as "systemIdentifier"`,
};

/** Databases that take connections, templates left out; RDS keeps `rdsadmin` to itself. */
export const databases: Statement = {
  text: `select datname as database, has_database_privilege(oid, 'connect') as enterable from pg_database
    where datallowconn and not datistemplate and datname <> 'rdsadmin' order by datname`,
};

/**
 * End of the WAL that was written, and whether `lsn` is flushed: a commit of `synchronous_commit = off` is seen before that. At the end of a
 * page the written end already stands behind the header of the next one, 24 or 40 bytes on, and no record is that short.
 */
export function walEndsBehind(lsn: string): Statement {
  return {
    text: `select written::text as written,
        flushed >= $1::pg_lsn or ((flushed - '0/0') % 8192 = 0 and $1::pg_lsn - flushed <= 40) as reached
      from (select pg_current_wal_insert_lsn() as written, pg_current_wal_flush_lsn() as flushed) as wal`,
    values: [lsn],
  };
}

/**
 * The oldest transaction that the present snapshot sees running: all before it are at their end. Subtransactions are no members of a
 * snapshot's list, but they are younger than what they belong to, so the horizon stands before them too. The names of 12 and older
 * are kept by all majors since.
 */
export const horizon: Statement = {
  text: `select txid_snapshot_xmin(txid_current_snapshot())::text as horizon,
      (txid_snapshot_xmax(txid_current_snapshot()) - txid_snapshot_xmin(txid_current_snapshot()))::text as age`,
};

/**
 * Count and hash of the row versions from before `horizon`. Transaction ids are compared as PostgreSQL does, modulo 2^32; those below
 * 3 are older than all others. A version that was frozen more than 2^31 transactions ago can look young and is left out, in
 * every reading alike. `samplePercent` below 100 reads the blocks that a fixed seed draws: their numbers decide, on every copy.
 */
export function versionsBefore(horizonXid: string, table: ComparedTable, samplePercent: number): Statement {
  const sample = samplePercent < 100 ? ' tablesample system ($2::real) repeatable (1)' : '';
  return {
    text: `select count(*)::text as rows, coalesce(sum(hashtextextended((compared.*)::text, 0)), 0)::text as hash
      from only ${relationOf(table)} as compared${sample}
      where compared.xmin::text::bigint < 3
        or (compared.xmin::text::bigint - $1::bigint % 4294967296 + 4294967296) % 4294967296 >= 2147483648`,
    values: samplePercent < 100 ? [horizonXid, samplePercent] : [horizonXid],
  };
}

/** Tables whose rows the session may not read, or of which a policy would hide some. */
export const unreadableTables: Statement = {
  text: `select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and c.relpersistence = 'p' and ${USER_NAMESPACE}
      and not (has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') and not row_security_active(c.oid))`,
};

/** Every permanent sequence that the session may read; `last` is null until its first value. */
export const sequences: Statement = {
  text: `select n.nspname as schema, c.relname as name, q.last_value::text as last, s.seqincrement::text as increment,
      s.seqcache::text as cache, s.seqcycle as cycles
    from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_sequences q on q.schemaname = n.nspname and q.sequencename = c.relname
    where c.relpersistence = 'p' and ${USER_NAMESPACE} and has_sequence_privilege(c.oid, 'usage, select')`,
};

/** Unlogged tables: a restore has them without rows (facts E17). */
export const unloggedTables: Statement = {
  text: `select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and c.relpersistence = 'u' and ${USER_NAMESPACE} order by 1, 2`,
};

/** Reads of one moment, and nothing is changed. */
export const ONE_MOMENT = 'isolation level repeatable read, read only';
