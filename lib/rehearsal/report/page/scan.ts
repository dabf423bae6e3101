/** What the scan found, and what became of it. */
import { count } from '../words';
import { html, type Markup } from './markup';
import type { ReportPage, ScannedDatabase } from './page';
import { table } from './sections';

/** A row for each database, and where the removed rows are kept; null when nothing was scanned. Every cell stands for itself. */
export function scanSection({ scan }: ReportPage): Markup | null {
  if (scan === null) return null;
  const rows = scan.map(
    (found) => html`<tr><td class="name">${found.name}</td><td class="text">${found.summary}</td>
<td class="text">${readOf(found)}</td><td class="text">${damageOf(found)}</td><td class="text">${outcomeOf(found)}</td></tr>`,
  );
  const repaired = scan.some((found) => found.repaired !== null);
  const kept =
    repaired &&
    html`<p class="soft">What was removed is kept in the table sealift.quarantine of its database: every value that could be read,
the reason, the time and the execution. It stays when the rest of the ledger goes.</p>`;
  const copy = scan.some(({ on }) => on === 'target');
  const what = copy
    ? 'Every value of the copy was read on its server before it was verified'
    : 'Every value was read on the server before anything followed it';
  return html`<h2>${copy ? 'Scan of the copy' : 'Scan of the source'}</h2><p class="soft">${what}, and B-trees were compared with their tables.</p>
${table(['database', 'result', 'read', 'found', 'what became of it'], rows, 'cards')}${kept || null}`;
}

function readOf({ tables, rows }: ScannedDatabase): string {
  return `${count(tables)} tables with ${count(rows)} rows`;
}

function damageOf({ badRows, badPages, badIndexes }: ScannedDatabase): string {
  if (badRows + badPages + badIndexes === 0) return 'no damage';
  return (
    `${count(badRows)} rows not readable, ${count(badPages)} pages lost or not readable, ` +
    `${count(badIndexes)} indexes that disagreed`
  );
}

function outcomeOf({ repaired, badRows, badPages, badIndexes }: ScannedDatabase): string {
  if (repaired !== null) {
    const { rowsRemoved, pagesLost, indexesRebuilt } = repaired;
    return `rows ${rowsRemoved} and lost pages ${pagesLost} in quarantine; indexes rebuilt: ${indexesRebuilt}`;
  }
  return badRows + badPages + badIndexes === 0 ? 'nothing to do' : 'nothing was changed';
}
