/**
 * A slot made together with a snapshot of exactly its consistent point, held by a backend that needs no living client: the
 * walsender that made the slot exports the snapshot and goes to sleep inside its transaction (facts F13). Copiers come and go
 * and import the snapshot by its name; it ends with the backend.
 */
import type { Socket } from 'node:net';
import { Client, type ClientConfig } from 'pg';
import { NotReady } from '../errors';
import { translate } from './postgres-error';
import { ident } from './quote';

/** Plugins that hand out a slot's changes. */
export type OutputPlugin = 'pgoutput' | 'pglogical_output' | 'test_decoding';

/** What a holder is made with. */
export interface HolderRequest {
  /** Name of the slot. */
  readonly slot: string;
  /** Plugin that hands out the slot's changes. */
  readonly outputPlugin: OutputPlugin;
  /** `application_name` by which the backend is found again. */
  readonly applicationName: string;
  /** Longest wait for the slot, which waits for every transaction that has already written (facts A12). */
  readonly timeoutMs: number;
}

/** A slot, and the snapshot that ends where it begins. */
export interface HeldSnapshot {
  readonly slot: string;
  /** LSN from which the slot hands out changes; the snapshot sees everything that committed before it. */
  readonly consistentPoint: string;
  /** Name by which other transactions import the snapshot. */
  readonly snapshot: string;
  /** Process of the backend that holds it. */
  readonly pid: number;
  /** When that backend began, microseconds since 1970, decimal: process ids return. */
  readonly backendStart: string;
}

/** Longest life of a holder, seconds: forgotten ones must not hold back vacuum for ever. */
const SLEEP_SECONDS = 30 * 24 * 60 * 60;

/** A customer's default of any of these would end the holder; what a version lacks is left alone. */
const LIVE_ON = `select pg_catalog.set_config(name, '0', false) from pg_catalog.pg_settings where name in
  ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout',
   'transaction_timeout', 'client_connection_check_interval')`;

/** Process id and start of the present backend. */
const WHO = `select pid, (extract(epoch from backend_start) * 1000000)::bigint::text as "backendStart"
  from pg_catalog.pg_stat_activity where pid = pg_catalog.pg_backend_pid()`;

/**
 * Makes the slot and leaves its backend asleep. Throws `NotReady` when the slot could not be made in time; a backend that still
 * waits is the caller's to end, by its name.
 */
export async function startHolder(config: ClientConfig, request: HolderRequest): Promise<HeldSnapshot> {
  const { slot, outputPlugin, applicationName, timeoutMs } = request;
  // `replication` is a start-up parameter that the driver passes on and its types leave out.
  const settings = { ...config, application_name: applicationName, replication: 'database' } as ClientConfig;
  const client = new Client(settings);
  client.on('error', () => undefined);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NotReady(`slot ${slot} was not made within ${timeoutMs} ms`)), timeoutMs);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([hold(client, slot, outputPlugin), late]);
  } catch (error) {
    throw error instanceof NotReady ? error : translate(`making slot ${slot} with a snapshot`, error);
  } finally {
    clearTimeout(timer);
    leave(client);
  }
}

async function hold(client: Client, slot: string, outputPlugin: OutputPlugin): Promise<HeldSnapshot> {
  await client.connect();
  await client.query(LIVE_ON);
  const [who] = (await client.query<{ pid: number; backendStart: string }>(WHO)).rows;
  await client.query('begin isolation level repeatable read read only');
  // The replication grammar knows its words in upper case only; this form is known from 10 on.
  const made = await client.query<{ consistent_point: string }>(
    `CREATE_REPLICATION_SLOT ${ident(slot)} LOGICAL ${outputPlugin} USE_SNAPSHOT`,
  );
  const exported = await client.query<{ snapshot: string }>('select pg_catalog.pg_export_snapshot() as snapshot');
  const [point, snapshot] = [made.rows[0]?.consistent_point, exported.rows[0]?.snapshot];
  if (who === undefined || point === undefined || snapshot === undefined) {
    throw new Error(`slot ${slot} was made without a snapshot`);
  }
  // Not waited for: it is what keeps the transaction open. The server takes it off the socket before it sees the end of it.
  client.query(`select pg_catalog.pg_sleep(${SLEEP_SECONDS})`).catch(() => undefined);
  return { slot, consistentPoint: point, snapshot, pid: Number(who.pid), backendStart: who.backendStart };
}

/** Leaves the backend to itself: a proper end of the connection would wait for the statement. */
function leave(client: Client): void {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  stream.end(() => stream.destroy());
}
