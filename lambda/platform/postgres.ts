/**
 * Connections to the two servers. Source and target are different types, so that fencing the target does not compile.
 * TLS is verified in full, no connection string is ever built (facts K1 to K4), timeouts nest (faults, zombie rule).
 */
import { checkServerIdentity } from 'node:tls';
import { Client, type ClientConfig, Query } from 'pg';
import type { Endpoint } from '../contract/instance';
import { trustedContext } from './certificate-authorities';
import { ChangeStream } from './change-stream';
import { type Piped, pipeCopy } from './copy-pipe';
import { HOME_DATABASE } from './names';
import { sqlStateOf, translate } from './postgres-error';
import { replicationRefusal } from './replication-handshake';
import { type HeldSnapshot, type HolderRequest, startHolder } from './snapshot-holder';

/** Which server a session speaks to. */
export type Side = 'source' | 'target';

/** A statement as a value; `text` holds no value but through `ident` and `literal`. */
export interface Statement {
  readonly text: string;
  readonly values?: readonly unknown[];
  /** Keeps the plan in the session for the next time; one name has one text. @default planned each time */
  readonly name?: string;
}

/** Timeouts of a session, nested below the Lambda's. */
export interface Timeouts {
  /** Longest statement; 0 for a detached one. */
  readonly statementMs: number;
  /** Longest wait for a lock. */
  readonly lockMs: number;
}

/** Timeouts of a session that names none. */
export const DEFAULT_TIMEOUTS: Timeouts = { statementMs: 45_000, lockMs: 5_000 };

/** How long the server keeps a transaction of ours that lies idle. */
const IDLE_IN_TRANSACTION_MS = 60_000;

/** How often the server looks whether we still live (14 and later; facts F10). */
const CONNECTION_CHECK_MS = 500;

/**
 * A commit that is acknowledged before it is flushed could be forgotten by a crash, a flip among them, and markers would lie
 * beyond the flushed end of the WAL; a customer's default of `off` is therefore not ours.
 */
const READ_VERSION_AND_COMMIT_FLUSHED = `select current_setting('server_version_num') as version,
  case current_setting('synchronous_commit') when 'off' then set_config('synchronous_commit', 'local', false) end`;

/** Keys come as text: the same settings as where keys are read by SQL (facts K7). */
const STREAM_SETTINGS =
  '-c datestyle=ISO -c timezone=UTC -c intervalstyle=postgres -c extra_float_digits=3 -c bytea_output=hex';

/** Who connects. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** How a server is reached, by whom, under which name. */
export interface Connection {
  readonly endpoint: Endpoint;
  readonly credentials: Credentials;
  /** Tells migration, step, epoch and run to whoever looks at `pg_stat_activity`. */
  readonly applicationName: string;
  /** PEM of further certificate authorities; empty when none. */
  readonly trustedCa: string;
}

/** The driver's configuration of a connection: TLS verified in full, never a URL (facts K1). */
function clientConfig(connection: Connection, database: string): ClientConfig {
  const { endpoint, credentials } = connection;
  return {
    host: endpoint.host,
    port: endpoint.port,
    database,
    user: credentials.username,
    password: credentials.password,
    application_name: connection.applicationName,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    ssl: {
      secureContext: trustedContext(connection.trustedCa),
      rejectUnauthorized: true,
      // The driver names no server for the check when the socket is upgraded, so it is pinned here.
      checkServerIdentity: (_host, certificate) => checkServerIdentity(endpoint.host, certificate),
    },
  };
}

/** One connection to one database of one side. */
export class Session<S extends Side = Side> {
  private constructor(
    readonly side: S,
    readonly database: string,
    /** `server_version_num`, such as 170010. */
    readonly versionNumber: number,
    private readonly client: Client,
  ) {}

  /** Connects, verifies the certificate, sets the timeouts; failures come translated. */
  static async open<S extends Side>(
    side: S,
    options: Connection & { readonly database: string; readonly timeouts?: Timeouts },
  ): Promise<Session<S>> {
    const { timeouts = DEFAULT_TIMEOUTS } = options;
    const client = new Client({
      ...clientConfig(options, options.database),
      statement_timeout: timeouts.statementMs,
      lock_timeout: timeouts.lockMs,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      query_timeout: timeouts.statementMs === 0 ? undefined : timeouts.statementMs + 5_000,
    });
    // A connection that dies between two statements must not end the process; the next statement reports it.
    client.on('error', () => undefined);
    try {
      await client.connect();
      const shown = await client.query<{ version: string }>(READ_VERSION_AND_COMMIT_FLUSHED);
      const versionNumber = Number(shown.rows[0]?.version ?? 0);
      await setCheckInterval(client, versionNumber, timeouts.statementMs === 0 ? 0 : CONNECTION_CHECK_MS);
      return new Session(side, options.database, versionNumber, client);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw translate(`connecting to ${side} database ${JSON.stringify(options.database)}`, error);
    }
  }

  /** Major version of the server. */
  get major(): number {
    return Math.trunc(this.versionNumber / 10_000);
  }

  /** Runs one statement and returns its rows. */
  async query<R extends object = Record<string, unknown>>(statement: Statement): Promise<R[]> {
    return (await this.run<R>(statement)).rows;
  }

  /**
   * Runs one statement and returns the rows that came, and the translated failure that ended them; null when all came. Unlike
   * `query` it tells how far a statement got.
   */
  async rowsUntilFailure<R extends object = Record<string, unknown>>(
    statement: Statement,
  ): Promise<{ readonly rows: readonly R[]; readonly failure: Error | null }> {
    const rows: R[] = [];
    const failure = await new Promise<Error | null>((resolve) => {
      const config = { text: statement.text, values: [...(statement.values ?? [])] };
      const query = new Query<R>(config, (error: Error | undefined) => resolve(error ?? null));
      query.on('row', (row: R) => rows.push(row));
      this.client.query(query);
    });
    return { rows, failure: failure === null ? null : translate(this.whatOf(statement), failure) };
  }

  /** Runs one statement that returns exactly one row. */
  async one<R extends object = Record<string, unknown>>(statement: Statement): Promise<R> {
    const rows = await this.query<R>(statement);
    const [row] = rows;
    if (row === undefined || rows.length !== 1) {
      throw new Error(`${statementKind(statement)} returned ${rows.length} rows on the ${this.side}, expected one`);
    }
    return row;
  }

  /** Runs one statement and returns the number of rows it touched. */
  async execute(statement: Statement): Promise<number> {
    return (await this.run(statement)).rowCount ?? 0;
  }

  /**
   * Pipes the rows of a `copy ... to stdout` of this session into a `copy ... from stdin` of `other`. When it fails, neither
   * session can be used any more.
   */
  async pipe(out: Statement, other: Session, into: Statement): Promise<Piped> {
    try {
      return await pipeCopy(this.client, out.text, other.client, into.text);
    } catch (error) {
      throw translate(
        `copying rows from ${this.side} to ${other.side} database ${JSON.stringify(this.database)}`,
        error,
      );
    }
  }

  /** Runs `work` in one transaction; rolls back when it throws. */
  async transaction<T>(work: () => Promise<T>, mode = ''): Promise<T> {
    await this.run({ text: `begin ${mode}`.trim() });
    try {
      const result = await work();
      await this.run({ text: 'commit' });
      return result;
    } catch (error) {
      await this.client.query('rollback').catch(() => undefined);
      throw error;
    }
  }

  /** The driver's connection, for who speaks the protocol without the driver; the session is at its end then. */
  handOver(): Client {
    return this.client;
  }

  /** Ends the connection; never throws. */
  async close(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }

  private async run<R extends object>(statement: Statement) {
    try {
      const { text, values = [], name } = statement;
      return await this.client.query<R>({ text, values: [...values], ...(name !== undefined && { name }) });
    } catch (error) {
      throw translate(this.whatOf(statement), error);
    }
  }

  private whatOf(statement: Statement): string {
    return `${statementKind(statement)} in ${this.side} database ${JSON.stringify(this.database)}`;
  }
}

/** One server: opens a session per database on demand and closes them together. */
export class Server<S extends Side = Side> {
  private readonly sessions = new Map<string, Promise<Session<S>>>();
  private readonly extra: { close(): Promise<void> }[] = [];

  constructor(
    readonly side: S,
    private readonly connection: Connection,
  ) {}

  /** The master user. */
  get username(): string {
    return this.connection.credentials.username;
  }

  /** The one shared session of `database`. */
  session(database: string): Promise<Session<S>> {
    const known = this.sessions.get(database);
    if (known !== undefined) return known;
    const opened = Session.open(this.side, { ...this.connection, database });
    this.sessions.set(database, opened);
    opened.catch(() => this.sessions.delete(database));
    return opened;
  }

  /** The session of the database that holds the authoritative ledger. */
  home(): Promise<Session<S>> {
    return this.session(HOME_DATABASE);
  }

  /** Closes the shared session of `database`, which is going to be dropped. */
  async leave(database: string): Promise<void> {
    const opened = this.sessions.get(database);
    this.sessions.delete(database);
    await (await opened)?.close();
  }

  /** A further session of `database`, for work side by side or with timeouts of its own. */
  async another(database: string, timeouts?: Timeouts): Promise<Session<S>> {
    const session = await Session.open(this.side, { ...this.connection, database, timeouts });
    this.extra.push(session);
    return session;
  }

  /**
   * A session of `database` for statements that may outlive this process (design section 3): no time ends them, and the server does
   * not look whether we live. Whoever sends one names the session, so that others find it.
   */
  detached(database: string, lockMs: number): Promise<Session<S>> {
    return this.another(database, { statementMs: 0, lockMs });
  }

  /** Streams the changes of a slot of `database` through a walsender (facts A8 to A14 for the slot itself). */
  async stream(
    database: string,
    options: { readonly slot: string; readonly publication: string; readonly onMessage: (message: Buffer) => void },
  ): Promise<ChangeStream> {
    const config = { ...clientConfig(this.connection, database), options: STREAM_SETTINGS };
    const stream = await ChangeStream.open({ ...options, config });
    this.extra.push(stream);
    return stream;
  }

  /** Null when the master user may open a replication connection to `database`, else the SQLSTATE of the refusal. */
  replicationRefusal(database: string): Promise<string | null> {
    return replicationRefusal(clientConfig(this.connection, database));
  }

  /** Makes a slot with a snapshot that outlives this process; see `startHolder`. */
  holdSnapshot(database: string, request: HolderRequest): Promise<HeldSnapshot> {
    return startHolder(clientConfig(this.connection, database), request);
  }

  /** Closes every session; never throws. */
  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.sessions.values());
    const sessions = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    await Promise.all([...sessions, ...this.extra].map((session) => session.close()));
    this.sessions.clear();
  }
}

/** The first two words of a statement: enough to find it, and free of values. */
function statementKind(statement: Statement): string {
  return statement.text.trim().toLowerCase().split(/\s+/).slice(0, 2).join(' ');
}

/** Some platforms know the setting and refuse every value but 0 (22023); then only the timeouts remain. */
async function setCheckInterval(client: Client, versionNumber: number, intervalMs: number): Promise<void> {
  if (versionNumber < 140_000) return;
  try {
    await client.query('select set_config($1, $2, false)', ['client_connection_check_interval', String(intervalMs)]);
  } catch (error) {
    if (sqlStateOf(error) !== '22023') throw error;
  }
}
