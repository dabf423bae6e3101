/** The difference of two catalogues, in words: what is missing, what is more, what is defined otherwise. */
import type { Session } from '../platform/postgres';
import { notAway, readAway } from './away';
import { catalogFacts } from './catalog-sql';
import { alikeInOtherWords, formFor } from './catalog-texts';
import { type CatalogFact, compareFacts, type Difference, inWords, nameOf } from './compare-facts';
import { type NotFollowed, notFollowedInWords, tablesNotFollowed } from './followed-tables';
import { readTold, untold } from './told-differences';

/** Everything in which one database differs between the sides. */
export interface Drift {
  readonly differences: readonly Difference[];
  readonly notFollowed: NotFollowed;
}

/**
 * Compares the catalogues of one database on both sides, and whether every table is part of the stream. What was told before a copy
 * was made is no difference. Both sessions must be pinned; neither is in a transaction.
 */
export async function readDrift(source: Session<'source'>, target: Session<'target'>): Promise<Drift> {
  const [left, right] = await Promise.all([
    source.query<CatalogFact>(catalogFacts(formFor(source, target))),
    target.query<CatalogFact>(catalogFacts(formFor(target, source))),
  ]);
  const told = [...(await readTold(source)), ...(await readTold(target))];
  const differences = notAway(untold(compareFacts(left, right), told), await readAway(target));
  const worded = differences.filter(({ inWordsOnly }) => inWordsOnly).map(nameOf);
  const alike = await alikeInOtherWords(source, target, worded);
  return {
    differences: differences.filter((difference) => !alike.has(nameOf(difference))),
    notFollowed: await tablesNotFollowed(source, target),
  };
}

/** A drift in words; empty when there is none. */
export function driftInWords({ differences, notFollowed }: Drift): string[] {
  return [...differences.map(inWords), ...notFollowedInWords(notFollowed)];
}

/** What `readDrift` finds, in words; empty when the catalogues say the same. Both sessions must be pinned. */
export async function catalogDifferences(source: Session<'source'>, target: Session<'target'>): Promise<string[]> {
  return driftInWords(await readDrift(source, target));
}
