/** Rehearsals on a server that the user runs: it is this test's own, without TLS, as a developer's is. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { holds } from '../../lib/rehearsal/report/report';
import { enterUserServer } from '../../lib/rehearsal/run/enter-user-server';
import { DEFAULT_OPTIONS, type UserOptions } from '../../lib/rehearsal/run/options';
import { OWN_APPLICATION } from '../../lib/rehearsal/run/place';
import type { Rehearsal } from '../../lib/rehearsal/run/rehearse';
import { parseSource } from '../../lib/rehearsal/run/user-source';
import { readAdminPassword } from '../../lib/rehearsal/servers/data-directory';
import type { PostgresServer } from '../../lib/rehearsal/servers/postgres-server';
import { fingerprint } from '../lambda/assess/fingerprint';
import { type RehearsedRun, startRun } from '../rehearsal/servers/rehearsed-run';
import { rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

const DATABASES = ['postgres', 'shop', 'other'];

let run: RehearsedRun;
let server: PostgresServer;
let password: string;
const said = new PassThrough();

/** Everything but the number of transactions, which a look moves on too. */
const catalogue = async () =>
  (await fingerprint(server, DATABASES)).filter((fact) => !fact.includes(' next xid ') && !fact.includes('"pg_'));

async function enter(options: Partial<UserOptions> = {}): Promise<UserOptions> {
  const url = `postgres://me:${password}@localhost:${server.port}/shop`;
  const base = { ...DEFAULT_OPTIONS, road: 'copy', sourceKind: 'server', writers: 0, stopAfter: 'replicate' } as const;
  const request = { source: parseSource(url, []), targetVersion: null, yes: true };
  return enterUserServer({ ...base, ...options }, request, { input: new PassThrough(), output: said });
}

beforeAll(async () => {
  run = await startRun();
  server = await run.create(17, {}, undefined, { name: 'me', applicationName: OWN_APPLICATION });
  password = encodeURIComponent(await readAdminPassword(server.dataDirectory));
  await server.start();
  await server.withAdmin('postgres', async (session) => {
    await session.query("create role app login password 'app'");
    await session.query('create database shop owner app');
    await session.query('create database other');
  });
  await server.withAdmin('shop', async (session) => {
    await session.query(`create table orders (id bigint generated always as identity primary key, note text);
      insert into orders (note) select md5(i::text) from generate_series(1, 2000) i; create index on orders (note);
      alter table orders owner to app`);
  });
  const rules = join(server.dataDirectory, 'pg_hba.conf');
  await writeFile(rules, `${await readFile(rules, 'utf8')}\nhost all all 127.0.0.1/32 scram-sha-256\n`);
  await server.withAdmin('postgres', async (session) => {
    await session.query('select pg_reload_conf()');
  });
}, SCENARIO_TIMEOUT_MS);
afterAll(() => run?.run.stopAll());

describe('a rehearsal on a server that the user runs', () => {
  let before: readonly string[] = [];
  let rehearsal: Rehearsal;

  beforeAll(async () => {
    before = await catalogue();
    rehearsal = await rehearseTiny({}, await enter());
  }, SCENARIO_TIMEOUT_MS);

  test('copies, follows and compares it, and stops before the cutover', () => {
    const { report } = rehearsal;
    expect(report.reason).toBeNull();
    expect(report).toMatchObject({ outcome: 'succeeded', refusedApiCalls: [], stopAfter: 'replicate', writers: null });
    expect(report.copy?.rows).toBe(2000);
    expect(report.executions.every(({ status }) => status === 'SUCCEEDED')).toBe(true);
    expect(holds(report)).toBe(true);
  });

  test('leaves its catalogue exactly as it was', async () => {
    expect(await catalogue()).toEqual(before);
  });

  test('says beforehand what it makes there, and nowhere the password', () => {
    const told = String(said.read());
    expect(told).toContain('publications and slots named "sealift_rehearsal_…"');
    const { logs, histories, evidence, report } = rehearsal;
    const all = [
      told,
      ...logs.map(({ line }) => line),
      ...histories.map(({ content }) => String(content)),
      ...evidence.map(({ content }) => content.toString('utf8')),
      JSON.stringify(report),
    ].join('\n');
    expect(all).not.toContain(password);
  });
});

test(
  'removes everything when it is ended in the middle, and refuses what is not its own',
  async () => {
    const before = await catalogue();
    const stopping = new AbortController();
    const ended = rehearseTiny(
      {
        chaos: (step) => {
          if (step === 'make-schema') stopping.abort(new Error('ended by SIGINT'));
          return undefined;
        },
      },
      { ...(await enter()), signal: stopping.signal },
    );
    await expect(ended).rejects.toThrow('ended by SIGINT');
    expect(await catalogue()).toEqual(before);
    await server.withAdmin('shop', async (session) => {
      await session.query('create schema sealift');
    });
    await expect(enter()).rejects.toThrow('schema sealift in shop');
    await server.withAdmin('shop', async (session) => {
      await session.query('drop schema sealift');
    });
  },
  SCENARIO_TIMEOUT_MS,
);
