/** A folder of histories on which `npm run report` is run; it is removed after the tests of the file. */
import { mkdtempSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { reportCommand } from '../../../lib/rehearsal/report/report-command';

/** What the command came to. */
export interface Reported {
  readonly code: number;
  readonly out: string;
  readonly error: string;
  /** The page; empty when none was written. */
  readonly page: string;
}

/** Makes the folder; called at the top of a test file. */
export function reportFolder() {
  const path = mkdtempSync(join(tmpdir(), 'sealift-histories-'));
  afterAll(() => rm(path, { recursive: true, force: true }));
  return {
    path,
    /** Writes files below the folder and runs the command with those that lie in it directly. */
    report: (files: Readonly<Record<string, string>>, ...flags: string[]) => report(path, files, flags),
  };
}

async function report(folder: string, files: Readonly<Record<string, string>>, flags: string[]): Promise<Reported> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  const histories = Object.keys(files).filter((name) => !name.includes('/'));
  const printed = { out: '', error: '' };
  const page = join(folder, 'page.html');
  await rm(page, { force: true });
  const code = await reportCommand(
    ['--history', ...histories.map((name) => join(folder, name)), '--out', page, ...flags],
    {
      out: (text) => {
        printed.out += text;
      },
      error: (text) => {
        printed.error += text;
      },
    },
  );
  return { ...printed, code, page: code === 0 ? await readFile(page, 'utf8') : '' };
}
