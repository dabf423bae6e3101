/** The page of a real execution: from its histories, and from the evidence when it was given. */
import type { Check } from '../../../../lambda/contract/assessment';
import type { EvidenceFacts } from '../evidence/evidence-facts';
import type { MigrationFacts } from '../history/migration-facts';
import { type VerdictKind, verdictOf } from '../history/verdict';
import { bytes, count, seconds } from '../words';
import { copyFigures } from './copy';
import { executionGaps } from './gaps';
import { outageFigure } from './outage';
import type { FailedCall, LagFigure, ReportPage, Tile, Tone, Trouble } from './page';
import { pruningFigures } from './pruning';
import { sourceChanges } from './source-changes';
import { phaseRows, stateGroups } from './timeline';
import { verificationSection } from './verification';

const TONES: Readonly<Record<VerdictKind, Tone>> = {
  succeeded: 'good',
  aborted: 'warned',
  human: 'bad',
  running: 'running',
};

const WROTE = 'The state machines and functions wrote these histories themselves. ';
const VERIFIED = 'The verification read every row of both sides. ';
const GATED =
  'The cutover compared what had changed since under the fence, before anybody could write on the target. How long clients ' +
  'kept an old address, and what they saw meanwhile, only the applications can tell.';

/** Makes the page. */
export function pageOfExecution(facts: MigrationFacts, evidence: EvidenceFacts | null): ReportPage {
  const known = evidence ?? NO_EVIDENCE;
  const { root, cutover, verification } = facts;
  const verdict = verdictOf(facts);
  const page = {
    kind: 'execution' as const,
    tone: toneOf(facts, verdict.kind),
    title: verdict.title,
    about: aboutOf(facts),
    tiles: tilesOf(facts, known),
    trouble: troubleOf(facts, verdict.remedy),
    failedCalls: failedCalls(facts),
    refusedCalls: [],
    writes: null,
    startedAt: root.startedAt,
    endedAt: Math.max(...facts.executions.map(({ lastAt }) => lastAt)),
    phases: phaseRows(facts),
    states: stateGroups(facts),
    lag: lagOf(facts),
    latency: null,
    outage: cutover && outageFigure(cutover.outageMs, cutover.outageMs.total, null, cutover.prediction, cutover.canary),
    outageBack: null,
    pruning: pruningFigures(facts.pruning),
    scan: facts.scan,
    copy: copyFigures(facts.copy, known),
    verification: verificationSection(facts, known),
    compared: null,
    checks: known.checks ?? blocksOf(facts),
    changes: sourceChanges(facts, known),
    proves: `${WROTE}${verification ? VERIFIED : 'They hold no verification. '}${cutover ? GATED : ''}`.trim(),
  };
  return { ...page, gaps: executionGaps(facts, evidence, page) };
}

const NO_EVIDENCE: EvidenceFacts = {
  checks: null,
  verification: null,
  prepared: null,
  madeDatabases: null,
  plannedSchema: null,
  plannedRows: null,
  settled: null,
  released: null,
  gaveBack: null,
  notUnderstood: [],
};

/** A success whose verification found differences is none. */
function toneOf({ verification, cutover }: MigrationFacts, kind: VerdictKind): Tone {
  return kind === 'succeeded' && cutover !== null && verification?.verdict === 'different' ? 'bad' : TONES[kind];
}

function aboutOf(facts: MigrationFacts): string[] {
  const { root, rootArn, source, target, approval } = facts;
  const began = `Started ${moment(new Date(root.startedAt).toISOString())}`;
  const took = seconds(root.lastAt - root.startedAt);
  const sides = [
    source && `source ${source.instanceId}${versionWords(source.engineVersion)}`,
    target &&
      `target ${target.instanceId}${versionWords(target.engineVersion === source?.engineVersion ? '' : target.engineVersion)}`,
  ].filter(Boolean);
  return [
    `${began}, ${root.status === 'RUNNING' ? `last event after ${took}` : `took ${took}`}.`,
    ...(sides.length > 0 ? [`From ${sides.join(' to ')}.`] : []),
    ...(approval === null
      ? []
      : [`The cutover was approved by ${approval.approvedBy}, ${moment(approval.approvedAt)}.`]),
    ...(rootArn === null ? [] : [`Execution ${rootArn}`]),
  ];
}

function versionWords(engineVersion: string): string {
  return engineVersion === '' ? '' : ` (PostgreSQL ${engineVersion})`;
}

function moment(iso: string): string {
  return `${iso.replace('T', ' ').slice(0, 19)} UTC`;
}

function tilesOf({ verification, cutover, adoption, copy, lag }: MigrationFacts, evidence: EvidenceFacts): Tile[] {
  const rows = verification?.databases.reduce((sum, database) => sum + database.rows, 0);
  const different = verification?.databases.reduce(
    (sum, { mismatchedTables, catalogDifferences }) => sum + mismatchedTables.length + catalogDifferences.length,
    0,
  );
  const last = lag.at(-1);
  const tables = evidence.verification?.tables.length ?? verification?.databases.reduce((sum, d) => sum + d.tables, 0);
  const tiles: (Tile | null)[] = [
    cutover && { value: `${count(cutover.outageMs.total)} ms`, label: 'from the fence to the end of the switch' },
    rows === undefined ? null : { value: count(rows), label: 'rows compared' },
    tables === undefined ? null : { value: count(tables), label: 'tables compared' },
    different === undefined
      ? null
      : { value: count(different), label: 'differences found', tone: different === 0 ? 'good' : 'bad' },
    last === undefined ? null : { value: bytes(last.bytes), label: 'lag when it was last looked at' },
    copy?.rows == null ? null : { value: count(copy.rows), label: 'rows copied over connections' },
    adoption && { value: adoption.seedLsn, label: `seed LSN (${adoption.seedOrigin})` },
  ];
  return tiles.filter((tile) => tile !== null);
}

function troubleOf({ root, executions }: MigrationFacts, remedy: string | null): Trouble | null {
  if (root.status === 'SUCCEEDED' || root.status === 'RUNNING') return null;
  const failed = executions.slice(1).find(({ error }) => error !== null);
  return {
    error: root.error ?? failed?.error ?? root.status,
    cause: root.cause ?? failed?.cause ?? 'the history says no more',
    remedy: remedy ?? '',
  };
}

/** Every call of a step that failed; what was retried is among them. */
export function failedCalls({ executions }: MigrationFacts): FailedCall[] {
  return executions
    .flatMap(({ answers }) => answers)
    .flatMap(({ step, at, failure }) => (failure === null ? [] : [{ step, at, ...failure }]))
    .sort((a, b) => a.at - b.at);
}

function lagOf({ lag }: MigrationFacts): LagFigure | null {
  const [first] = lag;
  const last = lag.at(-1);
  if (first === undefined || last === undefined || lag.length < 2) return null;
  return {
    from: first.atMs,
    to: last.atMs,
    points: lag.map(({ atMs, bytes: y }) => ({ x: atMs, y })),
    basis: `WAL that the target had not confirmed, whenever Watch replication looked (${count(lag.length)} times)`,
    outage: null,
  };
}

/** Without evidence a history holds the blocking checks, and how many others there were. */
function blocksOf({ assessment }: MigrationFacts): Check[] | null {
  const blocks = assessment?.blocks ?? [];
  return blocks.length === 0 ? null : blocks.map((check) => ({ ...check, verdict: 'block' }));
}
