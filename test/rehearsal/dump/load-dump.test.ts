import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Client } from 'pg';
import { DumpError } from '../../../lib/rehearsal/dump/dump-error';
import { type DumpProgress, type LoadDumpOptions, loadDump } from '../../../lib/rehearsal/dump/load-dump';
import type { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { shapeAsRds } from '../../../lib/rehearsal/servers/rds-shape';
import { MASTER } from '../sample/sample-content';
import { connect, type RehearsedRun, startRun } from '../servers/rehearsed-run';

const PAGILA = ['pagila-schema.sql', 'pagila-data.sql'].map((name) =>
  resolve(__dirname, '../../../../shared/data', name),
);

let rehearsed: RehearsedRun;
let on17: PostgresServer;
let databases = 0;
beforeAll(async () => {
  rehearsed = await startRun();
  on17 = await rehearsed.create(17);
  await on17.start();
  await shapeAsRds(on17, MASTER);
});
afterAll(() => rehearsed.run.stopAll());

function asMaster(server: PostgresServer) {
  return (database: string): Promise<Client> =>
    connect(server, { user: MASTER.masterUsername, password: MASTER.masterPassword, database });
}

/** Loads texts, one file each, into a database of their own. */
async function load(texts: readonly string[], options: Partial<LoadDumpOptions> = {}, server = on17) {
  databases += 1;
  const files = [];
  for (const [index, text] of texts.entries()) {
    const path = join(rehearsed.run.path, `dump-${databases}-${index}.sql`);
    await writeFile(path, text);
    files.push(path);
  }
  const database = `Loaded "${databases}"`;
  const result = await loadDump({ connect: asMaster(server), database, files, ...options });
  const ask = async (text: string): Promise<unknown[]> => {
    const client = await asMaster(server)(database);
    try {
      const answer = await client.query<unknown[]>({ text, rowMode: 'array' });
      return answer.rows.map((row) => (row.length === 1 ? row[0] : row));
    } finally {
      await client.end();
    }
  };
  return { ...result, ask };
}

async function failure(texts: readonly string[], options: Partial<LoadDumpOptions> = {}): Promise<DumpError> {
  const error = await load(texts, options).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DumpError)) throw new Error('the dump was loaded', { cause: error });
  return error;
}

const SCHEMA = `\\restrict key
SET statement_timeout = 0;
SET transaction_timeout = 0;
SET some_setting_of_the_future = 1;
SET client_encoding = 'UTF8';
SELECT pg_catalog.set_config('search_path', '', false);
CREATE SCHEMA public;
ALTER SCHEMA public OWNER TO postgres;
CREATE SCHEMA "Odd; Schema";
ALTER SCHEMA "Odd; Schema" OWNER TO "Team ""A""";
CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public;
COMMENT ON EXTENSION hstore IS 'pairs';
CREATE TABLE "Odd; Schema".t (id integer NOT NULL, v text DEFAULT 'a;''b', h public.hstore);
ALTER TABLE "Odd; Schema".t OWNER TO "Team ""A""";
CREATE TABLE public.u (id integer PRIMARY KEY, t_id integer);
ALTER TABLE public.u OWNER TO app_owner;
CREATE FUNCTION public.f() RETURNS text LANGUAGE plpgsql AS $_$ begin return $$;$$ || '$_'; end $_$;
ALTER FUNCTION public.f() OWNER TO postgres;
CREATE POLICY p ON public.u TO app_reader, PUBLIC USING (true);
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA public GRANT SELECT ON TABLES TO app_reader;
GRANT SELECT ON TABLE public.u TO app_reader WITH GRANT OPTION;
REVOKE ALL ON TABLE public.u FROM postgres;
CREATE SUBSCRIPTION s CONNECTION 'host=example.org' PUBLICATION p;
COMMENT ON DATABASE old_name IS 'renamed';
CREATE PUBLICATION everything FOR ALL TABLES;
COMMENT ON PUBLICATION everything IS 'gone';
\\unrestrict key
`;
const DATA = `SET SESSION AUTHORIZATION DEFAULT;
ALTER TABLE "Odd; Schema".t DISABLE TRIGGER ALL;
COPY "Odd; Schema".t (id, v, h) FROM stdin;
1\t\\N\ta=>1
2\tselect 1; \\\\. \\\\N 'x' \\t\t\\N
\\.


ALTER TABLE "Odd; Schema".t ENABLE TRIGGER ALL;
INSERT INTO public.u VALUES (1, 1), (2, NULL);
INSERT INTO public.u VALUES (3, 7);
COPY public.u (id, t_id) FROM stdin;
\\.
ALTER TABLE ONLY "Odd; Schema".t ADD CONSTRAINT t_pkey PRIMARY KEY (id);
BEGIN;
SELECT pg_catalog.lo_create('4711');
ALTER LARGE OBJECT 4711 OWNER TO app_owner;
COMMIT;
`;

test('loads schema and data of a superuser as a master that is none, and makes the roles it lacks', async () => {
  const { ask, rows, notices } = await load([SCHEMA, DATA]);
  expect(rows).toBe(5);
  expect(await ask('select id, v from "Odd; Schema".t order by id')).toEqual([
    [1, null],
    [2, "select 1; \\. \\N 'x' \t"],
  ]);
  expect(await ask('select count(*)::int from public.u')).toEqual([3]);
  expect(await ask('select public.f()')).toEqual([';$_']);
  const owners = await ask(
    `select distinct pg_get_userbyid(relowner)::text from pg_class where relname in ('t', 'u') order by 1`,
  );
  expect(owners).toEqual(['Team "A"', 'app_owner']);
  expect(await ask(`select pg_get_userbyid(proowner)::text from pg_proc where proname = 'f'`)).toEqual(['master']);
  expect(
    await ask(`select rolname::text from pg_roles where rolname ~ '^(app|Team)' and not rolcanlogin order by 1`),
  ).toEqual(['Team "A"', 'app_owner', 'app_reader']);
  expect(await ask(`select count(*)::int from pg_subscription`)).toEqual([0]);
  for (const expected of [
    /role app_reader did not exist/,
    /COMMENT ON EXTENSION/,
    /CREATE SUBSCRIPTION/,
    /CREATE PUBLICATION/,
    /:4: left out SET/,
  ]) {
    expect(notices).toContainEqual(expect.stringMatching(expected));
  }
  expect(notices.filter((notice) => notice.includes('role app_reader did'))).toHaveLength(1);
});

test('leaves settings out that an older server does not know', async () => {
  const on15 = await rehearsed.create(15);
  await on15.start();
  await shapeAsRds(on15, MASTER);
  const { ask, notices } = await load(['SET transaction_timeout = 0;\nCREATE TABLE t (id int);'], {}, on15);
  expect(notices).toContainEqual(expect.stringMatching(/:1: left out SET/));
  expect(await ask('select count(*)::int from t')).toEqual([0]);
});

test('loads two thousand tables with their rows, keys and owners', async () => {
  const tables = Array.from({ length: 2000 }, (_, n) => n);
  const schema = tables.map(
    (n) =>
      `CREATE TABLE public.table_${n} (\n  id integer NOT NULL,\n  v text\n);\nALTER TABLE public.table_${n} OWNER TO many_owner;\n`,
  );
  const data = tables.map((n) => `COPY public.table_${n} (id, v) FROM stdin;\n1\tone\n2\ttwo\n\\.\n\n`);
  const keys = tables.map(
    (n) => `ALTER TABLE ONLY public.table_${n}\n    ADD CONSTRAINT table_${n}_pkey PRIMARY KEY (id);\n`,
  );
  const progress: DumpProgress[] = [];
  const { ask, rows } = await load([[...schema, ...data, ...keys].join('\n')], {
    onProgress: (step) => progress.push(step),
  });
  expect(rows).toBe(4000);
  expect(await ask(`select count(*)::int from pg_constraint where contype = 'p' and conname like 'table\\_%'`)).toEqual(
    [2000],
  );
  expect(progress.at(-1)).toMatchObject({ rows: 4000, bytes: progress[0]?.totalBytes });
  expect(progress.map(({ bytes }) => bytes)).toEqual(progress.map(({ bytes }) => bytes).sort((a, b) => a - b));
});

test('lets the superuser of the server create extensions that RDS lets its master create', async () => {
  const text = 'CREATE EXTENSION IF NOT EXISTS pg_buffercache WITH SCHEMA public;';
  expect((await failure([text])).place).toMatchObject({
    line: 1,
    statementKind: 'CREATE EXTENSION',
    sqlState: '42501',
  });
  const { ask } = await load([text], { connectAsSuperuser: (database) => on17.admin(database) });
  expect(await ask(`select count(*)::int from pg_extension where extname = 'pg_buffercache'`)).toEqual([1]);
});

test('fails with file, line, kind and SQLSTATE of the statement that failed, even in a batch', async () => {
  const error = await failure([
    'CREATE TABLE a (id int);\n\n-- c\nCREATE TABLE b (\n  id no_such_type\n);\nCREATE TABLE c (id int);\n',
  ]);
  expect(error.place).toMatchObject({ line: 4, statementKind: 'CREATE TABLE', sqlState: '42704' });
  expect(error.message).toMatch(/dump-\d+-0\.sql:4: CREATE TABLE: failed with SQLSTATE 42704: .*no_such_type.*; /);
});

test('fails on rows without telling what is in them', async () => {
  const table = 'CREATE TABLE t (id integer PRIMARY KEY, v integer);\n';
  const copied = await failure([`${table}COPY t (id, v) FROM stdin;\n1\t2\n2\tsecret\n\\.\n`]);
  expect(copied.place).toMatchObject({ line: 2, statementKind: 'COPY', sqlState: '22P02' });
  expect(copied.message).toContain('row 2 of the data');
  const doubled = await failure([`${table}INSERT INTO t VALUES (4711, 1);\nINSERT INTO t VALUES (4711, 1);\n`]);
  expect(doubled.place).toMatchObject({ line: 3, sqlState: '23505' });
  for (const error of [copied, doubled]) {
    expect(`${error.stack} ${JSON.stringify(error)} ${JSON.stringify(error.cause ?? null)}`).not.toMatch(/secret|4711/);
  }
});

test('fails on a COPY without its end, an encoding it cannot read, several databases, and commands of psql', async () => {
  const copy = await failure(['CREATE TABLE t (id int);\nCOPY t (id) FROM stdin;\n1\n2\n']);
  expect(copy.place).toMatchObject({ line: 2, statementKind: 'COPY' });
  expect((await failure([`SET client_encoding = 'LATIN1';`])).message).toMatch(/LATIN1.*--encoding=UTF8/);
  expect((await failure(['\\connect a\nselect 1;\n\\connect b\n'])).message).toMatch(/several databases/);
  expect((await failure(['\\! rm x\n'])).place).toMatchObject({ line: 1 });
});

test('touches no server when one of the files is wrong', async () => {
  await expect(
    loadDump({
      connect: () => Promise.reject(new Error('connected')),
      database: 'never',
      files: [join(rehearsed.run.path, 'missing.sql')],
    }),
  ).rejects.toThrow(/there is no such file/);
});

const hasPagila = PAGILA.every((file) => existsSync(file));
if (!hasPagila) console.warn(`Pagila is not loaded: ${PAGILA.join(' and ')} are not there`);
(hasPagila ? test : test.skip)('loads Pagila with every row', async () => {
  const data = await readFile(PAGILA[1] ?? '', 'utf8');
  const written = [...data.matchAll(/^COPY [^;]* FROM stdin;\n([\s\S]*?)^\\\.$/gm)].map(
    ([, rows = '']) => rows.split('\n').length - 1,
  );
  const result = await loadDump({ connect: asMaster(on17), database: 'pagila', files: PAGILA });
  expect(result).toMatchObject({ notices: [], rows: written.reduce((sum, rows) => sum + rows, 0) });
  const client = await asMaster(on17)('pagila');
  const counts = await client.query(
    `select (select count(*) from film)::int as film, (select relreplident from pg_class where oid = 'country'::regclass) as country`,
  );
  await client.end();
  expect(counts.rows).toEqual([{ film: 1000, country: 'n' }]);
});
