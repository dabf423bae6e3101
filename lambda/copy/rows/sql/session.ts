/** Settings of the sessions that move rows. */
import type { Statement } from '../../../platform/postgres';

/** Settings that the text of a value depends on, where it is written or where it is read (fault 64). */
const PINNED = {
  client_encoding: 'UTF8',
  datestyle: 'ISO, YMD',
  timezone: 'UTC',
  intervalstyle: 'postgres',
  extra_float_digits: '3',
  bytea_output: 'hex',
  lc_monetary: 'C',
  xmlbinary: 'base64',
  // A column may hold fragments as well as documents.
  xmloption: 'content',
  array_nulls: 'on',
  // Names of objects in `reg*` values come and go with their schema.
  search_path: 'pg_catalog',
  // Row security must not hide rows: an error is better than a filter.
  row_security: 'off',
  default_transaction_read_only: 'off',
  jit: 'off',
} as const;

/** Pins them; what a version lacks (`jit` came with 11) is left alone. */
export const pinForCopy: Statement = {
  text: `select set_config(pinned.name, pinned.value, false)
    from unnest($1::text[], $2::text[]) as pinned(name, value)
    where exists (select from pg_settings s where lower(s.name) = pinned.name)`,
  values: [Object.keys(PINNED), Object.values(PINNED)],
};

/** Triggers and foreign keys do not act on rows that arrive; they did where the rows come from. */
export const actAsReplica: Statement = { text: `select set_config('session_replication_role', 'replica', false)` };
