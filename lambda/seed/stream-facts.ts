/** What the source's ledger keeps of a database's stream. */
import * as z from 'zod';

const schema = z.object({
  slot: z.string(),
  publication: z.string(),
  /** The slot's `confirmed_flush_lsn` right after its creation. */
  startLsn: z.string(),
  /** The publication's comment. */
  publicationMarker: z.string(),
  /** Id of the marker row written after the slot existed: a copy that holds it is newer than the slot. */
  afterSlotMarker: z.string(),
});

/** Publication, slot and proof of one database. */
export type StreamFacts = z.infer<typeof schema>;

/** Reads the stream from a ledger row's facts; null when it is not complete. */
export function streamFactsOf(facts: Readonly<Record<string, unknown>>): StreamFacts | null {
  return facts.stream === undefined ? null : schema.parse(facts.stream);
}
