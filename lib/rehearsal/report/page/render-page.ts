/** Draws the report page: one file, no script, nothing from elsewhere; what it shows is decided in the view model. */
import { bytes, count } from '../words';
import { linePlot, timeline } from './charts';
import { copySection } from './copy';
import { html, type Markup } from './markup';
import type { ReportPage } from './page';
import { pruningSection } from './pruning';
import { scanSection } from './scan';
import {
  changesSection,
  checksSection,
  comparedSection,
  gapsSection,
  outageSection,
  troubleSection,
  verificationTables,
  writesSection,
} from './sections';
import { CONTENT_SECURITY_POLICY, STYLE } from './style';

/** Renders the page as HTML. */
export function renderPage(page: ReportPage): string {
  const what = page.kind === 'rehearsal' ? 'Sealift rehearsal' : 'Sealift execution';
  const document = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${CONTENT_SECURITY_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>${what}: ${page.title}</title><style>${STYLE}</style></head><body><main>
${verdict(page)}${troubleSection(page)}${writesSection(page)}${timelineSection(page)}${lagSection(page)}${latencySection(page)}
${pruningSection(page)}${scanSection(page)}${copySection(page)}${outageSection(page)}${verificationTables(page)}${comparedSection(page)}${checksSection(page)}${changesSection(page)}${gapsSection(page)}
<h2>What this proves</h2><p>${page.proves}</p>
</main></body></html>
`;
  return document.text;
}

function verdict({ title, tone, about, tiles }: ReportPage): Markup {
  const shown = tiles.map(
    ({ value, label, tone: colour }) =>
      html`<div class="tile"><b class="${colour ?? ''}">${value}</b><span>${label}</span></div>`,
  );
  return html`<div class="verdict ${tone}"><h1>${title}</h1>${about.map((line) => html`<p class="soft">${line}</p>`)}</div>
<div class="tiles">${shown}</div>`;
}

function timelineSection({ phases, states, startedAt, endedAt }: ReportPage): Markup | null {
  if (phases.length === 0) return null;
  const groups = states
    .filter(({ rows }) => rows.length > 0)
    .map(({ name, rows }) => html`<h3>${name}</h3>${timeline(rows, startedAt, endedAt)}`);
  return html`<h2>Timeline</h2><div class="figure">${timeline(phases, startedAt, endedAt)}
${groups.length === 0 ? null : html`<details><summary>Every state of the state machines</summary>${groups}</details>`}</div>`;
}

function lagSection({ lag }: ReportPage): Markup | null {
  if (lag === null) return null;
  const plot = linePlot({ ...lag, title: 'replication lag', colour: 'line2', label: bytes, shade: lag.outage });
  return html`<h2>Replication lag</h2><div class="figure"><p class="key"><span><i class="two"></i>${lag.basis}</span>${lag.outage && html`<span><i class="shade"></i>outage</span>`}</p>${plot}</div>`;
}

function latencySection({ latency }: ReportPage): Markup | null {
  if (latency === null) return null;
  const { outage, refusedAt } = latency;
  const plot = linePlot({
    ...latency,
    title: 'latency of commits',
    colour: 'line1',
    label: (value) => `${count(value)} ms`,
    marks: refusedAt,
    shade: outage,
  });
  return html`<h2>Latency of the writes${outage && html` around the cutover`}</h2><div class="figure">
<p class="key"><span><i></i>slowest commit of each tenth of a second</span><span><i class="refused"></i>refused attempts</span>${outage && html`<span><i class="shade"></i>outage</span>`}</p>${plot}</div>`;
}
