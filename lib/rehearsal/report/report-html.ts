/** `report.html`: the verdict on top, then what it rests on. One file, no script, nothing from elsewhere. */
import { html, type Markup } from './markup';
import { LABELS, type Point, timelinePlot, timePlot } from './plot';
import { holds, type Report } from './report';
import { checksSection, databasesSection, proofSection, troubleSection } from './report-tables';
import { STYLE } from './style';
import { count, seconds } from './words';

/** Time around the outage that the plots show. */
const AROUND_MS = 5_000;

/** Renders a report as a page. */
export function renderReport(report: Report): string {
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sealift rehearsal: ${report.outcome}</title><style>${STYLE}</style></head><body><main>
${verdict(report)}${tiles(report)}${troubleSection(report)}${cutoverPlots(report)}${timeline(report)}
${proofSection(report)}${databasesSection(report)}${checksSection(report)}${limits()}
</main></body></html>
`;
  return page.text;
}

function verdict(report: Report): Markup {
  return html`<div class="verdict ${report.outcome}"><h1>${titleOf(report)}</h1>
<p class="soft">PostgreSQL ${report.sourceVersion} to ${report.targetVersion}, ${report.road} road, ${report.engine} engine,
${report.startedAt.replace('T', ' ').slice(0, 19)} UTC, took ${seconds(report.ms)}.
The applications write on the <b>${report.writableSide}</b>.</p></div>`;
}

function titleOf(report: Report): string {
  if (report.outcome === 'aborted') return 'Aborted: the source is writable as before';
  if (report.outcome === 'failed') return 'Failed';
  if (!holds(report)) return 'Succeeded, but not everything holds';
  if (report.stopAfter === 'assess') return 'Assessed: the source is ready, nothing was changed';
  if (report.stopAfter === 'replicate') return 'Replicating: source and target are equal';
  return 'Migrated: nothing lost, nothing doubled, nothing different';
}

function tiles({ writers, outageMs, databases, seedLsn }: Report): Markup {
  const mismatched = databases.reduce((sum, { mismatchedTables }) => sum + mismatchedTables.length, 0);
  const figures: [string, string | null][] = [
    ['write outage, as the writers saw it', outageMs.total === null ? null : `${count(outageMs.total)} ms`],
    ['acknowledged commits', writers && count(writers.acknowledged)],
    ['lost', writers && count(writers.lost)],
    ['doubled', writers && count(writers.doubled)],
    ['different tables', databases.length === 0 ? null : count(mismatched)],
    ['seed LSN', seedLsn],
  ];
  const shown = figures.map(([name, value]) =>
    value === null ? null : html`<div class="tile"><b>${value}</b><span>${name}</span></div>`,
  );
  return html`<div class="tiles">${shown}</div>`;
}

function cutoverPlots({ series }: Report): Markup | null {
  const { outageStartedAt, outageEndedAt, writersStartedAt } = series;
  if (writersStartedAt === null || series.latency.length === 0) return null;
  const zero = Date.parse(writersStartedAt);
  const end = zero + (series.latency.at(-1)?.atMs ?? 0);
  const shade =
    outageStartedAt && outageEndedAt ? { from: Date.parse(outageStartedAt), to: Date.parse(outageEndedAt) } : null;
  const from = shade ? shade.from - AROUND_MS : zero;
  const to = shade ? Math.min(end, shade.to + AROUND_MS) : end;
  const latency = series.latency.flatMap(({ atMs, maxMs }): Point[] =>
    maxMs === null ? [] : [{ x: zero + atMs, y: maxMs }],
  );
  const refused = series.latency.filter((point) => point.refused > 0).map(({ atMs }) => zero + atMs);
  const lag = series.lag.map(({ atMs, bytes }): Point => ({ x: atMs, y: bytes }));
  return html`<h2>${shade ? 'Around the cutover' : 'Under load'}</h2><div class="figure">
<p class="key"><i style="background: var(--one)"></i>slowest commit of each tenth of a second<i style="background: var(--bad)"></i>refused attempts<i style="background: var(--shade); height: 10px"></i>outage</p>
${timePlot({ title: 'latency of commits', from, to, line: latency, kind: 'one', label: LABELS.milliseconds, marks: refused, shade })}</div>
<div class="figure" style="margin-top: 12px"><p class="key"><i style="background: var(--two)"></i>WAL that the target had not confirmed</p>
${timePlot({ title: 'replication lag', from, to, line: lag, kind: 'two', label: LABELS.bytes, shade })}</div>`;
}

function timeline(report: Report): Markup {
  const from = Date.parse(report.startedAt);
  const to = from + report.ms;
  const states = report.states.filter(({ machine, ms }) => machine !== 'migrate' && ms >= 20);
  return html`<h2>Timeline</h2><div class="figure">${timelinePlot(report.phases, from, to)}
<details><summary>Every state of the state machines that took 20 ms or more</summary>${timelinePlot(states, from, to)}</details></div>`;
}

function limits(): Markup {
  return html`<h2>What this proves</h2><p>Real PostgreSQL servers, the synthesized state machines, the bundled functions and their
permissions did this. AWS's control plane was a stand-in: how long clients keep an old address (TTL, pools), network rules, and
how long RDS takes for snapshots and restores, only AWS can show.</p>`;
}
