/** Settings of the sessions that move rows. */
import type { Statement } from '../../../platform/postgres';
import { ROW_TEXT_SETTINGS } from '../../../proof/row-hash';

/** What the text of a row depends on where it is written, and what its reading depends on besides. */
const PINNED = {
  ...ROW_TEXT_SETTINGS,
  client_encoding: 'UTF8',
  // A column may hold fragments as well as documents.
  xmloption: 'content',
  array_nulls: 'on',
  default_transaction_read_only: 'off',
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
