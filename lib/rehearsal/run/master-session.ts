/** Sessions of the rehearsal's own: as the master, who is no superuser, and on either server. */
import { checkServerIdentity } from 'node:tls';
import { Client } from 'pg';
import type { PostgresServer } from '../servers/postgres-server';

/** Who connects. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** Opens a connected client over verified TLS; the caller ends it. */
export async function connect(
  server: Pick<PostgresServer, 'port' | 'caPem'>,
  login: Login,
  database: string,
): Promise<Client> {
  const client = new Client({
    host: '127.0.0.1',
    port: server.port,
    database,
    ...login,
    application_name: 'rehearsal',
    connectionTimeoutMillis: 10_000,
    ssl: { ca: server.caPem, checkServerIdentity: (_, certificate) => checkServerIdentity('127.0.0.1', certificate) },
  });
  // A session that breaks while idle tells its user at the next query; without a listener it would end this process.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  return client;
}
