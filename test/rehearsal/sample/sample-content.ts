import type { Client } from 'pg';
import { SAMPLE_LOGINS, type SamplePasswords } from '../../../lib/rehearsal/sample/roles';
import type { MasterUser } from '../../../lib/rehearsal/servers/rds-shape';

/** The master user of test servers. */
export const MASTER: MasterUser = { masterUsername: 'master', masterPassword: 'master of tests' };

/** A password for each login of the sample. */
export const PASSWORDS = Object.fromEntries(SAMPLE_LOGINS.map((login) => [login, `it's ${login}`])) as SamplePasswords;

/** A hash of every table's rows, whatever their order, by the table's quoted name. */
export async function contentOf(client: Client): Promise<Record<string, string>> {
  await client.query(
    `set timezone = 'UTC'; set search_path = pg_catalog; set bytea_output = 'hex'; set extra_float_digits = 3`,
  );
  const tables = await client.query<{ name: string }>(`
    select c.oid::regclass::text as name from pg_class c
    where c.relkind in ('r', 'm') and c.relispopulated and c.relnamespace::regnamespace::text !~ '^(pg_|information_schema)' order by 1`);
  const content: Record<string, string> = {};
  for (const { name } of tables.rows) {
    const result = await client.query<{ hash: string }>(
      `select count(*) || ' rows ' || md5(coalesce(string_agg(md5(t::text), '' order by md5(t::text)), '')) as hash from only ${name} t`,
    );
    content[name] = result.rows[0]?.hash ?? '';
  }
  return content;
}

/** The position of every sequence by its name. */
export async function sequencesOf(client: Client): Promise<Record<string, string | null>> {
  const result = await client.query<{ name: string; last: string | null }>(
    `select format('%I.%I', schemaname, sequencename) as name, last_value::text as last from pg_sequences`,
  );
  return Object.fromEntries(result.rows.map((row) => [row.name, row.last]));
}
