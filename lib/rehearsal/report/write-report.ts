/** Puts a report and what it rests on into a directory. */
import { existsSync } from 'node:fs';
import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { RehearsalFailure } from '../run/rehearsal-failure';
import type { Rehearsal } from '../run/rehearse';
import { renderReport } from './report-html';

/**
 * Refuses a directory that cannot be written, before an hour of work is put into it. Permission bits say nothing to root, so
 * it is tried; what was made for the trial is taken away again.
 */
export async function requireWritable(directory: string): Promise<void> {
  const path = resolve(directory);
  const made: string[] = [];
  try {
    await makeDirectory(path, made);
    const probe = join(path, `.sealift-${process.pid}`);
    await writeFile(probe, '');
    await rm(probe);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new RehearsalFailure(
      `the report cannot be written to ${path} (${code}): choose another directory with --report`,
      {
        cause,
      },
    );
  } finally {
    for (const one of made) await rmdir(one).catch(() => undefined);
  }
}

/** Writes `report.json`, `report.html`, `functions.log` and the steps' evidence, and replaces those of an earlier run. */
export async function writeReport(directory: string, rehearsal: Rehearsal): Promise<void> {
  const { report, logs, evidence } = rehearsal;
  const folder = join(directory, 'evidence');
  try {
    await makeDirectory(folder, []);
    await writeFile(join(directory, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
    await writeFile(join(directory, 'report.html'), renderReport(report));
    const lines = logs.map(({ functionName, line }) => `${functionName} ${line}\n`);
    await writeFile(join(directory, 'functions.log'), lines.join(''));
    for (const { name, content } of evidence) await writeFile(join(folder, name), content);
  } catch (cause) {
    throw new RehearsalFailure(
      `the report could not be written to ${resolve(directory)} (${(cause as NodeJS.ErrnoException).code}): choose another directory with --report`,
      { cause },
    );
  }
}

/** Makes a directory and those above it, noting each, deepest first; Node.js' own recursion never ends below /proc. */
async function makeDirectory(path: string, made: string[]): Promise<void> {
  if (existsSync(path)) return;
  if (dirname(path) !== path) await makeDirectory(dirname(path), made);
  await mkdir(path);
  made.unshift(path);
}
