/** The assessment on one screen of text: verdict first, then what blocks, what warns, the size, the time. */
import type { Advice, Check } from '../../contract/assessment';
import { bytesInWords, durationInWords, gibibytes } from '../words';
import { type Assessment, count, headline, sourceInWords, wholeSeconds } from './assessment';

/** Size of the screen. */
export const COLUMNS = 100;
export const LINES = 40;

const INDENT = '  ';

/** Lines that verdict, size and time take; the rest is for what was found. */
const FRAME_LINES = 18;

/** Renders at most 40 lines of at most 100 columns, each ended by a line feed. */
export function renderScreen(assessment: Assessment): string {
  const { pass, warn, block } = count(assessment.checks);
  const { databases } = assessment;
  const bytes = databases.reduce((sum, database) => sum + database.bytes, 0);
  const lines = [
    headline(assessment).toUpperCase(),
    `Migration ${assessment.migrationId}: ${sourceInWords(assessment)}, ${databases.length} databases of ${gibibytes(bytes)}`,
    `${assessment.checks.length} checks: ${block} block, ${warn} warn, ${pass} pass; the whole texts are in assessment.html`,
    ...findings(assessment.checks),
    ...size(assessment),
    ...time(assessment),
  ];
  return lines.map((line) => `${cut(printable(line), COLUMNS)}\n`).join('');
}

/** Blocks before warnings; the more there are, the shorter each. */
function findings(checks: readonly Check[]): string[] {
  const found = [
    ...checks.filter(({ verdict }) => verdict === 'block'),
    ...checks.filter(({ verdict }) => verdict === 'warn'),
  ];
  if (found.length === 0) return [];
  const room = LINES - FRAME_LINES;
  const shown = found.slice(0, Math.floor(room / 2));
  const linesOfPart = Math.max(1, Math.min(3, Math.floor(room / (2 * shown.length))));
  const more = found.length - shown.length;
  return [
    '',
    ...shown.flatMap((check) => [
      ...wrapped(
        `${check.verdict === 'block' ? 'BLOCK' : 'warn '} ${check.id}: ${check.detail}`,
        linesOfPart,
        '      ',
      ),
      ...wrapped(`    > ${check.remedy}`, linesOfPart, '      '),
    ]),
    ...(more > 0 ? [`${INDENT}and ${more} more, see the page`] : []),
  ];
}

function size({ sizing }: Assessment): string[] {
  const row = <T>(name: string, { advised, configured }: Advice<T>, unit = '') =>
    `${INDENT}${name.padEnd(16)}${`${configured}${unit}`.padEnd(18)}advised ${advised}${unit}`;
  return [
    '',
    'Size of the target as configured',
    row('storage', sizing.allocatedStorageGib, ' GiB'),
    row('class', sizing.instanceClass),
    row('verify workers', sizing.verifyWorkers),
  ];
}

function time({ prediction }: Assessment): string[] {
  const phases = prediction.phases.map(({ phase, seconds }) => `${phase} ${durationInWords(seconds)}`).join(', ');
  return [
    '',
    `Time, mostly assumed: ${durationInWords(wholeSeconds(prediction))} in all`,
    ...wrapped(`${INDENT}${phases}`, 3, INDENT),
    `${INDENT}WAL kept on the source: ${bytesInWords(prediction.walRetainedBytes)}, at ${bytesInWords(prediction.walBytesPerSecond)}/s as measured`,
    ...wrapped(`${INDENT}Outage ${durationInWords(prediction.outageMs / 1000)}: ${prediction.outageBasis}`, 3, '    '),
  ];
}

/** Breaks at blanks into at most `most` lines; what does not fit ends with an ellipsis. */
export function wrapped(text: string, most: number, indent: string): string[] {
  const lines: string[] = [];
  let rest = printable(text);
  while (rest.length > COLUMNS && lines.length < most - 1) {
    const space = rest.lastIndexOf(' ', COLUMNS);
    const end = space > indent.length ? space : COLUMNS;
    lines.push(rest.slice(0, end));
    rest = indent + rest.slice(end).trimStart();
  }
  return [...lines, cut(rest, COLUMNS)];
}

function cut(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
}

/** Names may hold anything: what would move a terminal's cursor is shown as a dot. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '·');
}
