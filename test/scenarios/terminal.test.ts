/** The command itself, in a pipe and on a pseudo-terminal. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '..', '..');
const TIMEOUT_MS = 180_000;

/** util-linux's `script` makes a pseudo-terminal; that of other systems takes other flags. */
const hasPty = /util-linux/.test(spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '');

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sealift-terminal-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function flags(): string[] {
  return ['bin/rehearse.ts', '--size', 'tiny', '--writers', '0', '--dry-run', '--report', directory];
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

function outcome(child: ChildProcess, onOutput: (soFar: string) => void = () => undefined): Promise<Ended> {
  let [out, error] = ['', ''];
  child.stdout?.on('data', (data) => {
    out += data;
    onOutput(out);
  });
  child.stderr?.on('data', (data) => {
    error += data;
  });
  return new Promise((done) => child.on('close', (code) => done({ code, out, error })));
}

test(
  'in a pipe nothing is printed that a log could not hold',
  async () => {
    const child = spawn('npx', ['tsx', ...flags()], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    const { code, out } = await outcome(child);
    expect(out).not.toMatch(/[^\P{Cc}\n]/u);
    expect(out).toMatch(/^Start the source, .*\n/m);
    expect(out).toMatch(/^Assess, .*\n/m);
    expect(code).toBe(0);
  },
  TIMEOUT_MS,
);

(hasPty ? test : test.skip)(
  'on a terminal the cursor is shown again after Ctrl-C',
  async () => {
    const command = ['npx', 'tsx', ...flags()].join(' ');
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: ROOT,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, TERM: 'xterm-256color' },
    });
    let pressed = false;
    const { code, out } = await outcome(child, (soFar) => {
      if (pressed || !soFar.includes('Start the source')) return;
      pressed = true;
      child.stdin?.write('\u0003');
    });
    expect(out).toContain('\u001b[?25l');
    expect(out.lastIndexOf('\u001b[?25h')).toBeGreaterThan(out.lastIndexOf('\u001b[?25l'));
    expect(out.lastIndexOf('\u001b[?7h')).toBeGreaterThan(out.lastIndexOf('\u001b[?7l'));
    expect(code).toBe(130);
  },
  TIMEOUT_MS,
);
