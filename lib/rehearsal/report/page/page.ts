/**
 * What the report page shows, whatever it was made from: a rehearsal, or the histories of a real execution. Texts are plain;
 * nothing here is markup. Times are milliseconds since the epoch.
 */
import type { Check } from '../../../../lambda/contract/assessment';
import type { CanaryFacts } from '../../../../lambda/contract/cutover';
import type { LeftOutObject } from '../evidence/copy-evidence';

/** How the page is coloured: everything held, it ended safely without success, it needs somebody, it goes on. */
export type Tone = 'good' | 'warned' | 'bad' | 'running';

/** A figure on top. */
export interface Tile {
  readonly value: string;
  readonly label: string;
  readonly tone?: 'good' | 'bad';
}

/** A row with a name and a number; `wanted` 0 is a promise. */
export interface Figure {
  readonly name: string;
  readonly value: string;
  readonly verdict?: 'good' | 'bad';
}

/** Why it did not succeed. */
export interface Trouble {
  readonly error: string;
  readonly cause: string;
  readonly remedy: string;
}

/** A step that failed, retried or not. */
export interface FailedCall {
  readonly step: string;
  readonly at: number;
  readonly error: string;
  readonly cause: string;
}

/** A row of the timeline: one phase or state, and every time that it took place. */
export interface TimelineRow {
  readonly name: string;
  readonly spans: readonly { readonly from: number; readonly to: number }[];
  /** It goes on, or the execution ended in it. */
  readonly open?: boolean;
}

/** Rows under one heading. */
export interface TimelineGroup {
  readonly name: string;
  readonly rows: readonly TimelineRow[];
}

/** One measured point. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Latency of the writes around the cutover, as the writers measured it. */
export interface LatencyFigure {
  readonly from: number;
  readonly to: number;
  readonly points: readonly Point[];
  readonly refusedAt: readonly number[];
  readonly outage: { readonly from: number; readonly to: number } | null;
}

/** Lag in bytes. */
export interface LagFigure {
  readonly from: number;
  readonly to: number;
  readonly points: readonly Point[];
  /** Who looked, and how often. */
  readonly basis: string;
  readonly outage: { readonly from: number; readonly to: number } | null;
}

/** The parts of the outage. */
export interface OutageFigure {
  /** As the writers saw it; null when no writer of ours was there. */
  readonly seenMs: number | null;
  /** As the cutover itself measured it. */
  readonly measuredMs: number | null;
  /** From the fence to the flip, as a dry run before it said; null when there was none. */
  readonly predicted: { readonly ms: number; readonly basis: string } | null;
  /** Who followed the switch afterwards; null when nobody did. */
  readonly canary: CanaryFacts | null;
  readonly parts: readonly {
    readonly name: string;
    readonly ms: number;
    readonly predictedMs: number | null;
    readonly what: string;
  }[];
}

/** What was removed from the source because it was old. */
export interface PruningSection {
  /** A table of the policy each. */
  readonly entries: readonly {
    readonly database: string;
    readonly relation: string;
    /** Such as `at older than 6 months`. */
    readonly rule: string;
    readonly boundary: string;
    readonly planned: number;
    readonly ofRows: number;
    /** Estimate of what the old rows occupied. */
    readonly bytes: number;
    /** Null when nothing was removed yet. */
    readonly removed: number | null;
    /** Rows of other tables that were planned to go with them. */
    readonly children: string;
  }[];
  /** Rows that went from tables that the policy does not name, with the old ones, in words; empty without. */
  readonly wentWith: string;
  /** What came of it all, one sentence. */
  readonly summary: string;
  /** What would be refused, and what was warned of. */
  readonly notes: readonly string[];
}

/** A database, scanned. */
export interface ScannedDatabase {
  /** Where it was read: `target` is the copy. */
  readonly on: 'source' | 'target';
  readonly name: string;
  readonly tables: number;
  readonly rows: number;
  readonly badRows: number;
  readonly badPages: number;
  readonly badIndexes: number;
  /** What was done about it; null when nothing was. */
  readonly repaired: {
    readonly rowsRemoved: number;
    readonly pagesLost: number;
    readonly indexesRebuilt: number;
  } | null;
  /** Its last line, with the names of damaged tables. */
  readonly summary: string;
}

/** How the rows came over connections. */
export interface CopySection {
  readonly summary: string;
  /** Who has to be told of a new password, one sentence. */
  readonly passwords: string;
  /** What the target lacks; null without the evidence that names it. */
  readonly leftOut: readonly LeftOutObject[] | null;
}

/** A table, compared. */
export interface TableRow {
  readonly database: string;
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  readonly verdict: 'equal' | 'different';
  /** What was compared, and how what had changed meanwhile was settled. */
  readonly compared: string;
}

/** The verification that the migration did. */
export interface VerificationSection {
  readonly verdict: 'equal' | 'different';
  readonly summary: string;
  /** Null when only the histories are known, which name databases. */
  readonly tables: readonly TableRow[] | null;
  readonly databases: readonly {
    readonly name: string;
    readonly tables: number;
    readonly rows: number;
    readonly bytes: number;
    readonly different: readonly string[];
  }[];
}

/** The comparison that the rehearsal makes itself. */
export interface ComparedDatabase {
  readonly name: string;
  readonly tables: number;
  readonly rows: number;
  readonly rowsOnSource: number;
  readonly rowsIdentical: number;
  readonly rowsChangedSince: number;
  readonly bytes: number;
  readonly different: readonly string[];
}

/** Something that was changed on the source, and what became of it. */
export interface SourceChange {
  readonly what: string;
  readonly object: string;
  readonly before: string;
  readonly now: string;
}

/** A part that the page cannot show, and why. */
export interface Gap {
  readonly what: string;
  readonly why: string;
}

/** The whole page. */
export interface ReportPage {
  readonly kind: 'rehearsal' | 'execution';
  readonly tone: Tone;
  readonly title: string;
  /** Sentences under the title. */
  readonly about: readonly string[];
  readonly tiles: readonly Tile[];
  readonly trouble: Trouble | null;
  readonly failedCalls: readonly FailedCall[];
  readonly refusedCalls: readonly { readonly call: string; readonly caller: string; readonly why: string }[];
  /** The books of the writers; null without writers. */
  readonly writes: readonly Figure[] | null;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly phases: readonly TimelineRow[];
  readonly states: readonly TimelineGroup[];
  readonly lag: LagFigure | null;
  readonly latency: LatencyFigure | null;
  readonly outage: OutageFigure | null;
  /** Null when nobody went back. */
  readonly outageBack: OutageFigure | null;
  /** Null on the snapshot road. */
  readonly copy: CopySection | null;
  readonly pruning: PruningSection | null;
  readonly scan: readonly ScannedDatabase[] | null;
  readonly verification: VerificationSection | null;
  readonly compared: readonly ComparedDatabase[] | null;
  readonly checks: readonly Check[] | null;
  readonly changes: readonly SourceChange[] | null;
  readonly gaps: readonly Gap[];
  /** What all this proves, and what not. */
  readonly proves: string;
}
