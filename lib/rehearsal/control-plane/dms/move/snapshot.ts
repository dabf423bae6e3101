/** Transaction ids that `test_decoding` writes have 32 bits, those of a snapshot 64; a rehearsal never wraps around. */
const EPOCH = 1n << 32n;

/**
 * Whether a load under this snapshot has seen the transaction, so that its changes must not be applied again.
 *
 * @param snapshot as `pg_current_snapshot()` writes it: `xmin:xmax:running,…`
 * @param xid top-level id of a committed transaction
 */
export function sees(snapshot: string, xid: string): boolean {
  const [xmin = '0', xmax = '0', running = ''] = snapshot.split(':');
  const epoch = (BigInt(xmax) / EPOCH) * EPOCH;
  const id = BigInt(xid) + epoch;
  if (id < BigInt(xmin)) return true;
  if (id >= BigInt(xmax)) return false;
  return !running.split(',').includes(String(id));
}
