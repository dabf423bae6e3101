import { Client, DatabaseError } from 'pg';
import type { Address, WriterDatabase, WriterSettings } from './protocol';

/** A connection to a database of the application, and which server it leads to. */
export interface Session {
  readonly client: Client;
  /** `host:port`, which tells servers apart. */
  readonly server: string;
  /** Whether the connection was lost; a client that was cut while idle says so only here. */
  broken(): boolean;
}

/**
 * Connects as the application does: TLS verified in full, no URL, no search for the name outside this machine when it
 * ends in `.localhost` (not every system's resolver knows it).
 */
export async function openSession(
  settings: WriterSettings,
  database: WriterDatabase,
  address: Address,
): Promise<Session> {
  let broken = false;
  const client = new Client({
    host: isLocal(address.host) ? '127.0.0.1' : address.host,
    port: address.port,
    database: database.database,
    user: database.user,
    password: database.password,
    application_name: 'rehearsal writer',
    connectionTimeoutMillis: settings.attemptTimeoutMs,
    query_timeout: settings.attemptTimeoutMs,
    ssl: { ca: settings.ca, servername: settings.servername ?? address.host },
  });
  client.on('error', () => {
    broken = true;
  });
  client.on('end', () => {
    broken = true;
  });
  try {
    await client.connect();
  } catch (error) {
    discard(client);
    throw error;
  }
  return { client, server: `${address.host}:${address.port}`, broken: () => broken };
}

/** Drops a connection without waiting for the server to agree. */
export function discard(client: Client): void {
  client.end().catch(() => undefined);
  // A server that is gone never answers the goodbye; the socket must not keep the writers waiting.
  (client as unknown as { connection?: { stream?: { destroy(): void } } }).connection?.stream?.destroy();
}

function isLocal(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}

/** How an attempt to write can fail. */
export type Failure =
  /** Another transaction won, or the data did not allow it: the database is there, and the connection lives. */
  | 'conflict'
  /** The database did not let the application write; the connection lives. */
  | 'refused'
  /** The connection is lost, or the server is about to close it. */
  | 'cut';

/** Tells failures apart by severity and SQLSTATE alone. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof DatabaseError) || error.code === undefined) return 'cut';
  if (error.severity === 'FATAL' || error.severity === 'PANIC') return 'cut';
  if (/^(08|57P0)/.test(error.code)) return 'cut';
  // Integrity and data exceptions, serialization failures and deadlocks, lock timeouts, statement timeouts.
  return /^(22|23|40|55P03|57014|P0)/.test(error.code) ? 'conflict' : 'refused';
}

/** A short name of a failure for the record: SQLSTATE, or Node.js' code; never a message. */
export function failureCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'connection lost';
}
