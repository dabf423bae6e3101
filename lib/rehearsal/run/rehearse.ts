/**
 * One whole migration on this machine:
 *
 *   source + writers ── stacks synthesized and deployed ── Migrate ── writers go on ── proof ── report
 *
 * Real PostgreSQL servers, the synthesized state machines and the bundled functions; only AWS's control plane is a stand-in.
 */

import type { LogLine } from '../lambda-runtime/lambda-runtime';
import { buildReport } from '../report/build-report';
import type { Report } from '../report/report';
import { SCALES } from '../sample/sizes';
import { RunDirectory } from '../servers/run-directory';
import type { EmittedMetric } from './emitted-metrics';
import { endAll, orAborted } from './endings';
import type { Tell, Untimed } from './events';
import { type EvidenceFile, readEvidence } from './evidence-files';
import { migrateAndProve } from './findings';
import { type HistoryFile, historyFiles } from './history-files';
import type { RehearsalOptions } from './options';
import { type Access, accessOf } from './server-access';
import { setStage } from './stage';
import { Timeline } from './timeline';

/** A finished run. */
export interface Rehearsal {
  readonly report: Report;
  /** Last lines of the functions' logs. */
  readonly logs: readonly LogLine[];
  /** What the functions measured, as CloudWatch would have it. */
  readonly metrics: readonly EmittedMetric[];
  /** What the steps kept as evidence, by name, such as `verification.json`. */
  readonly evidence: readonly EvidenceFile[];
  /** The histories of the first execution of `Migrate` and of those that it started. */
  readonly histories: readonly HistoryFile[];
  /** How to reach the servers, with `keep`; null otherwise. */
  readonly access: readonly Access[] | null;
  /** Stops the servers and deletes the run's directory; done already unless `keep`. */
  end(): Promise<void>;
}

/** Source, baseline, snapshot, the encrypted copy of each, and target lie on the disk together, and WAL beside them. */
const DISK_FACTOR = 7;
const LEAST_DISK_BYTES = 2 ** 30;

/**
 * Rehearses. Whatever happens, every server is stopped and the run's directory deleted before it settles, unless `keep`.
 *
 * @throws RehearsalFailure and other errors when the rehearsal itself could not be done; a migration that fails is a report
 */
export async function rehearse(options: RehearsalOptions): Promise<Rehearsal> {
  const ends: (() => Promise<void> | void)[] = [];
  const tell: Tell = (event: Untimed) => options.onEvent?.({ ...event, at: new Date().toISOString() } as never);
  let ending: Promise<void> | null = null;
  const end = () => {
    ending ??= endAll(ends);
    return ending;
  };
  const work = run(options, tell, { add: (one) => ends.push(one) });
  // When the signal wins, the work fails later, with servers that are gone: nobody wants to hear of it.
  work.catch(() => undefined);
  try {
    const finished = await orAborted(work, options.signal);
    if (!options.keep) await end();
    return { ...finished, end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function run(
  options: RehearsalOptions,
  tell: Tell,
  cleanup: { add(end: () => Promise<void> | void): void },
): Promise<Omit<Rehearsal, 'end'>> {
  const startedAt = Date.now();
  const bytes = options.dumpFiles.length > 0 ? 0 : SCALES[options.size].expectedBytes * DISK_FACTOR;
  const directory = await RunDirectory.create({
    minimumFreeBytes: Math.max(LEAST_DISK_BYTES, bytes),
    onProgress: (text) => tell({ kind: 'note', text }),
  });
  cleanup.add(() => directory.stopAll());
  options.signal?.throwIfAborted();
  const timeline = new Timeline(tell);
  const stage = await setStage(directory, options, timeline, tell, cleanup);
  const findings = await migrateAndProve(stage, options, timeline, tell, cleanup);
  const versions = { sourceVersion: stage.source.engineVersion, targetVersion: stage.targetEngineVersion };
  const report = buildReport({ startedAt, options, timeline, findings, ...versions });
  tell({ kind: 'report', report });
  const evidence = await readEvidence(stage.aws);
  const [first] = findings.executions;
  const histories = first ? historyFiles(stage.aws.machines, first.executionArn) : [];
  return {
    report,
    evidence,
    histories,
    logs: stage.aws.logLines(),
    metrics: stage.aws.metrics(),
    access: options.keep ? accessOf(stage) : null,
  };
}
