/** Puts a report and what it rests on into a directory. */
import { access, constants, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { RehearsalFailure } from '../run/rehearsal-failure';
import type { Rehearsal } from '../run/rehearse';
import { renderReport } from './report-html';

/** Refuses a directory that cannot be written, before an hour of work is put into it. */
export async function requireWritable(directory: string): Promise<void> {
  const path = resolve(directory);
  try {
    await access(await firstExisting(path), constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new RehearsalFailure(`the report cannot be written to ${path}: choose another directory with --report`, {
      cause,
    });
  }
}

/** Writes `report.json`, `report.html`, `functions.log` and the steps' evidence, and replaces those of an earlier run. */
export async function writeReport(directory: string, rehearsal: Rehearsal): Promise<void> {
  const { report, logs, evidence } = rehearsal;
  const folder = join(directory, 'evidence');
  try {
    await mkdir(folder, { recursive: true });
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

/** The directory itself, or the nearest one above it that exists. */
async function firstExisting(path: string): Promise<string> {
  try {
    await access(path, constants.F_OK);
    return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    return firstExisting(dirname(path));
  }
}
