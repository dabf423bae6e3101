import type { Client } from 'pg';
import { parseDecodedLine, type RowChange } from './test-decoding';

/** A committed transaction of the source. */
export interface SourceTransaction {
  /** Top-level id, 32 bits. */
  readonly xid: string;
  /** End of its commit record. */
  readonly endLsn: string;
  /** Epoch milliseconds; null when the server does not say. */
  readonly committedAt: number | null;
  readonly changes: readonly RowChange[];
}

/** How many lines one look brings at least; a transaction is never cut. */
const LINES = 5_000;

/**
 * The next transactions of a slot, in the order of their commits; looking takes nothing away. Truncations are read over: DMS
 * does not carry them.
 */
export async function peekTransactions(client: Client, slot: string): Promise<SourceTransaction[]> {
  const { rows } = await client.query<{ lsn: string; data: string }>(
    `select lsn::text, data
       from pg_catalog.pg_logical_slot_peek_changes($1, null, $2, 'include-xids', '1', 'include-timestamp', '1')`,
    [slot, LINES],
  );
  const transactions: SourceTransaction[] = [];
  let open: { xid: string; changes: RowChange[] } | null = null;
  for (const { lsn, data } of rows) {
    const line = parseDecodedLine(data);
    if (line.kind === 'begin') open = { xid: line.xid, changes: [] };
    else if (line.kind === 'change') open?.changes.push(line.change);
    else if (line.kind === 'commit' && open) {
      transactions.push({ ...open, endLsn: lsn, committedAt: line.committedAt });
      open = null;
    }
  }
  return transactions;
}

/** Lets the slot go behind what the target has. */
export async function confirm(client: Client, slot: string, lsn: string): Promise<void> {
  await client.query('select pg_catalog.pg_replication_slot_advance($1, $2)', [slot, lsn]);
}
