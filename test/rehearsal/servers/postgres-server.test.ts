import { createServer } from 'node:net';
import { join } from 'node:path';
import { binariesFor } from '../../../lib/rehearsal/servers/binaries';
import { createCertificateAuthority } from '../../../lib/rehearsal/servers/certificate-authority';
import { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { childrenOf, isAlive } from '../../../lib/rehearsal/servers/process-table';
import { connect, type RehearsedRun, startRun } from './rehearsed-run';

const PASSWORD = 'correct horse';

let rehearsed: RehearsedRun;
beforeAll(async () => {
  rehearsed = await startRun();
});
afterAll(() => rehearsed.run.stopAll());

describe.each([17, 15])('a server of PostgreSQL %i', (major) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await rehearsed.create(major);
    await server.start();
    await server.withAdmin('postgres', (session) => session.query(`create role app login password '${PASSWORD}'`));
  });

  const asApp = { user: 'app', password: PASSWORD };

  test('is of the major asked for, speaks UTF-8, has checksums and takes logical slots', async () => {
    const settings = await server.withAdmin('postgres', async (session) => {
      const result = await session.query<{ name: string; setting: string }>(
        "select name, setting from pg_settings where name in ('server_version_num', 'server_encoding', 'data_checksums', 'wal_level', 'listen_addresses')",
      );
      return Object.fromEntries(result.rows.map((row) => [row.name, row.setting]));
    });
    expect(Math.floor(Number(settings.server_version_num) / 10000)).toBe(major);
    expect(settings).toMatchObject({
      server_encoding: 'UTF8',
      data_checksums: 'on',
      wal_level: 'logical',
      listen_addresses: '127.0.0.1',
    });
  });

  test('lets a client in that verifies its certificate in full', async () => {
    const client = await connect(server, asApp);
    const result = await client.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
    await client.end();
    expect(result.rows).toEqual([{ ssl: true }]);
  });

  test('fails a client that expects another host name', async () => {
    const ssl = { ca: server.caPem, servername: 'target.sealift.test' };
    await expect(connect(server, { ...asApp, ssl })).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  test('fails a client that trusts another authority', async () => {
    const foreign = await createCertificateAuthority();
    const ssl = { ca: foreign.caPem, servername: 'source.sealift.test' };
    await expect(connect(server, { ...asApp, ssl })).rejects.toMatchObject({
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
  });

  test('fails a client without TLS', async () => {
    await expect(connect(server, { ...asApp, ssl: false })).rejects.toMatchObject({ code: '28000' });
  });

  test('fails a wrong password', async () => {
    await expect(connect(server, { ...asApp, password: 'wrong' })).rejects.toMatchObject({ code: '28P01' });
  });

  test('leaves no process behind when it is killed, and keeps what was committed', async () => {
    await server.withAdmin('postgres', (session) => session.query('create table kept as select 1 as id'));
    const pid = server.pid ?? 0;
    const family = [pid, ...childrenOf(pid)];
    expect(family.length).toBeGreaterThan(1);
    await server.kill();
    expect(family.filter(isAlive)).toEqual([]);
    expect(server.running).toBe(false);
    await server.start();
    const kept = await server.withAdmin('postgres', (session) => session.query('select id from kept'));
    expect(kept.rows).toEqual([{ id: 1 }]);
  });

  test('reloads settings while it runs', async () => {
    await server.configure({ work_mem: '7MB' });
    // A reload is asked for by a signal; each new session shows whether it has arrived.
    let seen = await workMem(server);
    for (let turn = 0; seen !== '7MB' && turn < 200; turn++) seen = await workMem(server);
    expect(seen).toBe('7MB');
  });
});

test('fails at once, with its last words, when it cannot start', async () => {
  const server = await rehearsed.create(17, { shared_preload_libraries: 'no_such_library' });
  await expect(server.start()).rejects.toThrow(/ended with code 1 while starting.*no_such_library/s);
  expect(server.running).toBe(false);
});

test('fails at once when the port that was asked for is taken', async () => {
  const listener = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => listener.once('listening', resolve));
  const address = listener.address();
  const port = address && typeof address === 'object' ? address.port : 0;
  try {
    const server = await PostgresServer.create({
      binaries: await binariesFor(17),
      directory: join(rehearsed.run.path, 'taken'),
      certificate: await rehearsed.authority.issue([]),
      port,
    });
    await expect(server.start()).rejects.toThrow(`port ${port} is taken`);
  } finally {
    listener.close();
  }
});

async function workMem(server: PostgresServer): Promise<string | undefined> {
  return server.withAdmin('postgres', async (session) => {
    const result = await session.query<{ work_mem: string }>('show work_mem');
    return result.rows[0]?.work_mem;
  });
}
