/** A fence on a server of somebody's own: sessions over its Unix socket, which pg_hba.conf trusts, and superusers beside ours. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import * as sql from '../../../lambda/cutover/sql';
import { ensureLedger } from '../../../lambda/platform/ledger';
import { Session } from '../../../lambda/platform/postgres';
import { closeLogins, reopenLogins } from '../../../lambda/platform/role-logins';
import type { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { type RehearsedRun, startRun } from '../../rehearsal/servers/rehearsed-run';

const MIGRATION_ID = 'fence';
const PASSWORD = 'password-of-the-boss';

let run: RehearsedRun;
let server: PostgresServer;
let home: Session<'source'>;
const opened: Client[] = [];

/** Over the Unix socket, where nobody is asked for a password. */
async function local(user: string): Promise<Client> {
  const client = new Client({ host: server.dataDirectory, port: server.port, user, database: 'postgres' });
  client.on('error', () => undefined);
  await client.connect();
  opened.push(client);
  return client;
}

beforeAll(async () => {
  run = await startRun();
  server = await run.create(17);
  await server.start();
  await server.withAdmin('postgres', async (session) => {
    await session.query(`alter system set unix_socket_directories = ${session.escapeLiteral(server.dataDirectory)}`);
    await session.query(`create role boss login superuser password '${PASSWORD}'`);
    await session.query('create role app login; create role app_root login superuser');
  });
  await server.stop();
  const rules = join(server.dataDirectory, 'pg_hba.conf');
  await writeFile(rules, `local all all trust\n${await readFile(rules, 'utf8')}`);
  await server.start();
  home = await Session.open('source', {
    endpoint: { host: '127.0.0.1', port: server.port },
    credentials: { username: 'boss', password: PASSWORD },
    applicationName: `sealift/${MIGRATION_ID}/cutover/1/abc/0`,
    trustedCa: server.caPem,
    database: 'postgres',
  });
  await ensureLedger(home);
});

afterAll(async () => {
  await Promise.all(opened.map((client) => client.end().catch(() => undefined)));
  await home?.close();
  await run?.run.stopAll();
});

test('refuses the cutover and names superusers of applications, wherever their sessions come from', async () => {
  const [app, root] = [await local('app'), await local('app_root')];
  const beyond = await home.query<{ username: string }>(sql.sessionsBeyondTheFence(MIGRATION_ID));
  await Promise.all([app.end(), root.end()]);
  expect(beyond.map(({ username }) => username)).toEqual(['app_root']);
});

test('ends sessions over the Unix socket, lets nobody in again, superusers among them, and gives every login back', async () => {
  const [app, root] = [await local('app'), await local('app_root')];
  const closed = await home.transaction(() => closeLogins(home, MIGRATION_ID));
  expect(closed).toEqual(['app', 'app_root']);
  const ended = await home.query<{ username: string }>(sql.endOtherSessions(MIGRATION_ID));
  expect(ended.map(({ username }) => username).sort()).toEqual(['app', 'app_root']);
  for (const client of [app, root]) await expect(client.query('select')).rejects.toThrow();
  for (const user of ['app', 'app_root']) await expect(local(user)).rejects.toMatchObject({ code: '28000' });
  await home.transaction(() => reopenLogins(home));
  for (const user of ['app', 'app_root']) await (await local(user)).query('select');
});
