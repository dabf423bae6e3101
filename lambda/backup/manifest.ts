/** The manifest of a backup: what was read around its snapshot, and whether a restore holds that (decision 28). */
import * as z from 'zod';
import { parseLsn } from '../proof/lsn';
import { type DatabaseReading, type Reading, readingSchema, type SequenceReading } from './reading';

/** Shape of a manifest; kept beside the snapshot in the evidence bucket. */
export const manifestSchema = z.strictObject({
  manifestVersion: z.literal('1'),
  migrationId: z.string(),
  snapshotId: z.string(),
  /** Immutable id of the instance. */
  instanceResourceId: z.string(),
  keyArn: z.string(),
  /** When the snapshot was made, as RDS says it: ISO. */
  takenAt: z.string(),
  /** Ended, and was flushed, before the snapshot was asked for. */
  before: readingSchema,
  /** Began when the snapshot was there. */
  after: readingSchema,
});

/** See `manifestSchema`. */
export type Manifest = z.infer<typeof manifestSchema>;

/** Something that a restore does not hold as it must. */
export interface Mismatch {
  readonly kind: 'server' | 'wal' | 'database' | 'table' | 'sequence' | 'definition';
  /** Null when it is the server's. */
  readonly database: string | null;
  readonly object: string;
  /** What should be and what was found; no row, no value of one. */
  readonly detail: string;
}

/** What a comparison says. */
export interface Comparison {
  readonly mismatches: readonly Mismatch[];
  /** What changed while the snapshot was made, so that it says nothing; `database object`. */
  readonly notJudged: readonly string[];
  /** Tables whose content was shown equal. */
  readonly tablesEqual: number;
  /** Tables of which only the count has bounds. */
  readonly tablesWithinBounds: number;
  /** Unlogged tables, which a restore has without rows (facts E17). */
  readonly emptied: readonly string[];
}

/** Values that PostgreSQL logs ahead for a sequence: a recovery goes on behind them. */
const LOGGED_AHEAD = 32n;

/** Collects what one comparison finds. */
class Findings {
  readonly mismatches: Mismatch[] = [];
  readonly notJudged: string[] = [];
  readonly emptied: string[] = [];
  tablesEqual = 0;
  tablesWithinBounds = 0;
}

/** Compares a restore, read like `manifest.before`, with the manifest; pure. */
export function compareWithManifest(manifest: Manifest, restored: Reading): Comparison {
  const found = new Findings();
  compareServers(manifest, restored, found);
  for (const database of manifest.before.unread) found.notJudged.push(`database ${JSON.stringify(database)}`);
  for (const [database, before] of Object.entries(manifest.before.databases)) {
    const after = manifest.after.databases[database];
    const now = restored.databases[database];
    if (after === undefined || restored.unread.includes(database))
      found.notJudged.push(`database ${JSON.stringify(database)}`);
    else if (now === undefined) {
      const detail = 'was there before and after the snapshot, the restore does not have it';
      found.mismatches.push({ kind: 'database', database, object: database, detail });
    } else compareDatabases(database, { before, after, now }, found);
  }
  return found;
}

function compareServers({ before }: Manifest, restored: Reading, found: Findings): void {
  const demand = (kind: 'server' | 'wal', object: string, wanted: string, got: string, holds: boolean) => {
    if (holds) return;
    found.mismatches.push({ kind, database: null, object, detail: `should be ${wanted}, found ${got}` });
  };
  const { systemIdentifier, engineVersion, lastLsn } = before;
  const same = systemIdentifier === restored.systemIdentifier;
  demand('server', 'system identifier', systemIdentifier, restored.systemIdentifier, same);
  const major = majorOf(engineVersion);
  demand('server', 'major version', major, majorOf(restored.engineVersion), major === majorOf(restored.engineVersion));
  const reached = parseLsn(restored.firstLsn) >= parseLsn(lastLsn);
  demand('wal', 'end of the WAL', `${lastLsn} or later`, restored.firstLsn, reached);
}

/** One thing as it was before, after and in the restore. */
interface Three<T> {
  readonly before: T;
  readonly after: T;
  readonly now: T;
}

function compareDatabases(database: string, { before, after, now }: Three<DatabaseReading>, found: Findings): void {
  const mismatch = (kind: Mismatch['kind'], object: string, detail: string) =>
    found.mismatches.push({ kind, database, object, detail });
  const notJudged = (object: string) => found.notJudged.push(`${JSON.stringify(database)} ${object}`);
  for (const relation of before.unread) notJudged(`table ${relation}`);
  for (const [relation, first] of Object.entries(before.tables)) {
    const second = after.tables[relation];
    const third = now.tables[relation];
    if (second === undefined || now.unread.includes(relation)) notJudged(`table ${relation}`);
    else if (third === undefined) mismatch('table', relation, 'should be there, the restore does not have it');
    else {
      const { verdict, detail } = judgeTable({ before: first, after: second, now: third });
      if (verdict === 'differs') mismatch('table', relation, detail);
      else if (verdict === 'not judged') notJudged(`table ${relation}`);
      else if (verdict === 'equal') found.tablesEqual += 1;
      else found.tablesWithinBounds += 1;
    }
  }
  for (const [relation, first] of Object.entries(before.sequences)) {
    const second = after.sequences[relation];
    const third = now.sequences[relation];
    const bounds = second === undefined ? null : sequenceBounds(first, second);
    if (bounds === null) notJudged(`sequence ${relation}`);
    else if (third === undefined) mismatch('sequence', relation, 'should be there, the restore does not have it');
    else if (!within(bounds, third.last)) {
      mismatch('sequence', relation, `should stand at ${inWords(bounds)}, found ${third.last ?? 'no value yet'}`);
    }
  }
  compareDefinitions({ before, after, now }, mismatch, notJudged);
  for (const relation of now.unlogged) found.emptied.push(`${JSON.stringify(database)} ${relation}`);
}

type TableReading = DatabaseReading['tables'][string];

interface TableVerdict {
  readonly verdict: 'equal' | 'within bounds' | 'not judged' | 'differs';
  readonly detail: string;
}

/** The versions before the horizon only become fewer, so the restore's lie between both readings (decision 28). */
function judgeTable({ before, after, now }: Three<TableReading>): TableVerdict {
  const [most, least, rows] = [BigInt(before.rows), BigInt(after.rows), BigInt(now.rows)];
  const share = before.samplePercent < 100 ? ' in the sampled blocks' : '';
  if (least === most && before.hash !== after.hash) return { verdict: 'not judged', detail: '' };
  if (least > most) return { verdict: 'not judged', detail: '' };
  if (rows < least || rows > most) {
    const wanted = least === most ? `${most}` : `${least} to ${most}`;
    return { verdict: 'differs', detail: `should hold ${wanted} rows of before the snapshot${share}, found ${rows}` };
  }
  if (rows === most && now.hash !== before.hash) {
    return { verdict: 'differs', detail: `holds ${rows} rows of before the snapshot${share}, and other content` };
  }
  if (rows === least && now.hash !== after.hash) {
    return { verdict: 'differs', detail: `holds ${rows} rows of before the snapshot${share}, and other content` };
  }
  return { verdict: least === most ? 'equal' : 'within bounds', detail: '' };
}

interface Bounds {
  readonly least: bigint | null;
  readonly most: bigint | null;
}

/** Null when the sequence was altered or set back meanwhile, or begins anew at its end: then nothing bounds it. */
function sequenceBounds(before: SequenceReading, after: SequenceReading): Bounds | null {
  if (before.cycles || after.cycles || before.increment !== after.increment) return null;
  if (before.last !== null && after.last === null) return null;
  const increment = BigInt(before.increment);
  const first = before.last === null ? null : BigInt(before.last);
  if (after.last === null) return { least: null, most: null };
  const ahead = BigInt(after.last) + increment * (LOGGED_AHEAD + BigInt(after.cache));
  if (first !== null && (BigInt(after.last) - first) * increment < 0n) return null;
  return increment > 0n ? { least: first, most: ahead } : { least: ahead, most: first };
}

function within({ least, most }: Bounds, last: string | null): boolean {
  if (last === null) return least === null || most === null;
  const value = BigInt(last);
  if (least === null && most === null) return false;
  return (least === null || value >= least) && (most === null || value <= most);
}

function inWords({ least, most }: Bounds): string {
  if (least === null && most === null) return 'no value yet';
  return `${least ?? 'any value'} to ${most ?? 'any value'}`;
}

function compareDefinitions(
  { before, after, now }: Three<DatabaseReading>,
  mismatch: (kind: 'definition', object: string, detail: string) => void,
  notJudged: (object: string) => void,
): void {
  for (const [name, hash] of Object.entries(before.definitions)) {
    if (after.definitions[name] !== hash) notJudged(name);
    else if (now.definitions[name] === undefined) mismatch('definition', name, 'is missing in the restore');
    else if (now.definitions[name] !== hash) mismatch('definition', name, 'is defined otherwise in the restore');
  }
  for (const name of Object.keys(now.definitions)) {
    if (name in before.definitions) continue;
    if (name in after.definitions) notJudged(name);
    else mismatch('definition', name, 'is in the restore and was there neither before nor after the snapshot');
  }
}

function majorOf(version: string): string {
  return version.split('.')[0] ?? version;
}
