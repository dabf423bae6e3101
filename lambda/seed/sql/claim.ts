/** Statements of `claim`. */
import type { Statement } from '../../platform/postgres';

/** Is this a standby, which cluster is it, and a first epoch: the database's clock in seconds, so that none ever returns. */
export const serverFacts: Statement = {
  text: `select pg_is_in_recovery() as standby, extract(epoch from clock_timestamp())::bigint::text as "firstEpoch",
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

/** Names the caller in the row of the migration. */
export function setExecution(migrationId: string, execution: string): Statement {
  return {
    text: 'update sealift.migration set execution = $2, updated_at = clock_timestamp() where migration_id = $1',
    values: [migrationId, execution],
  };
}

/** Owner of the current database, and whether the current user may make a schema in it. */
export const databaseOwner: Statement = {
  text: `select pg_get_userbyid(datdba) as owner, has_database_privilege(current_database(), 'create') as "mayCreate"
    from pg_database where datname = current_database()`,
};
