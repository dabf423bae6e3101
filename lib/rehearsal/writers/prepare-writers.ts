import { type Client, escapeIdentifier, escapeLiteral } from 'pg';
import type { WriterDatabase, WriterMode } from './protocol';

/** What `prepareWriters` needs. */
export interface PrepareWritersOptions {
  /** Opens a connected client as the master; the caller's credentials, this function ends the client. */
  readonly connect: (database: string) => Promise<Client>;
  readonly databases: readonly WriterDatabase[];
  readonly mode: WriterMode;
}

/**
 * Makes schema `rehearsal` in each database, and in `generic` mode the application's role and its grants.
 *
 * `rehearsal.writes` has one row per write under a primary key, so a lost write shows. `rehearsal.appends` has the same
 * rows without any key, so a write that is applied twice shows too. Both belong to the master.
 */
export async function prepareWriters(options: PrepareWritersOptions): Promise<void> {
  for (const target of options.databases) {
    const client = await options.connect(target.database);
    try {
      if (options.mode === 'generic') await createApplicationRole(client, target);
      await client.query(createLedgerTables(escapeIdentifier(target.user)));
      if (options.mode === 'generic') await grantTables(client, target);
    } finally {
      await client.end();
    }
  }
}

function createLedgerTables(role: string): string {
  return `
    create schema rehearsal;
    create table rehearsal.writes (
      writer integer not null,
      number bigint not null,
      written_at timestamptz not null default pg_catalog.clock_timestamp(),
      primary key (writer, number)
    );
    create table rehearsal.appends (writer integer not null, number bigint not null);
    create sequence rehearsal.handed_out cache 7;
    create sequence rehearsal.handed_out_downwards increment by -1;
    grant usage on schema rehearsal to ${role};
    grant select, insert on rehearsal.writes, rehearsal.appends to ${role};
    grant usage on sequence rehearsal.handed_out, rehearsal.handed_out_downwards to ${role};
  `;
}

async function createApplicationRole(client: Client, target: WriterDatabase): Promise<void> {
  const known = await client.query('select from pg_catalog.pg_roles where rolname = $1', [target.user]);
  if (known.rowCount) return;
  await client.query(`create role ${escapeIdentifier(target.user)} login password ${escapeLiteral(target.password)}`);
}

/** Grants what the master can grant: tables of owners that it is no member of are left out. */
async function grantTables(client: Client, target: WriterDatabase): Promise<void> {
  const role = escapeIdentifier(target.user);
  await client.query(`grant connect on database ${escapeIdentifier(target.database)} to ${role}`);
  const tables = await client.query<{ schema: string; name: string }>(`
    select n.nspname as schema, c.relname as name
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p')
      and n.nspname !~ '^pg_'
      and n.nspname not in ('information_schema', 'rehearsal', 'sealift')
      and pg_catalog.pg_has_role(c.relowner, 'usage')
      and pg_catalog.pg_has_role(n.nspowner, 'usage')
    order by 1, 2`);
  const bySchema = new Map<string, string[]>();
  for (const { schema, name } of tables.rows) {
    const names = bySchema.get(schema) ?? [];
    names.push(`${escapeIdentifier(schema)}.${escapeIdentifier(name)}`);
    bySchema.set(schema, names);
  }
  for (const [schema, names] of bySchema) {
    await client.query(`grant usage on schema ${escapeIdentifier(schema)} to ${role}`);
    await client.query(`grant select, update on ${names.join(', ')} to ${role}`);
  }
}
