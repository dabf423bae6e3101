/** Which run of the migration a half-made target belongs to: both home ledgers name it. */
import * as z from 'zod';

const schema = z.object({ run: z.string(), databases: z.array(z.string()), roles: z.array(z.string()) });

/** A run, and the databases and roles that it makes on the target. */
export type CopyRun = z.infer<typeof schema>;

/** The facts to merge into a home ledger. */
export function runFacts(run: CopyRun): { readonly copyRun: CopyRun } {
  return { copyRun: run };
}

/** Reads the run from a ledger row's facts; null when none began. */
export function runFactsOf(facts: Readonly<Record<string, unknown>>): CopyRun | null {
  return facts.copyRun === undefined ? null : schema.parse(facts.copyRun);
}
