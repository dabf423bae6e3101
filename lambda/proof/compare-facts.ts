/** Two lists of facts side by side, without any look at a server. */

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

const WORDS: Readonly<Record<Difference['how'], string>> = {
  missing: 'is missing on the target',
  otherwise: 'is defined otherwise on the target',
  extra: 'exists on the target only',
};

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

/** What a fact is about: the same name on both sides is the same object. */
export function nameOf({ kind, object }: Pick<CatalogFact, 'kind' | 'object'>): string {
  return `${kind} ${object}`;
}

/** A difference in words. */
export function inWords({ kind, object, how }: Difference): string {
  return `${kind} ${object} ${WORDS[how]}`;
}
