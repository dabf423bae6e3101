/** Asks after a run, from the writers' books, the catalogues and the logs, whether the invariants held (docs/invariants.md). */
import type { Rehearsal } from '../run/rehearse';
import { differences, type SourceState } from './source-state';

/** What a run is judged by. */
export interface Judged {
  readonly rehearsal: Pick<Rehearsal, 'report' | 'logs' | 'histories'>;
  /** The source before anything of Sealift touched it, and after the end. */
  readonly before: SourceState;
  readonly after: SourceState;
  /** Where the record led the applications at the end. */
  readonly live: 'source' | 'target';
  /** What calls with an old epoch changed when everything had ended, line by line. */
  readonly changedByLateCalls: readonly string[];
  /** Values that nobody may read, by what they are. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** What did not hold, each with the invariant's number; empty when everything did. */
export function violations(judged: Judged): string[] {
  return [
    ...acknowledgedWrites(judged),
    ...oneSide(judged),
    ...oneFlip(judged),
    ...sourceAsBefore(judged),
    ...judged.changedByLateCalls.map((line) => `I6: changed by a late call: ${line}`),
    ...nothingLeft(judged),
    ...silence(judged),
  ];
}

/** I1: from the writers' books. */
function acknowledgedWrites({ rehearsal: { report } }: Judged): string[] {
  const { writers, databases } = report;
  if (writers === null) return ['I1: no writers wrote, nothing is proven'];
  const counts = { lost: writers.lost, doubled: writers.doubled, torn: writers.torn, phantom: writers.phantom };
  const mismatched = databases.flatMap(({ mismatchedTables }) => mismatchedTables);
  return [
    ...Object.entries(counts).flatMap(([what, count]) => (count === 0 ? [] : [`I1: ${count} writes ${what}`])),
    ...(mismatched.length === 0 ? [] : [`I1: tables differ: ${mismatched.join(', ')}`]),
  ];
}

/** I2, I4 and I5: exactly one side is writable at the end, and none accepted a write behind the other's back. */
function oneSide({ rehearsal: { report }, live }: Judged): string[] {
  const { writableSide, outcome, writers, rollback } = report;
  const flipped = outcome === 'succeeded' || writableSide === 'target';
  const wanted = rollback === null ? 'target' : 'source';
  return [
    ...(writableSide === 'both' ? ['I2: both sides are writable'] : []),
    ...(writableSide === 'neither' ? ['I4: no side is writable'] : []),
    ...(outcome === 'succeeded' && writableSide !== wanted ? [`I5: succeeded and the ${wanted} is not writable`] : []),
    ...(flipped && (writers?.onlyOnSource ?? 0) > 0 ? ['I2: commits that only the side left behind has'] : []),
    ...(writableSide === live ? [] : [`I5: the record leads to the ${live}, writable is ${writableSide}`]),
    ...(rollback === null && outcome === 'failed' && writableSide === 'source'
      ? ['I1: the end is neither success nor a clean abort']
      : []),
  ];
}

/** I3: the functions tell each flip with its epoch; a way back has one of its own. */
function oneFlip({ rehearsal: { logs, report } }: Judged): string[] {
  const flips = logs.filter(({ line }) => line.includes('"target is live"'));
  const epochs = flips.map(({ line }) => /"epoch":"?(\d+)/.exec(line)?.[1] ?? '');
  const most = report.rollback === null ? 1 : 2;
  return [
    ...(flips.length > most ? [`I3: ${flips.length} flips`] : []),
    ...(new Set(epochs).size < epochs.length ? ['I3: two flips of one epoch'] : []),
  ];
}

/** I4: who may log in and do what is as it was. */
function sourceAsBefore({ rehearsal: { report }, before, after }: Judged): string[] {
  if (report.writableSide !== 'source') return [];
  return differences(before.access, after.access).map((line) => `I4: on the source: ${line}`);
}

/** I7: without a ledger nothing of ours is left, and rows are told apart as before. */
function nothingLeft({ before, after }: Judged): string[] {
  if (after.ours.some((line) => line.endsWith('ledger'))) return [];
  return [
    ...after.ours.map((line) => `I7: left on the source: ${line}`),
    ...differences(before.privileges, after.privileges).map((line) => `I7: on the source: ${line}`),
    ...differences(stillThere(before.identities, after.identities), after.identities).map(
      (line) => `I7: replica identity on the source: ${line}`,
    ),
  ];
}

/** A pruning may have dropped partitions; a line is a table and, as its last letter, its identity. */
function stillThere(before: readonly string[], after: readonly string[]): string[] {
  const tables = new Set(after.map((line) => line.slice(0, -1)));
  return before.filter((line) => tables.has(line.slice(0, -1)));
}

/** I8: no secret in a log or a history. */
function silence({ rehearsal: { logs, histories }, secrets }: Judged): string[] {
  const told: readonly (readonly [string, string])[] = [
    ['the logs', JSON.stringify(logs)],
    ...histories.map(({ name, content }) => [name, String(content)] as const),
  ];
  return told.flatMap(([where, text]) =>
    [...secrets].flatMap(([what, secret]) => (text.includes(secret) ? [`I8: ${what} in ${where}`] : [])),
  );
}
