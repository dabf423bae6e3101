/** The difference of two catalogues, in words: what is missing, what is more, what is defined otherwise. */
import type { Session } from '../platform/postgres';
import { catalogFacts } from './catalog-sql';
import { notFollowed } from './followed-tables';

/** One fact of a catalogue. */
export interface CatalogFact {
  readonly kind: string;
  readonly object: string;
  readonly definition: string | null;
}

/**
 * Compares the catalogues of one database on both sides, and whether every table is part of the stream; empty when they say the
 * same. Both sessions must be pinned.
 */
export async function catalogDifferences(source: Session<'source'>, target: Session<'target'>): Promise<string[]> {
  const [left, right] = await Promise.all([
    source.query<CatalogFact>(catalogFacts),
    target.query<CatalogFact>(catalogFacts),
  ]);
  return [...differencesOf(left, right), ...(await notFollowed(source, target))];
}

/** Compares two lists of facts; pure. */
export function differencesOf(source: readonly CatalogFact[], target: readonly CatalogFact[]): string[] {
  const there = new Map(target.map((fact) => [`${fact.kind} ${fact.object}`, fact.definition]));
  const differences: string[] = [];
  for (const { kind, object, definition } of source) {
    const name = `${kind} ${object}`;
    if (!there.has(name)) differences.push(`${name} is missing on the target`);
    else if (there.get(name) !== definition) differences.push(`${name} is defined otherwise on the target`);
    there.delete(name);
  }
  return [...differences, ...[...there.keys()].map((name) => `${name} exists on the target only`)].sort();
}
