/** The last words in the terminal. */
import type { DatabaseReport, OutageReport, PruneReport, Report, ScanReport } from './report';
import { holds } from './report';
import { bytes, count, seconds } from './words';

/** Says what happened, in a few lines; `reportDirectory` is where the rest is. */
export function summaryOf(report: Report, reportDirectory: string): string {
  const lines = [
    headline(report),
    '',
    ...figures(report),
    ...complaints(report),
    '',
    `report: ${reportDirectory}/report.html`,
  ];
  if (report.writableSide === 'target' || report.rollback !== null) lines.push(...whatOnlyAwsCanProve(report));
  return `${lines.join('\n')}\n`;
}

function headline(report: Report): string {
  const took = `in ${seconds(report.ms)}`;
  if (holds(report)) return `${endOf(report)} ${took}: ${whatWasProved(report)}`;
  if (report.outcome === 'aborted') return `Aborted ${took}: the source is writable as before`;
  return `FAILED ${took}: writable is ${report.writableSide}`;
}

function endOf({ stopAfter, rollback }: Report): string {
  if (stopAfter === 'assess') return 'Assessed';
  if (stopAfter === 'prune') return 'Pruned';
  if (stopAfter === 'scan') return 'Scanned';
  if (stopAfter === 'replicate') return 'Replicating';
  return rollback === null ? 'Migrated' : 'There and back';
}

/** Says no more than was looked at. */
function whatWasProved({ writers, databases }: Report): string {
  const facts = [
    ...(writers === null ? [] : ['nothing lost', 'nothing doubled']),
    ...(databases.length === 0 ? [] : ['nothing different']),
  ];
  return facts.length === 0 ? 'no write was lost, because none was made' : facts.join(', ');
}

function figures(report: Report): string[] {
  const { writers, outageMs } = report;
  const rows: [string, string | null][] = [
    ['pruned', report.pruning && prunedWords(report.pruning)],
    ...report.scan.map((found): [string, string] => [`scan ${found.name}`, scanWords(found)]),
    ['road', roadWords(report)],
    ...copyRows(report),
    ['seed LSN', report.seedLsn && `${report.seedLsn} (${report.seedOrigin})`],
    ...report.databases.map((database): [string, string] => [`database ${database.name}`, databaseWords(database)]),
    [
      'commits',
      writers && `${count(writers.acknowledged)} acknowledged, ${writers.refused} refused, ${writers.unknown} unknown`,
    ],
    ['lost', writers && String(writers.lost)],
    ['doubled', writers && String(writers.doubled)],
    ['write outage', outageMs.total === null ? null : `${outageMs.total} ms as the writers saw it`],
    [outageMs.total === null ? 'cutover' : '  of it', outageMs.cutover === null ? null : partsOf(outageMs)],
    ['  predicted', outageMs.cutover === null ? null : predictedWords(report)],
    ['canary', canaryWords(report)],
    ...wayBackRows(report),
    ['checks', checksOf(report)],
  ];
  return rows.flatMap(([name, value]) => (value ? [`  ${name.padEnd(18)} ${value}`] : []));
}

/** The snapshot road keeps the version, and goes without saying. */
function roadWords({ road, engine, sourceVersion, targetVersion }: Report): string | null {
  if (road !== 'copy') return null;
  return `copy, PostgreSQL ${sourceVersion} to ${targetVersion}${engine === 'native' ? '' : `, ${engine}`}`;
}

function copyRows({ copy }: Report): [string, string | null][] {
  if (copy === null) return [];
  const { tables, rows, bytes: wire, newPasswords, leftOut } = copy;
  const [first] = leftOut;
  const others = leftOut.length === 1 ? '' : `, and ${count(leftOut.length - 1)} others, see the report`;
  return [
    [
      'copied',
      rows === null || wire === null ? null : `${count(rows)} rows of ${tables} tables, ${bytes(wire)} on the wire`,
    ],
    ['left out', first === undefined ? 'nothing' : `${first.object} (${first.what.toLowerCase()})${others}`],
    ['new passwords', newPasswords.length === 0 ? 'none' : `${newPasswords.join(', ')}, in the secret RolePasswords`],
  ];
}

function prunedWords({ rows, tables, kept, keptIn }: PruneReport): string {
  if (rows === 0 && kept === 0) return 'nothing was old';
  const stayed = kept === 0 ? '' : `, ${count(kept)} old ones stay because they are pointed at`;
  return `${count(rows)} rows of ${tables.length} tables${keptIn === null ? '' : `, kept in snapshot ${keptIn}`}${stayed}`;
}

function scanWords(found: ScanReport): string {
  const { rowsRemoved, pagesLost, indexesRebuilt, summary } = found;
  if (rowsRemoved + pagesLost + indexesRebuilt === 0) return summary;
  const repaired = `rows ${rowsRemoved}, lost pages ${pagesLost}; indexes rebuilt: ${indexesRebuilt}`;
  return `${summary}\n${' '.repeat(21)}kept in sealift.quarantine: ${repaired}`;
}

function databaseWords(database: DatabaseReport): string {
  const { tables, rows, rowsOnSource, mismatchedTables } = database;
  const verdict = mismatchedTables.length === 0 ? 'none different' : `different: ${mismatchedTables.join(', ')}`;
  return `${tables} tables, ${count(rows)} rows on the target, ${count(rowsOnSource)} on the source, ${verdict}`;
}

function wayBackRows({ rollback }: Report): [string, string | null][] {
  if (rollback === null) return [];
  const { total, cutover } = rollback.outageMs;
  return [
    ['outage back', total === null ? null : `${total} ms as the writers saw it`],
    [total === null ? 'way back' : '  of it', cutover === null ? null : partsOf(rollback.outageMs)],
  ];
}

function partsOf(outageMs: OutageReport): string {
  const { fence, barrier, sequences, gate } = outageMs;
  return `fence ${fence} + barrier ${barrier} + sequences ${sequences} + gate ${gate} + switch ${outageMs.switch} ms`;
}

/** The switch is in neither number. */
function predictedWords({ outageMs }: Report): string | null {
  const { predicted, fence, barrier, sequences, gate } = outageMs;
  if (predicted === null || fence === null || barrier === null || sequences === null || gate === null) return null;
  return `${predicted.totalMs} ms until the flip, measured ${fence + barrier + sequences + gate} ms`;
}

function checksOf({ checks }: Report): string | null {
  if (checks.length === 0) return null;
  const number = (verdict: string) => checks.filter((check) => check.verdict === verdict).length;
  return `${number('pass')} passed, ${number('warn')} warnings, ${number('block')} blocking`;
}

function complaints(report: Report): string[] {
  const lines: string[] = [];
  const blocks = report.checks.filter((check) => check.verdict === 'block');
  for (const { id, detail, remedy } of blocks) lines.push(`  ${id}: ${detail}`, `    ${remedy}`);
  if (report.reason !== null && blocks.length === 0) {
    lines.push(`  ${report.reason.error}: ${firstLine(report.reason.cause)}`, `    ${report.reason.remedy}`);
  }
  for (const { call, reason } of report.refusedApiCalls.slice(0, 5))
    lines.push(`  refused API call ${call}: ${reason}`);
  return lines.length === 0 ? [] : ['', ...lines];
}

function firstLine(text: string): string {
  return text.split('\n')[0]?.slice(0, 400) ?? '';
}

function whatOnlyAwsCanProve({ road }: Report): string[] {
  const speed = road === 'copy' ? 'how fast rows travel between two instances' : 'the real duration of RDS snapshots';
  return [
    '',
    'A rehearsal proves the data path, the order of the steps and the permissions. How long your clients keep the old',
    `address (DNS TTL, connection pools), network rules and ${speed} only AWS can show.`,
  ];
}

function canaryWords({ outageMs: { canary } }: Report): string | null {
  if (canary === null) return null;
  const landed = canary.how === 'server' ? 'landed on the target' : 'reached the proxy before the target';
  return `${landed} after ${canary.looks} ${canary.looks === 1 ? 'look' : 'looks'}, ${canary.ms} ms`;
}
