/** The assessment as one self-contained HTML page: verdict, what blocks and warns with its remedy, size, time, all checks. */
import type { Advice, Check, PredictedPhase } from '../../contract/assessment';
import { CHECKS } from '../check';
import { bytesInWords, durationInWords, gibibytes, grouped } from '../words';
import { type Assessment, count, headline, sourceInWords, wholeSeconds } from './assessment';
import { html, type Markup } from './markup';
import { STYLE } from './style';

/** Renders the page; it loads nothing and runs nothing. */
export function renderPage(assessment: Assessment): string {
  const { migrationId, at } = assessment;
  const title = `${headline(assessment)} · ${migrationId}`;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>${title}</title>
<style>${STYLE}</style></head><body><main>
<header class="verdict ${assessment.verdict}"><h1>${headline(assessment)}</h1>
<p class="soft">Migration ${migrationId}: ${sourceInWords(assessment)}. Looked at on ${at.replace('T', ' ').slice(0, 19)} UTC. Nothing was changed.</p></header>
${tiles(assessment)}
${findings(assessment.checks)}
<h2>How large the target should be</h2>${sizes(assessment)}
<h2>How long it will take</h2>${phases(assessment)}
<h2>Databases</h2>${databases(assessment)}
${passed(assessment.checks)}
</main></body></html>
`;
  return page.text;
}

function tiles({ checks, prediction, databases: all }: Assessment): Markup {
  const { pass, warn, block } = count(checks);
  const bytes = all.reduce((sum, database) => sum + database.bytes, 0);
  const tile = (value: string, name: string) => html`<div class="tile"><b>${value}</b><span>${name}</span></div>`;
  return html`<div class="tiles">${[
    tile(String(block), 'checks block'),
    tile(String(warn), 'checks warn'),
    tile(String(pass), 'checks pass'),
    tile(gibibytes(bytes), `in ${all.length} databases`),
    tile(durationInWords(wholeSeconds(prediction)), 'predicted in all'),
    tile(durationInWords(prediction.outageMs / 1000), 'predicted outage'),
  ]}</div>`;
}

function findings(checks: readonly Check[]): Markup {
  const sorted = (verdict: Check['verdict']) => checks.filter((check) => check.verdict === verdict);
  const found = [...sorted('block'), ...sorted('warn')];
  if (found.length === 0) return html`<h2>What to do</h2><p>Nothing: every check passes.</p>`;
  return html`<h2>What to do</h2>${found.map(
    (
      check,
    ) => html`<section class="finding ${check.verdict}"><h3><span class="tag ${check.verdict}">${check.verdict}</span><code>${check.id}</code></h3>
<p class="soft">Wanted: ${promiseOf(check)}</p><p>${check.detail}</p><div class="remedy">${statementByLine(check.remedy)}</div></section>`,
  )}`;
}

/** Statements are joined by semicolons; each is read, and copied, on a line of its own. */
function statementByLine(remedy: string): string {
  return remedy.split('; ').join(';\n');
}

function promiseOf({ id }: Check): string {
  return (CHECKS as Readonly<Record<string, string>>)[id] ?? id;
}

function sizes({ sizing }: Assessment): Markup {
  const row = <T extends string | number>(name: string, advice: Advice<T>, unit = '') => html`<tr><td>${name}</td>
<td class="number">${advice.configured}${unit}</td><td class="number">${advice.advised}${unit}</td><td class="basis">${advice.basis}</td></tr>`;
  return html`<div class="scroll"><table><tr><th></th><th class="number">configured</th><th class="number">advised</th><th>why</th></tr>${[
    row('storage', sizing.allocatedStorageGib, ' GiB'),
    row('instance class', sizing.instanceClass),
    row('verification workers', sizing.verifyWorkers),
  ]}</table></div>`;
}

function phases({ prediction }: Assessment): Markup {
  const longest = Math.max(...prediction.phases.map(({ seconds }) => seconds), 1);
  const row = ({
    phase,
    seconds,
    basis,
  }: PredictedPhase) => html`<tr><td>${phase}<span class="bar" style="width: ${Math.round((100 * seconds) / longest)}%"></span></td>
<td class="number">${durationInWords(seconds)}</td><td class="basis">${basis}</td></tr>`;
  return html`<div class="scroll"><table><tr><th>phase</th><th class="number">time</th><th>basis</th></tr>${prediction.phases.map(row)}</table></div>
<p>Outage: <b>${durationInWords(prediction.outageMs / 1000)}</b>. ${prediction.outageBasis}.</p>
<p>The source keeps about <b>${bytesInWords(prediction.walRetainedBytes)}</b> of WAL for
${durationInWords(prediction.retentionSeconds)}. Its WAL rate is ${prediction.walBasis}.</p>`;
}

function databases({ databases: all, largest }: Assessment): Markup {
  return html`<div class="scroll"><table><tr><th>database</th><th class="number">size</th><th class="number">tables</th><th class="number">rows, about</th></tr>${all.map(
    ({ name, bytes, tables, estimatedRows }) => html`<tr><td>${name}</td><td class="number">${bytesInWords(bytes)}</td>
<td class="number">${grouped(tables)}</td><td class="number">${grouped(estimatedRows)}</td></tr>`,
  )}</table></div>
<details><summary>The largest tables, as of their last VACUUM or ANALYZE</summary><div class="scroll"><table><tr><th>table</th><th class="number">size</th><th class="number">rows, about</th></tr>${largest.map(
    ({
      database,
      schema,
      name,
      bytes,
      rows,
    }) => html`<tr><td>${database}: ${schema}.${name}</td><td class="number">${bytesInWords(bytes)}</td>
<td class="number">${grouped(rows)}</td></tr>`,
  )}</table></div></details>`;
}

function passed(checks: readonly Check[]): Markup {
  const rows = checks
    .filter(({ verdict }) => verdict === 'pass')
    .map((check) => html`<tr><td><code>${check.id}</code></td><td class="basis">${check.detail}</td></tr>`);
  return html`<h2>What passed</h2><details><summary>${rows.length} checks</summary><div class="scroll"><table><tr><th>check</th><th>found</th></tr>${rows}</table></div></details>`;
}
