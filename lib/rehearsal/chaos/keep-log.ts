/** What is kept of a run that fell short. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Rehearsal } from '../run/rehearse';
import { inWords } from './fault';
import type { ChaosVerdict } from './verdict';

/** Writes verdict, report, events, logs and histories into a folder named after the seed; answers its path. */
export async function keepLog(
  verdict: Omit<ChaosVerdict, 'keptIn'>,
  rehearsal: Pick<Rehearsal, 'logs' | 'histories'>,
  events: readonly string[],
  logDirectory: string,
): Promise<string> {
  const directory = join(logDirectory, String(verdict.schedule.seed));
  await mkdir(directory, { recursive: true });
  const { report, ...rest } = verdict;
  const told = { ...rest, faults: verdict.schedule.faults.map(inWords) };
  await writeFile(join(directory, 'verdict.json'), `${JSON.stringify(told, null, 2)}\n`);
  await writeFile(join(directory, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  await writeFile(join(directory, 'events.jsonl'), `${events.join('\n')}\n`);
  const lines = rehearsal.logs.map(({ functionName, line }) => `${functionName} ${line}`);
  await writeFile(join(directory, 'functions.log'), `${lines.join('\n')}\n`);
  for (const { name, content } of rehearsal.histories) await writeFile(join(directory, name), content);
  return directory;
}
