import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { NotReady } from '../../../lambda/errors';
import { pgDump } from '../../../lambda/platform/pg-dump';
import type { Session } from '../../../lambda/platform/postgres';
import { LIMITS, Pair } from '../copy/schema/pair';

const SCHEMA_ONLY = ['--schema-only', '--encoding=UTF8'];
let pair: Pair;

beforeAll(async () => {
  pair = await Pair.start(15, 17);
  for (const side of ['source', 'target'] as const) {
    await pair.run(side, 'app', `create table "Odd; name" (id int primary key, "ü" text default E'a''b\\\\')`);
    await pair.run(side, 'app', 'grant all on all tables in schema public to dbadmin');
  }
});
afterAll(() => pair.close());

function open(side: 'source' | 'target'): Promise<Session> {
  return pair.connect(side).another('app');
}

describe('pg_dump without a binary', () => {
  it.each(['source', 'target'] as const)('writes the schema of a %s over TLS, with our login', async (side) => {
    const dump = await pgDump(await open(side), SCHEMA_ONLY, LIMITS);
    expect(dump).toContain('CREATE TABLE public."Odd; name"');
    expect(dump).toContain(`"ü" text DEFAULT 'a''b\\'::text`);
    expect(dump).toContain('PostgreSQL database dump complete');
  });

  it('keeps lines of a body that look like commands for psql', async () => {
    const body = 'select 1 /*\n\\restrict me\n\\unrestrict me\n*/';
    await pair.run('target', 'app', `create function looks() returns int language sql as '${body}'`);
    expect(await pgDump(await open('target'), SCHEMA_ONLY, LIMITS)).toContain(body);
  });

  it('tells a refusal by its SQLSTATE and leaves no session behind', async () => {
    await pair.run('target', 'app', 'create table closed (a int)');
    const dumped = pgDump(await open('target'), [...SCHEMA_ONLY, '--section=pre-data'], LIMITS);
    await expect(dumped).rejects.toMatchObject({ name: 'PostgresError', sqlState: '42501' });
    await pair.run('target', 'app', 'drop table closed');
    const left = await pair.target.withAdmin('postgres', async (session) => {
      for (let turn = 0; turn < 200; turn++) {
        const { rows } = await session.query<{ n: number }>(
          "select count(*)::int as n from pg_stat_activity where usename = 'dbadmin' and query like '%LOCK TABLE%'",
        );
        if (rows[0]?.n === 0) return 0;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      return 1;
    });
    expect(left).toBe(0);
  });

  it('asks to be called again when a table is locked, when its time is over and when its connection is cut', async () => {
    const locker = await pair.target.admin('app');
    try {
      await locker.query('begin; lock table "Odd; name" in access exclusive mode');
      const waiting = pgDump(await open('target'), [...SCHEMA_ONLY, '--lock-wait-timeout=50'], LIMITS);
      await expect(waiting).rejects.toBeInstanceOf(NotReady);
      const late = pgDump(await open('target'), SCHEMA_ONLY, { ...LIMITS, timeoutMs: 300 });
      await expect(late).rejects.toThrow(/pg_dump was ended/);
      const cut = pgDump(await open('target'), SCHEMA_ONLY, LIMITS);
      let settled = false;
      const judged = expect(cut.finally(() => (settled = true))).rejects.toThrow(/the connection ended/);
      // Among those that wait may be sessions of the dumps above, whose end the server has not seen yet.
      const terminate = `select pg_terminate_backend(pid) from pg_locks
        where relation = 'public."Odd; name"'::regclass and not granted`;
      while (!settled) {
        await locker.query(terminate);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      await judged;
    } finally {
      await locker.end();
    }
  });

  it('ends with its own words when its memory is too small', async () => {
    await pair.run(
      'source',
      'big',
      `set check_function_bodies = off;
       do $$ begin execute format('create function f() returns text language sql as %L', repeat('x', 45000000)); end $$`,
    );
    const session = await pair.connect('source').another('big');
    const dumped = pgDump(session, SCHEMA_ONLY, { ...LIMITS, memoryBytes: 0 }).then((dump) => dump.length);
    await expect(dumped).rejects.toThrow(/^pg_dump failed: .*out of memory/);
  });

  it('runs from a bundle with its two files beside it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sealift-bundled-'));
    try {
      await build({
        entryPoints: [join(__dirname, '../../../lambda/platform/pg-dump-bridge.ts')],
        outfile: join(directory, 'index.js'),
        bundle: true,
        minify: true,
        format: 'cjs',
        platform: 'node',
        external: ['pg-native', '@electric-sql/pglite-tools/pg_dump'],
      });
      const from = dirname(require.resolve('@electric-sql/pglite-tools/pg_dump'));
      for (const file of ['pg_dump.cjs', 'pg_dump.wasm']) copyFileSync(join(from, file), join(directory, file));
      const bundled = require(join(directory, 'index.js')) as typeof import('../../../lambda/platform/pg-dump-bridge');
      const session = await open('target');
      expect(await bundled.runPgDump(session.handOver(), SCHEMA_ONLY, LIMITS)).toContain('CREATE TABLE');
      expect(existsSync(join(directory, 'pg_dump.wasm'))).toBe(true);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
