/** What the target's ledger keeps of the flip, so that whoever completes the way forward can answer like its first call. */
import * as z from 'zod';
import type { CutoverFacts, OutagePrediction } from '../contract/cutover';
import type { LedgerRow } from '../platform/ledger';
import { isInUse } from '../platform/phases';

const prediction = z.object({
  totalMs: z.number(),
  fence: z.number(),
  barrier: z.number(),
  sequences: z.number(),
  gate: z.number(),
  basis: z.string(),
});

const flipFacts = z.object({
  fenceLsn: z.string(),
  keysCompared: z.number(),
  sequencesSet: z.number(),
  parts: z.object({ fence: z.number(), barrier: z.number(), sequences: z.number(), gate: z.number() }),
  prediction: prediction.nullable().default(null),
  flippedAt: z.string(),
  /** From the fence to the flip. */
  outageMs: z.number(),
  execution: z.string(),
  approval: z.object({ approvedBy: z.string(), approvedAt: z.string() }).nullable().default(null),
});

/** Facts of a flip. */
export type FlipFacts = z.infer<typeof flipFacts>;

/** What is known when the flip is due. */
export interface ReadyToFlip {
  readonly fenceLsn: string;
  readonly keysCompared: number;
  readonly sequencesSet: number;
  readonly parts: { fence: number; barrier: number; sequences: number; gate: number };
  readonly prediction: OutagePrediction | null;
}

/** The cutover's answer without its evidence. */
export type Answer = Omit<CutoverFacts, 'report'>;

/** True when the side that was to become live is. */
export function isPast(row: LedgerRow): boolean {
  return row.side === 'target' && isInUse(row.phase);
}

/** The answer of a flip whose switch took `switchMs`. */
export function answerOf(facts: FlipFacts, epoch: string, switchMs: number): Answer {
  const { fenceLsn, flippedAt, keysCompared, sequencesSet, parts, prediction } = facts;
  const outageMs = { total: facts.outageMs + switchMs, ...parts, switch: switchMs };
  return { epoch, fenceLsn, flippedAt, outageMs, prediction, keysCompared, sequencesSet, approval: facts.approval };
}

/** Reads the flip of a ledger that stands past it. */
export function readFlip(row: LedgerRow): FlipFacts {
  return flipFacts.parse(row.facts.flip);
}

/** The answer that was given when the switch was complete; null before that. */
export function readAnswer(row: LedgerRow): Answer | null {
  return (row.facts.cutover as Answer | undefined) ?? null;
}
