/** What was removed from the source because it was old, and where it is kept. */
import type { PruningFacts } from '../history/migration-facts';
import { bytes, count } from '../words';
import { html, type Markup } from './markup';
import type { PruningSection, ReportPage } from './page';
import { table } from './sections';

/** What the section says of a pruning; null without one. */
export function pruningFigures(facts: PruningFacts | null): PruningSection | null {
  if (facts === null) return null;
  const { plan, removed } = facts;
  const went = (database: string, relation: string) =>
    removed?.tables.find((one) => one.database === database && one.relation === relation)?.rows ?? 0;
  const named = (database: string, relation: string) =>
    plan.entries.some((entry) => entry.database === database && entry.relation === relation);
  const others = removed?.tables.filter((one) => !named(one.database, one.relation)) ?? [];
  return {
    entries: plan.entries.map((entry) => ({
      database: entry.database,
      relation: entry.relation,
      rule: entry.olderThan === '' ? 'older than its boundary' : `${entry.column} older than ${entry.olderThan}`,
      boundary: entry.boundary,
      planned: entry.rows,
      ofRows: entry.ofRows,
      bytes: entry.bytes,
      removed: removed === null ? null : went(entry.database, entry.relation),
      children: inWords(entry.children),
    })),
    wentWith: inWords(others),
    summary: summaryOf(facts),
    notes: [...plan.refusals, ...plan.warnings],
  };
}

function summaryOf({ removed, keptIn }: PruningFacts): string {
  if (removed === null) return 'Nothing of it was removed in this run.';
  const stayed =
    removed.kept === 0 ? '' : ` ${count(removed.kept)} old rows stayed, because rows that stay point at them.`;
  if (removed.rows === 0) return `Nothing was old that could go.${stayed}`;
  const kept = keptIn === null ? '' : ` What went lies in the encrypted snapshot ${keptIn}, taken before.`;
  return `${count(removed.rows)} rows went.${kept}${stayed}`;
}

function inWords(tables: readonly { readonly relation: string; readonly rows: number }[]): string {
  return tables
    .filter(({ rows }) => rows > 0)
    .map(({ relation, rows }) => `${count(rows)} of ${relation}`)
    .join(', ');
}

/** A row for each table of the policy; null when nothing was to be pruned. */
export function pruningSection({ pruning }: ReportPage): Markup | null {
  if (pruning === null) return null;
  const heads = [
    'table',
    'old is',
    'before',
    '#old rows',
    '#of all',
    '#their size',
    '#removed',
    'planned to go with them',
    'database',
  ];
  const rows = pruning.entries.map(
    (
      entry,
    ) => html`<tr><td class="table">${entry.relation}</td><td class="text">${entry.rule}</td><td>${entry.boundary}</td>
<td class="number">${count(entry.planned)}</td><td class="number">${count(entry.ofRows)}</td><td class="number">${bytes(entry.bytes)}</td>
<td class="number">${entry.removed === null ? null : count(entry.removed)}</td><td class="text">${entry.children}</td><td>${entry.database}</td></tr>`,
  );
  const others =
    pruning.wentWith !== '' &&
    html`<p>With them went, from tables that the policy does not name: ${pruning.wentWith}.</p>`;
  const notes = pruning.notes.length > 0 && html`<ul>${pruning.notes.map((note) => html`<li>${note}</li>`)}</ul>`;
  return html`<h2>Pruned from the source</h2><p>${pruning.summary}</p><p class="soft">The boundaries were counted back once, from the database's clock,
and a row at its boundary stays. Rows were counted before anything was removed; an application that goes on changes them.</p>
${table(heads, rows)}${others || null}${notes || null}`;
}
