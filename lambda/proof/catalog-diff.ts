/** The difference of two catalogues, in words: what is missing, what is more, what is defined otherwise. */
import type { Session } from '../platform/postgres';
import { catalogFacts } from './catalog-sql';
import { alikeInOtherWords, formFor } from './catalog-texts';
import { type NotFollowed, notFollowedInWords, tablesNotFollowed } from './followed-tables';
import { readTold, untold } from './told-differences';

/** One fact of a catalogue. */
export interface CatalogFact {
  readonly kind: string;
  readonly object: string;
  readonly definition: string | null;
  /** Hash of the SQL that belongs to it, as the server prints it; null when none does. */
  readonly text: string | null;
}

/** A fact that the two catalogues do not share. */
export interface Difference {
  readonly kind: string;
  readonly object: string;
  /** As seen from the target. */
  readonly how: 'missing' | 'otherwise' | 'extra';
  /** The side that has it, the source's when both do. */
  readonly definition: string | null;
  /** Only the words of its SQL differ. */
  readonly inWordsOnly?: true;
}

/** Everything in which one database differs between the sides. */
export interface Drift {
  readonly differences: readonly Difference[];
  readonly notFollowed: NotFollowed;
}

const WORDS: Readonly<Record<Difference['how'], string>> = {
  missing: 'is missing on the target',
  otherwise: 'is defined otherwise on the target',
  extra: 'exists on the target only',
};

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
  const differences = untold(compareFacts(left, right), told);
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

/** Compares two lists of facts; pure. */
export function compareFacts(source: readonly CatalogFact[], target: readonly CatalogFact[]): Difference[] {
  const there = new Map(target.map((fact) => [nameOf(fact), fact]));
  const differences: Difference[] = [];
  for (const fact of source) {
    const { kind, object, definition, text } = fact;
    const name = nameOf(fact);
    const other = there.get(name);
    there.delete(name);
    if (other === undefined) differences.push({ kind, object, definition, how: 'missing' });
    else if (other.definition !== definition || (other.text === null) !== (text === null)) {
      differences.push({ kind, object, definition, how: 'otherwise' });
    } else if (other.text !== text) {
      differences.push({ kind, object, definition, how: 'otherwise', inWordsOnly: true });
    }
  }
  const extra = [...there.values()].map(({ kind, object, definition }) => ({ kind, object, definition }));
  const all = [...differences, ...extra.map((fact) => ({ ...fact, how: 'extra' as const }))];
  return all.sort((a, b) => (inWords(a) < inWords(b) ? -1 : 1));
}

function nameOf({ kind, object }: Pick<CatalogFact, 'kind' | 'object'>): string {
  return `${kind} ${object}`;
}

/** A difference in words. */
export function inWords({ kind, object, how }: Difference): string {
  return `${kind} ${object} ${WORDS[how]}`;
}
