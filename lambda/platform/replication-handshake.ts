/** A replication connection to a database that is opened, asked who it speaks to, and closed: walsender, privilege and pg_hba.conf in one. */
import { Client, type ClientConfig, DatabaseError } from 'pg';
import { translate } from './postgres-error';

/**
 * Opens a logical walsender as slots, streams and subscriptions do. Returns null when it was let in, else the SQLSTATE of the server's
 * refusal; throws what the network did.
 */
export async function replicationRefusal(config: ClientConfig): Promise<string | null> {
  // `replication` is a start-up parameter that the driver passes on and its types leave out.
  const client = new Client({ ...config, replication: 'database' } as ClientConfig);
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('IDENTIFY_SYSTEM');
    return null;
  } catch (error) {
    if (error instanceof DatabaseError) return error.code ?? 'XX000';
    throw translate('opening a replication connection', error);
  } finally {
    await client.end().catch(() => undefined);
  }
}
