import type { Client } from 'pg';
import type { RunWorld } from './run-world';

/** Names of the control tables on the target, quoted and with their schema. */
export interface ControlTables {
  readonly exceptions: string;
  readonly validationFailures: string;
  readonly recovery: string;
}

/** Names the control tables of a task; `public` unless the settings name a schema. */
export function controlTables(client: Client, world: RunWorld): ControlTables {
  const schema = client.escapeIdentifier(world.task.settings.controlSchema);
  return {
    exceptions: `${schema}.awsdms_apply_exceptions`,
    validationFailures: `${schema}.awsdms_validation_failures_v1`,
    recovery: `${schema}.awsdms_txn_state`,
  };
}

/** Makes the control tables that the settings ask for; column names are in capitals, as DMS makes them on PostgreSQL. */
export async function createControlTables(client: Client, world: RunWorld): Promise<void> {
  const { settings } = world.task;
  const { exceptions, validationFailures, recovery } = controlTables(client, world);
  await client.query("set client_min_messages = 'warning'");
  if (settings.controlSchema !== 'public')
    await client.query(`create schema if not exists ${client.escapeIdentifier(settings.controlSchema)}`);
  await client.query(
    `create table if not exists ${exceptions} ("TASK_NAME" varchar(128) not null, "TABLE_OWNER" varchar(128) not null,
       "TABLE_NAME" varchar(128) not null, "ERROR_TIME" timestamp not null, "STATEMENT" text not null, "ERROR" text not null)`,
  );
  if (settings.validation.enabled) {
    await client.query(
      `create table if not exists ${validationFailures} ("TASK_NAME" varchar(128) not null,
         "TABLE_OWNER" varchar(128) not null, "TABLE_NAME" varchar(128) not null, "FAILURE_TIME" timestamp not null,
         "KEY_TYPE" varchar(128) not null, "KEY" varchar(8002) not null, "FAILURE_TYPE" varchar(128) not null,
         "DETAILS" varchar(8000) not null)`,
    );
  }
  if (settings.recoveryTable)
    await client.query(
      `create table if not exists ${recovery} ("TASK_ID" text primary key, "CHECKPOINT" text not null)`,
    );
}

/** Something that the target did not take. */
export interface ApplyException {
  readonly schema: string;
  readonly table: string;
  readonly statement: string;
  readonly error: string;
}

/** Writes down what the target did not take; the statement holds the row, as DMS has it, and stays on the target. */
export async function writeException(client: Client, world: RunWorld, exception: ApplyException): Promise<void> {
  await client.query(
    `insert into ${controlTables(client, world).exceptions} values ($1, $2, $3, now() at time zone 'UTC', $4, $5)`,
    [world.task.identifier, exception.schema, exception.table, exception.statement, exception.error],
  );
}

/** Keeps the position together with the rows of the same transaction. */
export async function writeRecovery(client: Client, world: RunWorld, lsn: string): Promise<void> {
  await client.query(
    `insert into ${controlTables(client, world).recovery} values ($1, $2)
       on conflict ("TASK_ID") do update set "CHECKPOINT" = excluded."CHECKPOINT"`,
    [world.task.arn, lsn],
  );
}

/** The position that the target has; null when it keeps none. */
export async function readRecovery(client: Client, world: RunWorld): Promise<string | null> {
  if (!world.task.settings.recoveryTable) return null;
  const { rows } = await client.query<{ CHECKPOINT: string }>(
    `select "CHECKPOINT" from ${controlTables(client, world).recovery} where "TASK_ID" = $1`,
    [world.task.arn],
  );
  return rows[0]?.CHECKPOINT ?? null;
}
