/** Statements of `claim`. */
import type { Statement } from '../../platform/postgres';

/** Is this a standby, which cluster is it, and a first epoch: the database's clock in µs, so that none returns. */
export const serverFacts: Statement = {
  text: `select pg_is_in_recovery() as standby, (extract(epoch from clock_timestamp()) * 1000000)::bigint::text as "firstEpoch",
      (select system_identifier::text from pg_control_system()) as "systemIdentifier"`,
};

/** Rows of other migrations that are not over. */
export function otherMigrations(migrationId: string): Statement {
  return {
    text: `select migration_id as id, phase, execution from sealift.migration
      where migration_id <> $1 and phase <> 'aborted' order by migration_id`,
    values: [migrationId],
  };
}

/** Owners of those databases that the current user may not enter or in which it may not make a schema. */
export function ownersOfClosed(databases: readonly string[]): Statement {
  return {
    text: `select pg_get_userbyid(datdba) as owner from pg_database
      where datname = any($1)
        and not (has_database_privilege(oid, 'connect') and has_database_privilege(oid, 'create'))
      order by datname`,
    values: [databases],
  };
}
