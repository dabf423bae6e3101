import { type Client, escapeIdentifier } from 'pg';
import { failureOf } from './session';
import type { Transaction, Workload } from './transaction';

interface Updatable {
  readonly name: string;
  readonly key: readonly string[];
  readonly column: string;
}

const MOST_TABLES = 200;
/** A table whose own triggers or constraints refuse the update is left alone after so many tries. */
const MOST_FAILURES = 5;

/**
 * Tables that the application may update and whose rows a primary key names, with a column that can be set to itself:
 * not generated, and no identity that is always generated. Partitions are reached through their roots.
 */
const UPDATABLE_TABLES = `
  select c.oid::regclass::text as name,
         array(select a.attname::text from unnest(i.indkey) with ordinality k(attnum, place)
               join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum order by k.place) as key,
         (select a.attname::text from pg_catalog.pg_attribute a
          where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attidentity <> 'a'
          order by a.attnum = any (i.indkey::smallint[]), a.attnum desc limit 1) as column
  from pg_catalog.pg_class c
  join pg_catalog.pg_index i on i.indrelid = c.oid and i.indisprimary
  where c.relkind in ('r', 'p') and not c.relispartition
    and c.relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema', 'rehearsal', 'sealift')
    and pg_catalog.has_schema_privilege(c.relnamespace, 'usage')
    and pg_catalog.has_table_privilege(c.oid, 'select') and pg_catalog.has_table_privilege(c.oid, 'update')
  order by pg_catalog.md5(c.oid::regclass::text)
  limit ${MOST_TABLES}`;

/** Finds what can be updated without a change of content: rows of any dump, triggers and all. */
export async function genericWorkloads(client: Client): Promise<Workload[]> {
  const tables = await client.query<Updatable>(UPDATABLE_TABLES);
  const updates = tables.rows
    .filter((table) => table.column !== null)
    .map((table, index) => updateOneRow(table, `update ${index}`));
  return updates.length > 0 ? updates : [useSequences];
}

function updateOneRow(table: Updatable, statementName: string): Workload {
  const key = table.key.map((column) => escapeIdentifier(column)).join(', ');
  const column = escapeIdentifier(table.column);
  const text = `
    update ${table.name} set ${column} = ${column}
    where (${key}) = (select ${key} from ${table.name} order by ${key} offset $1 limit 1 for no key update skip locked)`;
  let failures = 0;
  return async (tx: Transaction) => {
    if (failures < MOST_FAILURES) {
      try {
        await tx.query(statementName, text, [tx.pick(100) - 1]);
      } catch (error) {
        if (failureOf(error) === 'conflict') failures += 1;
        throw error;
      }
    }
    await useSequences(tx);
  };
}

async function useSequences(tx: Transaction): Promise<void> {
  const [values] = await tx.query<{ up: string; down: string }>(
    'use sequences',
    `select nextval('rehearsal.handed_out') as up, nextval('rehearsal.handed_out_downwards') as down`,
  );
  tx.gave('rehearsal.handed_out', values?.up);
  tx.gave('rehearsal.handed_out_downwards', values?.down);
}
