import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SCENARIO_TIMEOUT_MS } from './tiny';

const ROOT = join(__dirname, '..', '..');

/** Runs the command until a line of its output matches, sends Ctrl-C, and answers exit code and output. */
async function interruptAt(line: RegExp, parent: string): Promise<{ code: number | null; said: string }> {
  const tsx = createRequire(__filename).resolve('tsx/cjs');
  const flags = ['--size', 'tiny', '--json', '--report', join(parent, 'report')];
  const child = spawn(process.execPath, ['--require', tsx, join(ROOT, 'bin', 'rehearse.ts'), ...flags], {
    env: { ...process.env, SEALIFT_TMPDIR: parent },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let interrupted = false;
  const take = (text: string) => {
    said += text;
    // Once: the second signal would not wait for the servers.
    if (!interrupted && line.test(said)) {
      interrupted = true;
      child.kill('SIGINT');
    }
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, said };
}

test.each([
  ['while the source starts', /"phase-started","phase":"Start the source"/],
  ['while the target replicates', /"state":"Watch replication"/],
])(
  'Ctrl-C %s leaves no server and no file behind',
  async (_, line) => {
    const parent = await mkdtemp(join(tmpdir(), 'sealift-interrupted-'));
    // Servers run under another account, which must be able to pass.
    await chmod(parent, 0o711);
    try {
      const { code, said } = await interruptAt(line, parent);
      expect(said).not.toContain('    at ');
      expect(code).toBe(130);
      expect(await readdir(parent)).toEqual([]);
    } finally {
      await rm(parent, { recursive: true, force: true });
    }
  },
  SCENARIO_TIMEOUT_MS,
);
