/** Puts a report and what it rests on into a directory. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { EvidenceFile } from '../run/evidence-files';
import { RehearsalFailure } from '../run/rehearsal-failure';
import type { Rehearsal } from '../run/rehearse';
import { evidenceFacts } from './evidence/evidence-facts';
import { evidenceOf } from './evidence/evidence-folder';
import { readPage } from './history/history-events';
import { joinPages } from './history/join-pages';
import { migrationFacts } from './history/migration-facts';
import { pageOfRehearsal } from './page/page-of-rehearsal';
import { renderPage } from './page/render-page';

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

/** Forms of the assessment for people. */
const ASSESSMENT_ENDINGS = ['html', 'txt'] as const;

/** The latest assessment among the evidence, as a page or a screen of text; null when there is none. */
export function assessmentIn(
  evidence: readonly EvidenceFile[],
  ending: (typeof ASSESSMENT_ENDINGS)[number],
): Buffer | null {
  return evidence.filter(({ name }) => name.endsWith(`-assessment.${ending}`)).at(-1)?.content ?? null;
}

/** The page of a rehearsal, read from its histories and evidence as those of a real execution are. */
export function pageOf({ report, histories, evidence }: Pick<Rehearsal, 'report' | 'histories' | 'evidence'>): string {
  const pages = histories.map(({ name, content }) => readPage(name, JSON.parse(content)));
  const facts = migrationFacts(joinPages(pages));
  return renderPage(pageOfRehearsal(report, facts, evidenceFacts(evidenceOf(evidence, facts.evidenceKeys))));
}

/**
 * Writes `report.json`, `report.html`, the assessment, `functions.log`, the histories and the steps' evidence, and replaces
 * those of an earlier run.
 */
export async function writeReport(directory: string, rehearsal: Rehearsal): Promise<void> {
  const { report, logs, evidence, histories } = rehearsal;
  const folder = join(directory, 'evidence');
  const page = pageOf(rehearsal);
  try {
    await makeDirectory(folder, []);
    await removeEarlier(directory, /^(history-[a-z]+\.json|assessment\.(html|txt))$/);
    await removeEarlier(folder, /^rehearsal-\d+-[\w-]+\.(json|html|txt)$/);
    await writeFile(join(directory, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
    await writeFile(join(directory, 'report.html'), page);
    const lines = logs.map(({ functionName, line }) => `${functionName} ${line}\n`);
    await writeFile(join(directory, 'functions.log'), lines.join(''));
    for (const { name, content } of histories) await writeFile(join(directory, name), content);
    for (const { name, content } of evidence) await writeFile(join(folder, name), content);
    for (const ending of ASSESSMENT_ENDINGS) {
      const document = assessmentIn(evidence, ending);
      if (document) await writeFile(join(directory, `assessment.${ending}`), document);
    }
  } catch (cause) {
    throw new RehearsalFailure(
      `the report could not be written to ${resolve(directory)} (${(cause as NodeJS.ErrnoException).code}): choose another directory with --report`,
      { cause },
    );
  }
}

/** An earlier run may have come further: what it left would be taken for this one's. */
async function removeEarlier(directory: string, names: RegExp): Promise<void> {
  for (const name of await readdir(directory)) if (names.test(name)) await rm(join(directory, name));
}

/** Makes a directory and those above it, noting each, deepest first; Node.js' own recursion never ends below /proc. */
async function makeDirectory(path: string, made: string[]): Promise<void> {
  if (existsSync(path)) return;
  if (dirname(path) !== path) await makeDirectory(dirname(path), made);
  await mkdir(path);
  made.unshift(path);
}
