/** The tables and lists of the report page. */
import type { CanaryFacts } from '../../../../lambda/contract/cutover';
import { bytes, count } from '../words';
import { stackedBar } from './charts';
import { html, type Markup } from './markup';
import type { OutageFigure, ReportPage, TableRow } from './page';

/** Longest text of a failed call; all of it is in the history. */
const LONGEST_CAUSE = 600;

/** A table of thousands of rows is folded. */
const OPEN_ROWS = 100;

/** Why it did not succeed, what was refused, and which steps failed on the way. */
export function troubleSection({ trouble, refusedCalls, failedCalls }: ReportPage): Markup | null {
  if (!trouble && refusedCalls.length === 0 && failedCalls.length === 0) return null;
  const calls = refusedCalls.map(
    ({ call, caller, why }) =>
      html`<tr><td class="bad">${call}</td><td>${caller}</td><td class="text">${why}</td></tr>`,
  );
  const steps = failedCalls.map(
    ({ step, at, error, cause }) =>
      html`<tr><td>${step}</td><td class="number">${clock(at)}</td><td>${error}</td><td class="text">${cause.slice(0, LONGEST_CAUSE)}</td></tr>`,
  );
  const why =
    trouble &&
    html`<h2>What went wrong</h2><p class="bad">${trouble.error}</p><pre>${trouble.cause}</pre><p>${trouble.remedy}</p>`;
  const retried =
    steps.length > 0 &&
    html`<h2>Calls that failed</h2><p class="soft">${trouble ? 'On the way there.' : 'They were repeated, as the state machines do.'}</p>${table(['step', '#at', 'error', 'cause'], steps, 'cards')}`;
  return html`${why}${refusedCalls.length > 0 ? html`<h2>Refused calls</h2>${table(['refused call', 'caller', 'why'], calls)}` : null}${retried || null}`;
}

/** What became of every write. */
export function writesSection({ writes }: ReportPage): Markup | null {
  if (writes === null) return null;
  const rows = writes.map(
    ({ name, value, verdict }) => html`<tr><td>${name}</td><td class="number ${verdict ?? ''}">${value}</td></tr>`,
  );
  return html`<h2>Proof of the writes</h2><p class="soft">The writers keep a book of every commit that they were told of, and compare it with
the rows afterwards.</p>${table(['write', '#number'], rows)}`;
}

/** The outage and its parts, and that of the way back. */
export function outageSection({ outage, outageBack }: ReportPage): Markup {
  return html`${outageOf('Outage', 'cutover', outage)}${outageOf('Outage of the way back', 'way back', outageBack)}`;
}

function outageOf(heading: string, what: string, outage: OutageFigure | null): Markup | null {
  if (outage === null) return null;
  const { parts, seenMs, measuredMs, predicted, canary } = outage;
  const rows = parts.map(
    ({ name, ms, predictedMs, what: does }, index) =>
      html`<tr><td class="part"><i class="swatch part${index + 1}"></i>${name}</td><td class="number">${count(ms)} ms</td><td class="number">${predictedMs === null ? '' : `${count(predictedMs)} ms`}</td><td class="text">${does}</td></tr>`,
  );
  const seen =
    seenMs === null
      ? 'No writer of a rehearsal was there: what the applications saw, they can tell.'
      : `The writers saw ${count(seenMs)} ms, from the first refused or delayed write to the first accepted one.`;
  return html`<h2>${heading}</h2><p class="soft">${measuredMs === null ? null : `The ${what} measured ${count(measuredMs)} ms, from the first refused login to the end of the switch. `}${seen}</p>
${parts.length === 0 ? null : html`<div class="figure">${stackedBar(parts)}${table(['part', '#took', '#predicted', 'what'], rows)}</div>`}
${predicted === null ? null : html`<p class="soft">Before the fence ${count(predicted.ms)} ms until the flip were predicted: ${predicted.basis}.</p>`}
${canary === null ? null : html`<p class="soft">${canaryWords(canary)}</p>`}`;
}

function canaryWords({ how, looks, ms }: CanaryFacts): string {
  const where =
    how === 'server'
      ? 'and logged in to the server that flipped, which takes writes'
      : 'to the proxy, which opened with its own certificate and has the target behind it';
  return `Afterwards a canary followed the switch anew, ${where}: ${count(looks)} ${looks === 1 ? 'look' : 'looks'}, ${count(ms)} ms.`;
}

/** The verification of the migration itself. */
export function verificationTables({ verification }: ReportPage): Markup | null {
  if (verification === null) return null;
  const { verdict, summary, tables, databases } = verification;
  const byDatabase = databases.map(
    ({ name, tables: number, rows, bytes: size, different }) =>
      html`<tr><td class="name">${name}</td><td class="number">${count(number)}</td><td class="number">${count(rows)}</td><td class="number">${bytes(size)}</td>${verdictCell(different.join(', '))}</tr>`,
  );
  const heads = ['database', '#tables', '#rows', '#size', 'differences'];
  return html`<h2>Verification</h2><p class="${verdict === 'equal' ? 'good' : 'bad'}">${verdict === 'equal' ? 'Source and target are equal.' : 'Source and target differ.'}</p>
<p class="soft">${summary}</p>${table(heads, byDatabase)}${tables && everyTable(tables)}`;
}

function everyTable(tables: readonly TableRow[]): Markup {
  const rows = tables.map(
    ({ database, name, rows: number, bytes: size, compared, verdict }) =>
      html`<tr><td class="table">${name}</td><td class="${verdict === 'equal' ? 'good' : 'bad'}">${verdict}</td><td class="number">${count(number)}</td><td class="number">${bytes(size)}</td><td class="text">${compared}</td><td>${database}</td></tr>`,
  );
  const heads = ['table', 'verdict', '#rows', '#size', 'compared', 'database'];
  return folded(`Every table (${count(tables.length)})`, tables.length, table(heads, rows));
}

/** The comparison that the rehearsal makes itself. */
export function comparedSection({ compared }: ReportPage): Markup | null {
  if (compared === null) return null;
  const rows = compared.map(
    (
      database,
    ) => html`<tr><td class="name">${database.name}</td><td class="number">${count(database.tables)}</td><td class="number">${count(database.rows)}</td>
<td class="number">${count(database.rowsOnSource)}</td><td class="number">${count(database.rowsIdentical)}</td><td class="number">${count(database.rowsChangedSince)}</td>
<td class="number">${bytes(database.bytes)}</td>${verdictCell(database.different.join(', '))}</tr>`,
  );
  const heads = [
    'database',
    '#tables',
    '#rows on the target',
    '#on the source',
    '#old rows, equal',
    '#changed since',
    '#size',
    'different tables',
  ];
  return html`<h2>Compared once more, from outside</h2><p class="soft">By the rehearsal itself, another way, with the writers stopped. The target has newer rows
than the fenced source: every row that it held before the cutover must stand on the source byte for byte; for those changed since,
the cutover's gate and the proof above answer.</p>${table(heads, rows)}`;
}

/** Every check of the assessment, the worst first. */
export function checksSection({ checks }: ReportPage): Markup | null {
  if (checks === null) return null;
  const order = ['block', 'warn', 'pass'];
  const sorted = [...checks].sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
  const rows = sorted.map(
    ({ id, verdict, detail, remedy }) =>
      html`<tr><td class="${verdict}">${verdict}</td><td>${id}</td><td class="text">${detail}</td><td class="text">${remedy}</td></tr>`,
  );
  const number = (verdict: string) => checks.filter((check) => check.verdict === verdict).length;
  return html`<h2>Checks of the source</h2><p class="soft">${number('block')} blocking, ${number('warn')} warnings, ${number('pass')} passed.</p>${table(['verdict', 'check', 'found', 'remedy'], rows, 'cards')}`;
}

/** What was changed on the source and what became of it. */
export function changesSection({ changes }: ReportPage): Markup | null {
  if (changes === null) return null;
  const rows = changes.map(
    ({ what, object, before, now }) =>
      html`<tr><td>${what}</td><td class="name">${object}</td><td class="text">${before}</td><td class="text">${now}</td></tr>`,
  );
  const body =
    rows.length === 0
      ? html`<p>Nothing.</p>`
      : folded(
          `Every change (${count(rows.length)})`,
          rows.length,
          table(['what', 'object', 'before', 'now'], rows, 'cards'),
        );
  return html`<h2>What was changed on the source</h2>${body}`;
}

/** What the page cannot show. */
export function gapsSection({ gaps }: ReportPage): Markup | null {
  if (gaps.length === 0) return null;
  return html`<h2>Not shown here</h2><ul>${gaps.map(({ what, why }) => html`<li><b>${what}</b>: ${why}.</li>`)}</ul>`;
}

function verdictCell(different: string): Markup {
  return html`<td class="text ${different === '' ? 'good' : 'bad'}">${different || 'none'}</td>`;
}

function folded(title: string, rows: number, body: Markup | null): Markup {
  return rows <= OPEN_ROWS
    ? html`<details open><summary>${title}</summary>${body}</details>`
    : html`<details><summary>${title}</summary>${body}</details>`;
}

/** A head that begins with `#` stands over numbers. `cards`: on a narrow screen each row becomes a card of its own. */
export function table(heads: readonly string[], rows: readonly (Markup | null)[], kind = ''): Markup | null {
  if (rows.length === 0) return null;
  const cells = heads.map((head) =>
    head.startsWith('#') ? html`<th class="number">${head.slice(1)}</th>` : html`<th>${head}</th>`,
  );
  return html`<div class="scroll"><table class="${kind}"><thead><tr>${cells}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function clock(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}
