import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isAlive, waitUntilGone } from '../../../lib/rehearsal/servers/process-table';
import { RunDirectory } from '../../../lib/rehearsal/servers/run-directory';
import { startRun } from './rehearsed-run';

const FOLDER = resolve(__dirname, '../../../lib/rehearsal/servers');

/** A program that owns a run with one server and says `{path, pid}`; it lives until a signal. */
const PROGRAM = `
  const { binariesFor } = require('${FOLDER}/binaries.ts');
  const { createCertificateAuthority } = require('${FOLDER}/certificate-authority.ts');
  const { PostgresServer } = require('${FOLDER}/postgres-server.ts');
  const { RunDirectory } = require('${FOLDER}/run-directory.ts');
  (async () => {
    const run = await RunDirectory.create();
    run.stopOnSignals();
    const authority = await createCertificateAuthority();
    const server = run.add(await PostgresServer.create({
      binaries: await binariesFor(17), directory: run.path + '/db', certificate: await authority.issue([]),
      settings: { shared_buffers: '16MB' },
    }));
    await server.start();
    process.on('SIGUSR2', () => { throw new Error('uncaught') });
    console.log(JSON.stringify({ path: run.path, pid: server.pid }));
    setInterval(() => undefined, 1000);
  })();
`;

test('stopAll leaves no process and no directory', async () => {
  const { run, create } = await startRun();
  const servers = await Promise.all([create(17), create(15)]);
  for (const server of servers) await server.start();
  const pids = servers.map((server) => server.pid ?? 0);
  expect(pids.filter(isAlive)).toHaveLength(2);
  expect(await run.freeBytes()).toBeGreaterThan(0);
  await Promise.all([run.stopAll(), run.stopAll()]);
  expect(pids.filter(isAlive)).toEqual([]);
  expect(existsSync(run.path)).toBe(false);
  await expect(servers[0]?.start()).rejects.toThrow('was retired');
});

test('fails before anything is made when the disk is too full', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'sealift-full-'));
  const creation = RunDirectory.create({ parent, minimumFreeBytes: Number.MAX_SAFE_INTEGER });
  await expect(creation).rejects.toThrow(/no space for servers in .*MiB free.*are needed/);
  expect(await readdir(parent)).toEqual([]);
  await rm(parent, { recursive: true });
});

describe('a run in a process of its own', () => {
  let parent: string;
  let owner: ChildProcess;
  let owned: { path: string; pid: number };
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'sealift-owned-'));
    await chmod(parent, 0o755);
    [owner, owned] = await startOwner(parent);
  });
  afterEach(async () => {
    owner.kill('SIGKILL');
    await RunDirectory.create({ parent }).then((run) => run.stopAll());
    await rm(parent, { recursive: true });
  });

  test('stops its servers and deletes its directory on Ctrl-C', async () => {
    const ended = new Promise((done) => owner.once('exit', done));
    owner.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(isAlive(owned.pid)).toBe(false);
    expect(existsSync(owned.path)).toBe(false);
  });

  test('takes its servers along when it ends by an uncaught error', async () => {
    owner.kill('SIGUSR2');
    expect(await waitUntilGone(owned.pid, 10_000)).toBe(true);
  });

  test('is cleared by the next run when it was killed, and left alone while it lives', async () => {
    const lines: string[] = [];
    const onProgress = (text: string) => lines.push(text);
    await RunDirectory.create({ parent, onProgress }).then((run) => run.stopAll());
    expect(lines).toEqual([]);
    expect(isAlive(owned.pid)).toBe(true);

    const ended = new Promise((done) => owner.once('exit', done));
    owner.kill('SIGKILL');
    await ended;
    expect(isAlive(owned.pid)).toBe(true);
    await RunDirectory.create({ parent, onProgress }).then((run) => run.stopAll());
    expect(lines).toEqual([expect.stringContaining('servers stopped: 1')]);
    expect(isAlive(owned.pid)).toBe(false);
    expect(existsSync(owned.path)).toBe(false);
  });

  test('never costs a process its life that merely got the process id of a server', async () => {
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
    const ended = new Promise((done) => owner.once('exit', done));
    owner.kill('SIGKILL');
    await ended;
    process.kill(owned.pid, 'SIGQUIT');
    await waitUntilGone(owned.pid, 10_000);
    await writeFile(join(owned.path, 'db', 'data', 'postmaster.pid'), `${bystander.pid}\n`);
    await RunDirectory.create({ parent }).then((run) => run.stopAll());
    expect(existsSync(owned.path)).toBe(false);
    expect(isAlive(bystander.pid ?? 0)).toBe(true);
    bystander.kill('SIGKILL');
  });
});

async function startOwner(parent: string): Promise<[ChildProcess, { path: string; pid: number }]> {
  const owner = spawn(process.execPath, ['--require', require.resolve('tsx/cjs'), '-e', PROGRAM], {
    env: { ...process.env, SEALIFT_TMPDIR: parent },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const line of owner.stdout ?? []) return [owner, JSON.parse(String(line))];
  owner.kill('SIGKILL');
  throw new Error('the owner of the run ended before it had a server');
}
