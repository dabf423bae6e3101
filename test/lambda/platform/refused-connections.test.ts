import { join } from 'node:path';
import { Blocked, NotReady } from '../../../lambda/errors';
import { type Connection, Session } from '../../../lambda/platform/postgres';
import { binariesFor } from '../../../lib/rehearsal/servers/binaries';
import { createCertificateAuthority } from '../../../lib/rehearsal/servers/certificate-authority';
import { chooseFreePort } from '../../../lib/rehearsal/servers/free-port';
import { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { RunDirectory } from '../../../lib/rehearsal/servers/run-directory';

/** The server's certificate is for this address, and not for `localhost`. */
const HOST = '127.0.0.1';

let run: RunDirectory;
let server: PostgresServer;
let trusted: string;

beforeAll(async () => {
  run = await RunDirectory.create();
  const authority = await createCertificateAuthority();
  trusted = authority.caPem;
  server = run.add(
    await PostgresServer.create({
      binaries: await binariesFor(17),
      directory: join(run.path, 'server'),
      certificate: await authority.issue(['elsewhere.example.test']),
    }),
  );
  await server.start();
});
afterAll(() => run?.stopAll());

const connection = (change: Partial<Connection> = {}): Connection => ({
  endpoint: { host: HOST, port: server.port },
  credentials: { username: 'nobody', password: 'canary password' },
  applicationName: 'test',
  trustedCa: trusted,
  ...change,
});

async function refusal(change: Partial<Connection>): Promise<Error> {
  try {
    const session = await Session.open('source', { ...connection(change), database: 'postgres' });
    await session.close();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('the connection was not refused');
}

describe('a refused connection says neither host nor password:', () => {
  it('an authority that is not trusted blocks, with the field to configure', async () => {
    const error = await refusal({ trustedCa: '' });
    expect(error).toBeInstanceOf(Blocked);
    expect(error.message).toContain('source.trustedCaPem');
    expect(said(error)).not.toMatch(/canary|127\.0\.0\.1|localhost/);
  });

  it('a certificate of another host blocks', async () => {
    const error = await refusal({ endpoint: { host: 'localhost', port: server.port } });
    expect(error).toBeInstanceOf(Blocked);
    expect(error.message).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(said(error)).not.toMatch(/canary|127\.0\.0\.1|localhost/);
  });

  it('a wrong password is told by its SQLSTATE', async () => {
    const error = await refusal({});
    expect(error.message).toContain('28P01');
    expect(said(error)).not.toMatch(/canary|127\.0\.0\.1|localhost/);
  });

  it('a closed port is asked again', async () => {
    const error = await refusal({ endpoint: { host: HOST, port: await chooseFreePort() } });
    expect(error).toBeInstanceOf(NotReady);
    expect(said(error)).not.toMatch(/canary|127\.0\.0\.1|localhost/);
  });
});

/** Everything of an error that a Lambda answers with: its message, its stack, its causes. */
function said(error: Error): string {
  return `${error.stack} ${JSON.stringify(error.cause)} ${error.cause instanceof Error ? error.cause.stack : ''}`;
}
