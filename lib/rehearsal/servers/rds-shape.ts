/** Gives a fresh server the roles, grants and databases of an RDS instance, as far as community PostgreSQL allows. */
import type { Client } from 'pg';
import type { PostgresServer } from './postgres-server';

/** The master user, as `CreateDBInstance` names it. */
export interface MasterUser {
  readonly masterUsername: string;
  readonly masterPassword: string;
}

/** Below this major CREATE SUBSCRIPTION needs a superuser; RDS patches it for rds_superuser, community PostgreSQL cannot. */
const FIRST_MAJOR_WITHOUT_SUPERUSER = 16;

/** Predefined roles that rds_superuser is a member of, with the major that brought each. */
const PREDEFINED_ROLES: readonly { readonly role: string; readonly since: number }[] = [
  { role: 'pg_monitor', since: 10 },
  { role: 'pg_read_all_stats', since: 10 },
  { role: 'pg_signal_backend', since: 10 },
  { role: 'pg_checkpoint', since: 15 },
  { role: 'pg_create_subscription', since: 16 },
];

/** Predefined roles that it may hand on and does not use itself, which only a membership of 16 on can say. */
const HANDED_ON = ['pg_read_all_data', 'pg_write_all_data'];

/** Settings that RDS lets rds_superuser change in a session; elsewhere they are the superuser's (grantable from 15). */
const GRANTED_SETTINGS = ['session_replication_role', 'log_statement', 'log_min_duration_statement'];

/**
 * Shapes a fresh server like an RDS instance: `rds_superuser`, `rds_replication`, the master user, database `postgres` owned
 * by the master, database `rdsadmin` closed to it. The master is no superuser from 16 on; below it must be one, because
 * CREATE SUBSCRIPTION asks for it there. Throws when the server was shaped before.
 */
export async function shapeAsRds(server: PostgresServer, master: MasterUser): Promise<void> {
  await server.withAdmin('postgres', async (session) => {
    await createGroups(session, server.major);
    await createMaster(session, server.major, master);
    await createDatabases(session, master.masterUsername);
  });
  // Grants on functions are per database; what is in a template is in every database made from it.
  for (const database of ['postgres', 'template1', 'template0']) {
    await server.withAdmin(database, grantReplicationFunctions);
  }
  await server.withAdmin('postgres', (session) => allowConnections(session, 'template0', false));
}

/** Sets a role's password; the statement, which holds it in the clear, reaches no log (facts K8). */
export async function setMasterPassword(server: PostgresServer, username: string, password: string): Promise<void> {
  await server.withAdmin('postgres', (session) => setPassword(session, username, password));
}

/**
 * Gives database `postgres` the function `rds_tools.logical_seed_lsn()`, answering `lsn`, for rds_superuser. On RDS it comes
 * with `create extension rds_tools` on a restored instance (facts A5); here the value was read at the copy's first start.
 */
export async function installSeedFunction(server: PostgresServer, lsn: string): Promise<void> {
  if (!/^[0-9A-F]+\/[0-9A-F]+$/i.test(lsn)) throw new Error(`${lsn} is no LSN: the seed function was not installed`);
  await server.withAdmin('postgres', async (session) => {
    await session.query(`
      begin;
      create schema if not exists rds_tools;
      create or replace function rds_tools.logical_seed_lsn() returns pg_lsn
        language sql immutable
        as $$ select '${lsn}'::pg_lsn $$;
      revoke all on function rds_tools.logical_seed_lsn() from public;
      grant usage on schema rds_tools to rds_superuser;
      grant execute on function rds_tools.logical_seed_lsn() to rds_superuser;
      commit`);
  });
}

async function createGroups(session: Client, major: number): Promise<void> {
  await session.query('create role rds_replication nologin');
  await session.query('create role rds_superuser nologin');
  for (const { role, since } of PREDEFINED_ROLES) {
    if (major >= since) await session.query(`grant ${role} to rds_superuser with admin option`);
  }
  if (major >= FIRST_MAJOR_WITHOUT_SUPERUSER) {
    for (const role of HANDED_ON) {
      await session.query(`grant ${role} to rds_superuser with admin true, inherit false, set false`);
    }
  }
  if (major < 15) return;
  for (const name of GRANTED_SETTINGS) await session.query(`grant set on parameter ${name} to rds_superuser`);
}

async function createMaster(session: Client, major: number, master: MasterUser): Promise<void> {
  const role = session.escapeIdentifier(master.masterUsername);
  const superuser = major < FIRST_MAJOR_WITHOUT_SUPERUSER ? 'superuser' : 'nosuperuser';
  // REPLICATION, because it is the attribute that makes slots and that its owner may hand on; on RDS rds_superuser can both.
  await session.query(`create role ${role} login createrole createdb replication ${superuser}`);
  await setPassword(session, master.masterUsername, master.masterPassword);
  await session.query(`grant rds_superuser, rds_replication to ${role} with admin option`);
}

async function createDatabases(session: Client, masterUsername: string): Promise<void> {
  await session.query(`alter database postgres owner to ${session.escapeIdentifier(masterUsername)}`);
  await session.query('create database rdsadmin');
  await session.query('revoke all on database rdsadmin from public');
  await allowConnections(session, 'template0', true);
}

async function allowConnections(session: Client, database: string, allowed: boolean): Promise<void> {
  await session.query(`alter database ${session.escapeIdentifier(database)} allow_connections ${allowed}`);
}

/** What the snapshot road needs of the origin functions; superuser-only by default (facts B20). */
async function grantReplicationFunctions(session: Client): Promise<void> {
  const result = await session.query<{ signature: string }>(`
    select p.oid::regprocedure::text as signature
      from pg_catalog.pg_proc p
     where p.pronamespace = 'pg_catalog'::regnamespace
       and (p.proname like 'pg\\_replication\\_origin\\_%' or p.proname = 'pg_show_replication_origin_status')`);
  for (const { signature } of result.rows) {
    await session.query(`grant execute on function ${signature} to rds_superuser`);
  }
  await session.query('grant select on pg_catalog.pg_replication_origin_status to rds_superuser');
}

async function setPassword(session: Client, username: string, password: string): Promise<void> {
  const silence = ['log_statement', 'log_min_duration_statement', 'log_min_error_statement'];
  const values = ['none', '-1', 'panic'];
  await session.query('begin');
  try {
    await session.query('select set_config(name, value, true) from unnest($1::text[], $2::text[]) as s(name, value)', [
      silence,
      values,
    ]);
    await session.query(`alter role ${session.escapeIdentifier(username)} password ${session.escapeLiteral(password)}`);
    await session.query('commit');
  } catch (error) {
    await session.query('rollback').catch(() => undefined);
    throw error;
  }
}
