/** One PostgreSQL server: what an RDS instance has for an engine in the rehearsal. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkServerIdentity } from 'node:tls';
import { Client } from 'pg';
import type { Binaries } from './binaries';
import type { ServerCertificate } from './certificate-authority';
import {
  caPath,
  initializeDataDirectory,
  readAdminPassword,
  type Settings,
  SUPERUSER_OF_RDS,
  type Superuser,
  writeCertificate,
  writeConfiguration,
} from './data-directory';
import { chooseFreePort, isPortFree } from './free-port';
import { lastLogLines, ServerProcess, type StopMode } from './server-process';

/** How a server comes to be. */
export interface ServerOptions {
  readonly binaries: Binaries;
  /** Directory of the server; its data are in `<directory>/data`, its log is `<directory>/postgres.log`. */
  readonly directory: string;
  readonly certificate: ServerCertificate;
  /** @default RDS's own */
  readonly superuser?: Superuser;
  /** Settings beyond `DEFAULT_SETTINGS`, by name; they win over it. */
  readonly settings?: Settings;
  /** @default a free one */
  readonly port?: number;
}

/**
 * A PostgreSQL server on 127.0.0.1 that accepts TLS connections with passwords only. `create` makes an empty one, `open`
 * takes a directory that holds a (copied) `data`; both leave it stopped.
 */
export class PostgresServer {
  readonly major: number;
  readonly directory: string;
  readonly dataDirectory: string;
  /** The server's log, from its first start on. */
  readonly logPath: string;
  private process: ServerProcess | null = null;
  private hasRun = false;
  private retired = false;

  private constructor(
    private readonly options: ServerOptions,
    private settings: Settings,
    private currentPort: number,
    private readonly adminPassword: string,
  ) {
    this.major = options.binaries.major;
    this.directory = options.directory;
    this.dataDirectory = join(options.directory, 'data');
    this.logPath = join(options.directory, 'postgres.log');
  }

  /** Runs initdb in `<directory>/data` and configures it; the server is not started. */
  static async create(options: ServerOptions): Promise<PostgresServer> {
    const { name } = options.superuser ?? SUPERUSER_OF_RDS;
    await initializeDataDirectory(options.binaries, options.directory, name);
    return PostgresServer.open(options);
  }

  /** Configures an existing `<directory>/data`, for example a physical copy; the server is not started. */
  static async open(options: ServerOptions): Promise<PostgresServer> {
    const data = join(options.directory, 'data');
    if (!existsSync(join(data, 'PG_VERSION'))) {
      throw new Error(`no data directory at ${data}: copy one there or create the server`);
    }
    await writeCertificate(data, options.certificate);
    const port = options.port ?? (await chooseFreePort());
    const server = new PostgresServer(options, options.settings ?? {}, port, await readAdminPassword(data));
    await server.configure(server.settings);
    return server;
  }

  /** The TCP port; fixed from the first successful start on. */
  get port(): number {
    return this.currentPort;
  }

  /** The postmaster's process id; undefined while the server does not run. */
  get pid(): number | undefined {
    return this.running ? this.process?.pid : undefined;
  }

  /** Whether the postmaster exists. */
  get running(): boolean {
    return this.process !== null && this.process.end === null;
  }

  /** Path of the CA's certificate as the server sees it, for `sslrootcert` of a subscription with `verify-full`. */
  get caPathOnServer(): string {
    return caPath(this.dataDirectory);
  }

  /** PEM of the CA that signed the server's certificate. */
  get caPem(): string {
    return this.options.certificate.caPem;
  }

  /** Replaces the settings given at creation; a running server reloads them, and what needs a restart waits for one. */
  async configure(settings: Settings): Promise<void> {
    this.settings = settings;
    await writeConfiguration(this.dataDirectory, this.currentPort, settings);
    if (this.running) this.process?.send('SIGHUP');
  }

  /**
   * Starts the server and returns when it answers a query. Throws with the last log lines when it dies before that, and when
   * it does not answer within `timeoutMs` (recovery of a copy counts); it is not left running then.
   */
  async start(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    if (this.retired) throw new Error(`the server in ${this.directory} was retired: its run has ended`);
    if (this.running) return;
    const mayMove = this.options.port === undefined && !this.hasRun;
    for (let attempt = 1; ; attempt++) {
      const process = ServerProcess.spawn(this.options.binaries, this.dataDirectory, this.logPath);
      this.process = process;
      if (await this.answers(process, options.timeoutMs ?? 60_000)) break;
      const portTaken = process.end !== null && !(await isPortFree(this.currentPort));
      if (!(mayMove && portTaken && attempt < 3)) throw await this.startFailure(process, portTaken);
      this.currentPort = await chooseFreePort();
      await this.configure(this.settings);
    }
    this.hasRun = true;
  }

  /** Stops the server and waits for its end; one that does not end within `timeoutMs` is stopped harder. */
  async stop(mode: StopMode = 'fast', options: { readonly timeoutMs?: number } = {}): Promise<void> {
    await this.process?.stop(mode, options.timeoutMs ?? 20_000);
  }

  /** Stops the server without a checkpoint, for good: nobody needs its data any more, and `start` refuses from now on. */
  async retire(): Promise<void> {
    this.retired = true;
    await this.stop('immediate');
  }

  /** Kills every process of the server at once, as a crash of the machine would; `start` recovers it. */
  async kill(): Promise<void> {
    await this.process?.kill();
  }

  /** The bootstrap superuser. */
  get superuser(): Superuser {
    return this.options.superuser ?? SUPERUSER_OF_RDS;
  }

  /** A connected session of the bootstrap superuser; the caller ends it. */
  async admin(database = 'postgres'): Promise<Client> {
    const client = new Client({
      host: '127.0.0.1',
      port: this.currentPort,
      user: this.superuser.name,
      password: this.adminPassword,
      database,
      application_name: this.superuser.applicationName,
      connectionTimeoutMillis: 5_000,
      // pg passes no name for an address, and Node.js would check for `localhost`.
      ssl: { ca: this.caPem, checkServerIdentity: (_, certificate) => checkServerIdentity('127.0.0.1', certificate) },
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

  /** Runs `work` in a session of the bootstrap superuser and ends the session. */
  async withAdmin<T>(database: string, work: (client: Client) => Promise<T>): Promise<T> {
    const client = await this.admin(database);
    try {
      return await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private async answers(process: ServerProcess, timeoutMs: number): Promise<boolean> {
    const deadline = Date.now() + timeoutMs;
    while (process.end === null && Date.now() < deadline) {
      const attempt = this.withAdmin('postgres', (client) => client.query('select')).then(
        () => true,
        () => false,
      );
      // Whoever holds the port instead of a server that died may keep silent for long.
      const answered = await Promise.race([attempt, process.ended.then(() => false)]);
      if (answered) return true;
      await Promise.race([process.ended, new Promise((resolve) => setTimeout(resolve, 25))]);
    }
    return false;
  }

  private async startFailure(process: ServerProcess, portTaken: boolean): Promise<Error> {
    const { end } = process;
    if (!end) await process.kill();
    const what = end ? `ended with ${end.signal ?? `code ${end.code}`} while starting` : 'did not answer in time';
    const why = portTaken ? ` (port ${this.currentPort} is taken by another process)` : '';
    const log = await lastLogLines(this.logPath);
    return new Error(`PostgreSQL ${this.major} in ${this.directory} ${what}${why}; its last words:\n${log}`);
  }
}
