/** How the rows came over connections, and what did not come with them. */
import { type CopyEvidence, lostObjects } from '../evidence/copy-evidence';
import type { CopyFacts } from '../history/copy-facts';
import { bytes, count } from '../words';
import { html, type Markup } from './markup';
import type { CopySection, ReportPage } from './page';
import { table } from './sections';

/** What the section says of a copy; null when none began. */
export function copyFigures(facts: CopyFacts | null, evidence: CopyEvidence): CopySection | null {
  if (facts === null) return null;
  const { madeDatabases: made, plannedSchema, plannedRows } = evidence;
  const known = made !== null && plannedSchema !== null && plannedRows !== null;
  return {
    summary: summaryOf(facts),
    passwords: passwordsOf(facts, made?.newPasswords ?? null),
    leftOut: known ? lostObjects(evidence) : null,
  };
}

function summaryOf({ rows, wireBytes, tables, databases }: CopyFacts): string {
  const where = `into ${count(databases)} databases that began empty`;
  if (rows === null || wireBytes === null) return `The copy ${where} did not come to its end in this run.`;
  const of = tables === null ? '' : ` of ${count(tables)} tables`;
  return `${count(rows)} rows${of} were copied over connections ${where}, ${bytes(wireBytes)} on the wire.`;
}

function passwordsOf({ newPasswords }: CopyFacts, roles: readonly string[] | null): string {
  if (newPasswords === 0) return 'Every role that logs in kept its password.';
  const which = roles === null ? '' : `: ${roles.join(', ')}`;
  return `${count(newPasswords)} roles got a new password on the target, kept in the secret RolePasswords${which}.`;
}

/** What came, who needs a new password, and a row for each object that the target lacks; null when nothing was copied. */
export function copySection({ copy }: ReportPage): Markup | null {
  if (copy === null) return null;
  const { leftOut } = copy;
  const rows = (leftOut ?? []).map(
    ({ database, what, object, reason }) =>
      html`<tr><td class="table">${object}</td><td>${what.toLowerCase()}</td><td class="text">${reason}</td><td>${database ?? 'the server'}</td></tr>`,
  );
  const lacks =
    leftOut === null
      ? null
      : html`<p>${leftOut.length === 0 ? 'Nothing was left out.' : `Left out, and not on the target (${count(leftOut.length)}):`}</p>`;
  return html`<h2>Copied over connections</h2><p>${copy.summary}</p><p>${copy.passwords}</p>${lacks}
${table(['object', 'what', 'why', 'database'], rows, 'cards')}`;
}
