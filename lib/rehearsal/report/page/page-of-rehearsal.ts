/** The page of a rehearsal: its histories and evidence as for a real execution, and beside them what only a rehearsal knows. */
import type { EvidenceFacts } from '../evidence/evidence-facts';
import type { MigrationFacts } from '../history/migration-facts';
import { holds, type Report } from '../report';
import { count, seconds } from '../words';
import { copyFigures } from './copy';
import { outageFigure } from './outage';
import type { Figure, LagFigure, LatencyFigure, OutageFigure, ReportPage, Tile, TimelineRow, Tone } from './page';
import { failedCalls } from './page-of-execution';
import { pruningFigures } from './pruning';
import { sourceChanges } from './source-changes';
import { phaseRows, stateGroups } from './timeline';
import { verificationSection } from './verification';

/** Time around the outage that the plot of the latency shows. */
const AROUND_MS = 5_000;

/** The writers count in slices of this length; a mark stands in the middle of its own. */
const SLICE_MS = 100;

const PROVES =
  "Real PostgreSQL servers, the synthesized state machines, the bundled functions and their permissions did this. AWS's " +
  'control plane was a stand-in: how long clients keep an old address (TTL, pools), network rules, and ';

/** What a rehearsal of each road cannot measure. */
const ONLY_AWS: Readonly<Record<Report['road'], string>> = {
  snapshot: 'how long RDS takes for snapshots and restores, only AWS can show.',
  copy: 'how fast rows travel between two instances, only AWS can show.',
};

/** Makes the page. */
export function pageOfRehearsal(report: Report, facts: MigrationFacts, evidence: EvidenceFacts): ReportPage {
  const { outageMs, rollback, databases, checks, reason } = report;
  const startedAt = Date.parse(report.startedAt);
  const migrate = { name: 'Migrate', rows: phaseRows(facts) };
  return {
    kind: 'rehearsal',
    tone: toneOf(report),
    title: titleOf(report),
    about: [
      `PostgreSQL ${versionsOf(report)}, ${report.road} road, ${report.engine} engine; ` +
        `${report.startedAt.replace('T', ' ').slice(0, 19)} UTC, took ${seconds(report.ms)}.`,
      `The applications write on the ${report.writableSide}.`,
    ],
    tiles: tilesOf(report),
    trouble: reason,
    failedCalls: failedCalls(facts),
    refusedCalls: report.refusedApiCalls.map(({ call, caller, reason: why }) => ({ call, caller, why })),
    writes: writesOf(report),
    startedAt,
    endedAt: startedAt + report.ms,
    phases: report.phases.map(phaseRow),
    states: [migrate, ...stateGroups(facts)],
    lag: lagOf(report),
    latency: latencyOf(report),
    outage: outageFigure(outageMs, outageMs.cutover, outageMs.total, outageMs.predicted, outageMs.canary),
    pruning: pruningFigures(facts.pruning),
    outageBack: rollback && wayBackFigure(rollback.outageMs),
    scan: facts.scan,
    copy: copyFigures(facts.copy, evidence),
    verification: verificationSection(facts, evidence),
    compared:
      databases.length === 0
        ? null
        : databases.map(({ mismatchedTables: different, ...database }) => ({ ...database, different })),
    checks: checks.length === 0 ? null : checks,
    changes: sourceChanges(facts, evidence),
    gaps: report.writers === null ? [{ what: 'Lost and doubled writes', why: 'there were no writers' }] : [],
    proves: PROVES + ONLY_AWS[report.road],
  };
}

function wayBackFigure(outage: Report['outageMs']): OutageFigure | null {
  return outageFigure(outage, outage.cutover, outage.total, outage.predicted, null);
}

/** `15.19 to 17.10`, or the one version of both. */
function versionsOf({ sourceVersion, targetVersion }: Report): string {
  return sourceVersion === targetVersion ? sourceVersion : `${sourceVersion} to ${targetVersion}`;
}

function toneOf(report: Report): Tone {
  if (holds(report)) return 'good';
  return report.outcome === 'aborted' ? 'warned' : 'bad';
}

function titleOf(report: Report): string {
  if (report.outcome === 'aborted') return 'Aborted: the source is writable as before';
  if (report.outcome === 'failed') return 'Failed';
  if (!holds(report)) return 'Succeeded, but not everything holds';
  if (report.stopAfter === 'assess') return 'Assessed: the source is ready, nothing was changed';
  if (report.stopAfter === 'prune') return 'Pruned: what was old is gone from the source';
  if (report.stopAfter === 'scan') return 'Scanned: every row of the source can be read';
  if (report.stopAfter === 'replicate') return 'Replicating: source and target are equal';
  if (report.rollback !== null) return 'There and back: nothing lost, nothing doubled';
  return 'Migrated: nothing lost, nothing doubled, nothing different';
}

function tilesOf({ writers, outageMs, rollback, databases, seedLsn, copy }: Report): Tile[] {
  const mismatched = databases.reduce((sum, { mismatchedTables }) => sum + mismatchedTables.length, 0);
  const must = (value: number, label: string): Tile => ({
    value: count(value),
    label,
    tone: value === 0 ? 'good' : 'bad',
  });
  const tiles: (Tile | null)[] = [
    outageMs.total === null
      ? null
      : { value: `${count(outageMs.total)} ms`, label: 'write outage, as the writers saw it' },
    rollback?.outageMs.total == null
      ? null
      : { value: `${count(rollback.outageMs.total)} ms`, label: 'write outage of the way back' },
    writers && { value: count(writers.acknowledged), label: 'acknowledged commits' },
    writers && must(writers.lost, 'lost'),
    writers && must(writers.doubled, 'doubled'),
    databases.length === 0 ? null : must(mismatched, 'different tables'),
    copy?.rows == null ? null : { value: count(copy.rows), label: 'rows copied over connections' },
    seedLsn === null ? null : { value: seedLsn, label: 'seed LSN' },
  ];
  return tiles.filter((tile) => tile !== null);
}

function writesOf({ writers }: Report): Figure[] | null {
  if (writers === null) return null;
  const any = (name: string, value: number): Figure => ({ name, value: count(value) });
  const none = (name: string, value: number): Figure => ({
    name,
    value: count(value),
    verdict: value === 0 ? 'good' : 'bad',
  });
  return [
    any('commits acknowledged', writers.acknowledged),
    any('attempts refused, and repeated by the application', writers.refused),
    any('commits whose answer was lost', writers.unknown),
    any('of these, committed', writers.unknownPresent),
    none('acknowledged and lost', writers.lost),
    none('applied twice', writers.doubled),
    none('half there', writers.torn),
    none('there without having been written', writers.phantom),
    ...(writers.onlyOnSource === null ? [] : [none('only on the old source', writers.onlyOnSource)]),
    none('sequence values handed out twice', writers.sequenceReuse),
    { name: 'slowest commit', value: seconds(writers.maxLatencyMs) },
  ];
}

function phaseRow({ name, startedAt, ms }: Report['phases'][number]): TimelineRow {
  const from = Date.parse(startedAt);
  return { name, spans: [{ from, to: from + ms }] };
}

function outageOf({ outageStartedAt, outageEndedAt }: Report['series']): LatencyFigure['outage'] {
  if (!outageStartedAt || !outageEndedAt) return null;
  return { from: Date.parse(outageStartedAt), to: Date.parse(outageEndedAt) };
}

function latencyOf({ series }: Report): LatencyFigure | null {
  const { writersStartedAt, latency } = series;
  if (writersStartedAt === null || latency.length === 0) return null;
  const zero = Date.parse(writersStartedAt);
  const end = zero + (latency.at(-1)?.atMs ?? 0);
  const outage = outageOf(series);
  return {
    from: outage ? outage.from - AROUND_MS : zero,
    to: outage ? Math.min(end, outage.to + AROUND_MS) : end,
    points: latency.flatMap(({ atMs, maxMs }) => (maxMs === null ? [] : [{ x: zero + atMs, y: maxMs }])),
    refusedAt: latency.filter(({ refused }) => refused > 0).map(({ atMs }) => zero + atMs + SLICE_MS / 2),
    outage,
  };
}

function lagOf({ series }: Report): LagFigure | null {
  const [first] = series.lag;
  const last = series.lag.at(-1);
  if (first === undefined || last === undefined) return null;
  return {
    from: first.atMs,
    to: last.atMs,
    points: series.lag.map(({ atMs, bytes: y }) => ({ x: atMs, y })),
    basis: 'WAL that the target had not confirmed, looked at five times a second',
    outage: outageOf(series),
  };
}
