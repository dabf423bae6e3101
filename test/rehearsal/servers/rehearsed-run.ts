/** A run directory with servers for one test file. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Client, type ClientConfig } from 'pg';
import { type Binaries, binariesFor } from '../../../lib/rehearsal/servers/binaries';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../../lib/rehearsal/servers/certificate-authority';
import type { Settings, Superuser } from '../../../lib/rehearsal/servers/data-directory';
import { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { RunDirectory } from '../../../lib/rehearsal/servers/run-directory';

/** Name in every certificate of these tests; nothing resolves it. */
export const HOST = 'source.sealift.test';

/** Quick and small: nobody needs these data after the test. */
const TEST_SETTINGS: Settings = { fsync: false, shared_buffers: '32MB', wal_retrieve_retry_interval: '100ms' };

export interface RehearsedRun {
  readonly run: RunDirectory;
  readonly authority: CertificateAuthority;
  /** `binaries` default to npm's of the major, the superuser to RDS's own. */
  readonly create: (
    major: number,
    settings?: Settings,
    binaries?: Binaries,
    superuser?: Superuser,
  ) => Promise<PostgresServer>;
  readonly open: (major: number, directory: string) => Promise<PostgresServer>;
}

export async function startRun(): Promise<RehearsedRun> {
  const run = await RunDirectory.create();
  const authority = await createCertificateAuthority();
  const options = async (major: number, directory: string, settings: Settings = {}, binaries?: Binaries) => ({
    binaries: binaries ?? (await binariesFor(major)),
    directory,
    certificate: await authority.issue([HOST]),
    settings: { ...TEST_SETTINGS, ...settings },
  });
  return {
    run,
    authority,
    create: async (major, settings, binaries, superuser) => {
      const own = await options(major, join(run.path, randomUUID()), settings, binaries);
      return run.add(await PostgresServer.create({ ...own, ...(superuser && { superuser }) }));
    },
    open: async (major, directory) => run.add(await PostgresServer.open(await options(major, directory))),
  };
}

/** A connected session under TLS, verified in full against the test's host name. */
export async function connect(server: PostgresServer, config: ClientConfig): Promise<Client> {
  const client = new Client({
    host: '127.0.0.1',
    port: server.port,
    database: 'postgres',
    ssl: { ca: server.caPem, servername: HOST },
    ...config,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  return client;
}
