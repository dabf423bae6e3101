/** What the scan found on the source, and what became of it. */
import { count } from '../words';
import { html, type Markup } from './markup';
import type { ReportPage, ScannedDatabase } from './page';
import { table } from './sections';

/** A row for each database, and where the removed rows are kept; null when nothing was scanned. */
export function scanSection({ scan }: ReportPage): Markup | null {
  if (scan === null) return null;
  const heads = [
    'database',
    '#tables',
    '#rows read',
    '#rows not readable',
    '#pages lost or not readable',
    '#indexes that disagreed',
    'what became of it',
    'damaged',
  ];
  const rows = scan.map(
    (
      found,
    ) => html`<tr><td class="name">${found.name}</td><td class="number">${count(found.tables)}</td><td class="number">${count(found.rows)}</td>
<td class="number">${count(found.badRows)}</td><td class="number">${count(found.badPages)}</td><td class="number">${count(found.badIndexes)}</td>
<td class="text">${outcomeOf(found)}</td><td class="text">${found.summary}</td></tr>`,
  );
  const repaired = scan.some((found) => found.repaired !== null);
  const kept =
    repaired &&
    html`<p class="soft">What was removed is kept in the table sealift.quarantine of its database: every value that could be read,
the reason, the time and the execution. It stays when the rest of the ledger goes.</p>`;
  return html`<h2>Scan of the source</h2><p class="soft">Every value was read on the server before anything followed it, and B-trees were compared with their tables.</p>
${table(heads, rows)}${kept || null}`;
}

function outcomeOf({ repaired, badRows, badPages, badIndexes }: ScannedDatabase): string {
  if (repaired !== null) {
    const { rowsRemoved, pagesLost, indexesRebuilt } = repaired;
    return `rows ${rowsRemoved} and lost pages ${pagesLost} in quarantine; indexes rebuilt: ${indexesRebuilt}`;
  }
  return badRows + badPages + badIndexes === 0 ? 'nothing was damaged' : 'nothing was changed';
}
