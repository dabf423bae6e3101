/** The tables of `report.html`. */
import { html, type Markup } from './markup';
import type { Report } from './report';
import { bytes, count } from './words';

/** Why it did not succeed, what was refused, and which steps failed on the way. */
export function troubleSection({ reason, refusedApiCalls, failedSteps }: Report): Markup | null {
  if (!reason && refusedApiCalls.length === 0 && failedSteps.length === 0) return null;
  const calls = refusedApiCalls.map(
    ({ call, caller, reason: why }) => html`<tr><td class="bad">${call}</td><td>${caller}</td><td>${why}</td></tr>`,
  );
  const steps = failedSteps.map(
    ({ step, at, error, cause }) =>
      html`<tr><td>${step}</td><td class="number">${at.slice(11, 23)}</td><td>${error}</td><td>${cause.slice(0, 400)}</td></tr>`,
  );
  return html`<h2>What went wrong</h2>${reason && html`<p class="bad">${reason.error}</p><pre>${reason.cause}</pre><p>${reason.remedy}</p>`}
${table(['refused call', 'caller', 'why'], calls)}${table(['failed step', 'at', 'error', 'cause'], steps)}`;
}

/** What became of every write, and the parts of the outage. */
export function proofSection({ writers, outageMs }: Report): Markup | null {
  if (writers === null) return null;
  const parts = Object.entries(outageMs).filter(([name]) => !['total', 'cutover'].includes(name));
  const outage = parts.map(
    ([name, ms]) => html`<tr><td>${name}</td><td class="number">${ms === null ? '' : `${ms} ms`}</td></tr>`,
  );
  const rows: [string, number | null, 'zero' | 'any'][] = [
    ['commits acknowledged', writers.acknowledged, 'any'],
    ['attempts refused, and repeated by the application', writers.refused, 'any'],
    ['commits whose answer was lost', writers.unknown, 'any'],
    ['of these, committed', writers.unknownPresent, 'any'],
    ['acknowledged and lost', writers.lost, 'zero'],
    ['applied twice', writers.doubled, 'zero'],
    ['half there', writers.torn, 'zero'],
    ['there without having been written', writers.phantom, 'zero'],
    ['only on the old source', writers.onlyOnSource, 'zero'],
    ['sequence values handed out twice', writers.sequenceReuse, 'zero'],
    ['slowest commit, ms', writers.maxLatencyMs, 'any'],
  ];
  const proof = rows.map(([name, value, wanted]) =>
    value === null
      ? null
      : html`<tr><td>${name}</td><td class="number ${wanted === 'any' ? '' : value === 0 ? 'good' : 'bad'}">${count(value)}</td></tr>`,
  );
  return html`<h2>Proof of the writes</h2><p class="soft">The writers keep a book of every commit that they were told of, and compare it with
the rows afterwards.</p>${table(['write', 'number'], proof)}${outageMs.cutover === null ? null : html`<h2>Parts of the outage</h2>${table(['part', 'took'], outage)}`}`;
}

/** The databases, as the rehearsal compared them. */
export function databasesSection({ databases }: Report): Markup | null {
  if (databases.length === 0) return null;
  const rows = databases.map(
    (
      database,
    ) => html`<tr><td>${database.name}</td><td class="number">${count(database.tables)}</td><td class="number">${count(database.rows)}</td>
<td class="number">${count(database.rowsOnSource)}</td><td class="number">${count(database.rowsIdentical)}</td><td class="number">${count(database.rowsChangedSince)}</td>
<td class="number">${bytes(database.bytes)}</td><td class="${database.mismatchedTables.length === 0 ? 'good' : 'bad'}">${database.mismatchedTables.join(', ') || 'none'}</td></tr>`,
  );
  const heads = [
    'database',
    'tables',
    'rows on the target',
    'on the source',
    'old rows, byte for byte equal',
    'changed since the cutover began',
    'size',
    'different tables',
  ];
  return html`<h2>Databases</h2><p class="soft">Compared by the rehearsal itself, with the writers stopped. The target has newer rows than the
fenced source: every row that it held before the cutover must stand on the source byte for byte; for those changed since, the
cutover's gate and the proof above answer.</p>${table(heads, rows)}`;
}

/** Every check of the assessment, the worst first. */
export function checksSection({ checks }: Report): Markup | null {
  if (checks.length === 0) return null;
  const order = ['block', 'warn', 'pass'];
  const sorted = [...checks].sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
  const rows = sorted.map(
    ({ id, verdict, detail, remedy }) =>
      html`<tr><td class="${verdict}">${verdict}</td><td>${id}</td><td>${detail}</td><td>${remedy}</td></tr>`,
  );
  return html`<h2>Checks of the source</h2>${table(['verdict', 'check', 'found', 'remedy'], rows)}`;
}

function table(heads: readonly string[], rows: readonly (Markup | null)[]): Markup | null {
  if (rows.length === 0) return null;
  return html`<div class="scroll"><table><tr>${heads.map((head) => html`<th>${head}</th>`)}</tr>${rows}</table></div>`;
}
