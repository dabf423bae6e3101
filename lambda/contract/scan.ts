/** Where a scan reads, and what it answers. */
import type { EvidencePointer, ServerFacts } from './instance';

/** Where a scan reads. */
export interface ScanPlace {
  readonly source: ServerFacts;
  /** The restored copy, when that is scanned in the source's place while it follows the source; else null. */
  readonly target: ServerFacts | null;
}

/** What a scan found, in numbers; the places are evidence. */
export interface ScanConclusion {
  readonly on: 'source' | 'target';
  /** `repairable`: the configuration allows the step `quarantine` to deal with all of it. */
  readonly verdict: 'clean' | 'repairable' | 'blocked';
  /** What was found and what to do, a few lines at most; empty when clean. */
  readonly detail: string;
  readonly databases: readonly {
    readonly name: string;
    readonly tables: number;
    readonly rows: number;
    readonly badRows: number;
    readonly badIndexes: number;
    /** Pages that cannot be read, or that were lost with their rows. */
    readonly badPages: number;
    /** `Total tables scanned: N, failed: […]` with at most twenty names. */
    readonly summary: string;
  }[];
  readonly report: EvidencePointer;
}
