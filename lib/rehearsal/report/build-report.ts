/** Makes the report of a run from what it found out; decides the outcome. */

import type { CutoverFacts } from '../../../lambda/contract/cutover';
import type { Output } from '../../../lambda/contract/payloads';
import type { Findings } from '../run/findings';
import type { RehearsalOptions } from '../run/options';
import type { StepCall } from '../run/step-calls';
import type { Timeline } from '../run/timeline';
import type { ExecutionDescription } from '../state-machine/state-machines';
import type { Proof } from '../writers/prove';
import {
  type OutageReport,
  type Outcome,
  REPORT_SCHEMA_VERSION,
  type Report,
  type RollbackReport,
  type WritersReport,
} from './report';

/** What a report is made from. */
export interface ReportSource {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly options: RehearsalOptions;
  readonly timeline: Timeline;
  readonly findings: Findings;
  readonly sourceVersion: string;
  /** What the target is configured to run. */
  readonly targetVersion: string;
}

/** Longest text of a cause in the report. */
const LONGEST_CAUSE = 8_000;

/** What to do about each way of ending. */
const REMEDIES: Readonly<Record<string, string>> = {
  Blocked: 'nothing was changed for the applications: follow the remedies named above, then start again',
  CutoverAborted:
    'the source was given back and replication goes on or can be started again: see the cause, then start again',
  PastTheFlip: 'the target is live: complete the way forward by hand, never back',
};

/** Makes the report. */
export function buildReport(source: ReportSource): Report {
  const { findings, options, timeline } = source;
  const { proof } = findings;
  const adopted = answerOf<Output<'adopt'>>(findings, 'adopt');
  const [first] = findings.executions;
  return {
    schemaVersion: REPORT_SCHEMA_VERSION,
    startedAt: new Date(source.startedAt).toISOString(),
    ms: Date.now() - source.startedAt,
    outcome: outcomeOf(findings, options),
    reason: reasonOf(findings, options),
    stopAfter: options.dryRun ? 'assess' : options.stopAfter,
    road: options.road,
    engine: options.engine,
    sourceVersion: source.sourceVersion,
    targetVersion: source.targetVersion,
    seedLsn: adopted?.seedLsn ?? null,
    seedOrigin: adopted?.seedOrigin ?? null,
    writableSide: findings.writableSide,
    outageMs: outageOf(findings),
    rollback: rollbackOf(findings),
    writers: writersOf(findings),
    databases: findings.databases,
    copy: findings.copy,
    pruning: pruningOf(findings),
    scan: scanOf(findings),
    phases: timeline.phases,
    states: timeline.states,
    checks: findings.checks,
    refusedApiCalls: findings.refusedCalls,
    executions: [...findings.executions, ...(findings.wayBack ? [findings.wayBack.execution] : [])].map(
      ({ executionArn: arn, status, error, cause }) => ({
        arn,
        status,
        error: error ?? null,
        cause: cause?.slice(0, LONGEST_CAUSE) ?? null,
      }),
    ),
    failedSteps: findings.steps.flatMap((call) => failedStep(call)),
    series: {
      writersStartedAt: isoOf(findings.writersStartedAt),
      latency: proof?.latencySeries ?? [],
      lag: findings.lag,
      outageStartedAt: first && proof ? proof.firstRefusedAt : null,
      outageEndedAt: proof?.firstAcceptedAt ?? null,
    },
  };
}

/** One writable side, and it is the one that the record leads to and that was wanted. */
function outcomeOf(findings: Findings, options: RehearsalOptions): Outcome {
  const [first] = findings.executions;
  const moves = !options.dryRun && options.stopAfter === 'cutover';
  const wanted = moves && !options.rollback ? 'target' : 'source';
  const consistent = findings.writableSide === findings.live;
  const { proof } = findings;
  const whole = proof === null || (proof.lost === 0 && proof.doubled === 0 && proof.torn === 0 && proof.phantom === 0);
  if (!consistent || !whole) return 'failed';
  const { wayBack, reapers } = findings;
  const isOfWayBack = ({ startDate }: ExecutionDescription) => startDate.getTime() >= (wayBack?.startedAt ?? Infinity);
  if (wayBack !== null && !arrived(wayBack.execution, reapers.filter(isOfWayBack))) return 'failed';
  if (
    first &&
    arrived(
      first,
      reapers.filter((reaper) => !isOfWayBack(reaper)),
    )
  ) {
    const equal = findings.databases.every(({ mismatchedTables }) => mismatchedTables.length === 0);
    return findings.live === wanted && equal ? 'succeeded' : 'failed';
  }
  return findings.live === 'source' ? 'aborted' : 'failed';
}

/** What was stopped behind the flip is finished by the reaper. */
function arrived({ status }: ExecutionDescription, reapers: readonly ExecutionDescription[]): boolean {
  return (
    status === 'SUCCEEDED' ||
    reapers.some(({ output }) => output !== undefined && JSON.parse(output).outcome === 'finished')
  );
}

function reasonOf(findings: Findings, options: RehearsalOptions): Report['reason'] {
  const failed = [findings.executions[0], findings.wayBack?.execution].find((one) => one && one.status !== 'SUCCEEDED');
  if (failed) {
    const error = failed.error ?? failed.status;
    return {
      error,
      cause: (failed.cause ?? '').slice(0, LONGEST_CAUSE),
      remedy: REMEDIES[error] ?? 'see failedSteps in report.json and the functions.log beside it',
    };
  }
  if (outcomeOf(findings, options) === 'succeeded') return null;
  const { proof, writableSide, live, databases } = findings;
  const mismatched = databases.flatMap(({ name, mismatchedTables }) => mismatchedTables.map((t) => `${name}.${t}`));
  const facts = [
    `the record leads to the ${live}, writable is ${writableSide}`,
    proof && `lost ${proof.lost}, doubled ${proof.doubled}, torn ${proof.torn}, phantom ${proof.phantom}`,
    mismatched.length > 0 && `different tables: ${mismatched.join(', ')}`,
  ];
  return {
    error: 'ProofFailed',
    cause: facts.filter(Boolean).join('; '),
    remedy: 'this is a defect of Sealift or of the rehearsal: keep report.json and functions.log, and report it',
  };
}

function pruningOf(findings: Findings): Report['pruning'] {
  const concluded = answerOf<Output<'conclude-prune'>>(findings, 'conclude-prune');
  if (concluded === undefined || concluded === null || concluded.again) return null;
  const { rows, kept, tables } = concluded;
  const copies = findings.steps.flatMap(({ step, output }) => {
    const made = step === 'encrypt' ? (output as Output<'encrypt'> | undefined)?.snapshotId : undefined;
    return made?.endsWith('-baseline-encrypted') ? [made] : [];
  });
  return { rows, kept, tables, keptIn: copies[0] ?? null };
}

function scanOf(findings: Findings): Report['scan'] {
  const scan = answerOf<Output<'conclude-scan'>>(findings, 'conclude-scan');
  const repaired = answerOf<Output<'quarantine'>>(findings, 'quarantine')?.databases ?? [];
  const nothing = { rowsRemoved: 0, pagesLost: 0, indexesRebuilt: 0 };
  return (scan?.databases ?? []).map((database) => ({
    on: scan?.on ?? 'source',
    ...database,
    ...nothing,
    ...repaired.find(({ name }) => name === database.name),
  }));
}

/** The way there: what was seen and answered before the way back began. */
function outageOf(findings: Findings): OutageReport {
  const { live, proof, wayBack } = findings;
  const until = wayBack?.startedAt ?? Number.POSITIVE_INFINITY;
  const facts = findings.steps
    .filter(({ step, failure, endedAt }) => step === 'cutover' && failure === null && endedAt < until)
    .at(-1)?.output as CutoverFacts | undefined;
  if (wayBack !== null)
    return partsOf(
      facts,
      longestOutage(findings, ({ startedAt }) => startedAt < until),
    );
  return partsOf(facts, live === 'target' ? round(proof?.outageMs) : null);
}

function rollbackOf(findings: Findings): RollbackReport | null {
  const { wayBack, live } = findings;
  if (wayBack === null) return null;
  const seen = longestOutage(findings, ({ startedAt }) => startedAt >= wayBack.startedAt);
  return {
    status: wayBack.execution.status,
    outageMs: partsOf(wayBack.cutover ?? undefined, live === 'source' ? seen : null),
  };
}

/** The longest outage after which writers found themselves at the other server. */
function longestOutage({ proof }: Findings, chosen: (outage: Proof['outages'][number]) => boolean): number | null {
  const ms = (proof?.outages ?? [])
    .filter((outage) => outage.moved && chosen(outage))
    .flatMap(({ startedAt, firstAcceptedAt }) => (firstAcceptedAt === null ? [] : [firstAcceptedAt - startedAt]));
  return ms.length === 0 ? null : Math.round(Math.max(...ms));
}

function partsOf(facts: CutoverFacts | undefined, total: number | null): OutageReport {
  const { outageMs: parts, prediction, canary } = facts ?? {};
  return {
    total,
    fence: parts?.fence ?? null,
    barrier: parts?.barrier ?? null,
    sequences: parts?.sequences ?? null,
    gate: parts?.gate ?? null,
    switch: parts?.switch ?? null,
    cutover: parts?.total ?? null,
    predicted: prediction ?? null,
    canary: canary ?? null,
  };
}

function writersOf({ proof }: Findings): WritersReport | null {
  return (
    proof && {
      acknowledged: proof.acknowledged,
      refused: proof.refused,
      unknown: proof.unknown,
      unknownPresent: proof.unknownPresent,
      lost: proof.lost,
      doubled: proof.doubled,
      torn: proof.torn,
      phantom: proof.phantom,
      onlyOnSource: proof.acceptedBySourceAfterFence,
      sequenceReuse: proof.sequenceReuse,
      maxLatencyMs: Math.round(proof.maxLatencyMs),
      allWritersBackMs: round(proof.allWritersBackMs),
    }
  );
}

function failedStep({ step, endedAt, failure }: StepCall): Report['failedSteps'] {
  return failure ? [{ step, at: new Date(endedAt).toISOString(), ...failure }] : [];
}

function answerOf<T>(findings: Findings, step: string): T | undefined {
  return findings.steps.filter((call) => call.step === step && call.failure === null).at(-1)?.output as T | undefined;
}

function round(ms: number | null | undefined): number | null {
  return ms == null ? null : Math.round(ms);
}

function isoOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
