import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Binaries, binariesFor, engineVersionOf } from '../../servers/binaries';
import type { CertificateAuthority } from '../../servers/certificate-authority';
import type { Settings } from '../../servers/data-directory';
import { treeBytes } from '../../servers/file-copy';
import type { FindBinaries } from '../../servers/packaged-binaries';
import { copyDirectory, copyUnderLoad, readReplayLsn } from '../../servers/physical-copy';
import { PostgresServer } from '../../servers/postgres-server';
import { startRdsHooks } from '../../servers/rds-hooks';
import { installSeedFunction, setMasterPassword, shapeAsRds } from '../../servers/rds-shape';
import {
  type DatabaseHost,
  type HostedDatabase,
  type HostRequest,
  IncompatibleParameters,
  type MasterCredentials,
} from './database-host';
import { type ChooseSeedLsn, SEED_CHOICES } from './seed-choice';

/** How databases are hosted on this machine. */
export interface LocalDatabaseHostProps {
  /** Directory below which every server gets its own. */
  readonly directory: string;
  readonly certificateAuthority: CertificateAuthority;
  /** Called with every server before it starts, so that the run can stop it whatever happens. */
  readonly onServer?: (server: PostgresServer, instanceId: string) => void;
  /** Whether restored instances have `rds_tools.logical_seed_lsn()`. @default true */
  readonly exposeSeedFunction?: boolean;
  /** What that function answers. @default the right value */
  readonly chooseSeedLsn?: ChooseSeedLsn;
  /** Whether a restored server is restarted before it is handed out, which loses the replay LSN. @default false */
  readonly restartAfterRestore?: boolean;
  /** Port under which functions reach an instance's server. @default the server's own */
  readonly endpointPort?: (instanceId: string, server: PostgresServer) => Promise<number>;
  /** Directory below which an instance's server gets its own, in the place of `directory`. @default null, which is `directory` */
  readonly volumeOf?: (instanceId: string) => Promise<string | null>;
  /** Directory of a stopped server that an instance begins as a copy of, shaped already. @default it begins empty */
  readonly templateOf?: (instanceId: string) => string | null;
  /** Settings that every server of the rehearsal gets, such as small buffers; parameter groups win. @default none */
  readonly settings?: Settings;
  /** Where a major's programs are. @default npm's */
  readonly findBinaries?: FindBinaries;
}

/** Hosts databases as PostgreSQL servers of this machine, one directory each. */
export class LocalDatabaseHost implements DatabaseHost {
  readonly #props: LocalDatabaseHostProps;
  readonly #hosted = new Map<string, LocalDatabase>();

  constructor(props: LocalDatabaseHostProps) {
    this.#props = props;
  }

  /** The server behind an instance, for the rehearsal's own needs; undefined when there is none. */
  server(instanceId: string): PostgresServer | undefined {
    return this.#hosted.get(instanceId)?.server;
  }

  async create(
    request: HostRequest & { engineVersion: string; master: MasterCredentials; databaseName: string | null },
  ): Promise<HostedDatabase> {
    const { binaries, options } = await this.#place(request);
    const template = this.#props.templateOf?.(request.instanceId) ?? null;
    if (template !== null) {
      await copyDirectory(template, options.directory);
      const { username, password } = request.master;
      const copy = await PostgresServer.open(options);
      return this.#run(request, copy, binaries, () => setMasterPassword(copy, username, password));
    }
    const server = await PostgresServer.create(options);
    return this.#run(request, server, binaries, async () => {
      const { username: masterUsername, password: masterPassword } = request.master;
      await shapeAsRds(server, { masterUsername, masterPassword });
      const { databaseName } = request;
      if (databaseName === null || databaseName === 'postgres') return;
      await server.withAdmin('postgres', async (session) => {
        const owner = session.escapeIdentifier(masterUsername);
        await session.query(`create database ${session.escapeIdentifier(databaseName)} owner ${owner}`);
      });
    });
  }

  async restore(
    request: HostRequest & { engineVersion: string; snapshotDirectory: string; master: MasterCredentials | null },
  ): Promise<HostedDatabase> {
    const { binaries, options } = await this.#place(request);
    await copyDirectory(request.snapshotDirectory, options.directory);
    const server = await PostgresServer.open(options);
    return this.#run(request, server, binaries, async () => {
      await this.#seed(request.instanceId, server);
      if (request.master) await setMasterPassword(server, request.master.username, request.master.password);
      if (!this.#props.restartAfterRestore) return;
      await server.stop();
      await server.start();
    });
  }

  /** Stops the hooks of every server; the servers themselves belong to the run. */
  async close(): Promise<void> {
    await Promise.all([...this.#hosted.values()].map((database) => database.stopHooks()));
  }

  async #place(request: HostRequest & { readonly engineVersion: string }) {
    const find = this.#props.findBinaries ?? binariesFor;
    const binaries = await find(Number.parseInt(request.engineVersion, 10));
    const certificate = await this.#props.certificateAuthority.issue([request.hostName, 'localhost']);
    const parent = (await this.#props.volumeOf?.(request.instanceId)) ?? this.#props.directory;
    const directory = join(parent, `${request.instanceId}-${randomBytes(3).toString('hex')}`);
    const settings = { ...this.#props.settings, ...request.settings };
    return { binaries, options: { binaries, certificate, directory, settings } };
  }

  async #run(
    request: HostRequest,
    server: PostgresServer,
    binaries: Binaries,
    prepare: () => Promise<void>,
  ): Promise<HostedDatabase> {
    this.#props.onServer?.(server, request.instanceId);
    try {
      await startWithParameters(server);
      await prepare();
    } catch (error) {
      await server.stop('immediate').catch(() => undefined);
      throw error;
    }
    const database = new LocalDatabase(server, {
      common: this.#props.settings ?? {},
      engineVersion: engineVersionOf(binaries),
      endpointPort: (await this.#props.endpointPort?.(request.instanceId, server)) ?? null,
      onRemove: () => this.#hosted.delete(request.instanceId),
    });
    this.#hosted.set(request.instanceId, database);
    return database;
  }

  async #seed(instanceId: string, server: PostgresServer): Promise<void> {
    if (this.#props.exposeSeedFunction === false) {
      await server.withAdmin('postgres', (session) => session.query('drop schema if exists rds_tools cascade'));
      return;
    }
    const replayLsn = await readReplayLsn(server);
    // A snapshot of a stopped server needs no recovery; RDS's own function is null there as well.
    if (replayLsn === null) return;
    const choose = this.#props.chooseSeedLsn ?? SEED_CHOICES.replay;
    const log = await readFile(server.logPath, 'utf8');
    await installSeedFunction(server, await choose({ instanceId, replayLsn, server, log }));
  }
}

interface LocalDatabaseProps {
  readonly common: Settings;
  readonly engineVersion: string;
  /** Null for the server's own. */
  readonly endpointPort: number | null;
  readonly onRemove: () => void;
}

class LocalDatabase implements HostedDatabase {
  #stopHooks: (() => Promise<void>) | null;

  constructor(
    readonly server: PostgresServer,
    private readonly props: LocalDatabaseProps,
  ) {
    this.#stopHooks = startRdsHooks(server);
  }

  get engineVersion(): string {
    return this.props.engineVersion;
  }

  get port(): number {
    return this.server.port;
  }

  get endpointPort(): number {
    return this.props.endpointPort ?? this.port;
  }

  setPassword({ username, password }: MasterCredentials): Promise<void> {
    return setMasterPassword(this.server, username, password);
  }

  async copyTo(directory: string, onProgress: (share: number) => void): Promise<void> {
    const total = Math.max(1, await treeBytes(this.server.dataDirectory));
    let done = 0;
    await copyUnderLoad(this.server, directory, {
      onBytes: (bytes) => {
        done += bytes;
        onProgress(Math.min(1, done / total));
      },
    });
  }

  async reboot(settings: Settings): Promise<void> {
    await this.server.configure({ ...this.props.common, ...settings });
    await this.server.stop();
    await startWithParameters(this.server);
  }

  async remove(): Promise<void> {
    this.props.onRemove();
    await this.stopHooks();
    await this.server.stop('immediate');
    await rm(this.server.directory, { recursive: true, force: true });
  }

  async stopHooks(): Promise<void> {
    const stop = this.#stopHooks;
    this.#stopHooks = null;
    await stop?.();
  }
}

/** Recovery of a big copy, on a machine that does other things meanwhile, takes its time. */
async function startWithParameters(server: PostgresServer): Promise<void> {
  try {
    await server.start({ timeoutMs: 600_000 });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new IncompatibleParameters(`the server does not start with its parameter group: ${reason}`, { cause });
  }
}
