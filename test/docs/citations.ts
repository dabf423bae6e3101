/** What the code cites: numbered facts, faults, experiments and rules, each of which `docs/facts.md` must explain. */

/** The catalogues that a citation can name, in the words of the comments. */
export const CATALOGUES = ['facts', 'fault', 'experiments', 'security', 'design section', 'style section'] as const;

const NUMBER: Readonly<Record<(typeof CATALOGUES)[number], string>> = {
  facts: '[A-Z]\\d{1,2}',
  fault: '\\d{1,3}',
  experiments: '\\d{1,2}',
  security: '\\d{1,2}',
  'design section': '\\d',
  'style section': '\\d',
};

/** Every entry that `text` cites, such as `facts A4` or `fault 43`; ranges are written out. */
export function citationsIn(text: string): string[] {
  const flat = text.replace(/\s*\n\s*(?:\*|\/\/|--)?\s*/g, ' ');
  return CATALOGUES.flatMap((catalogue) => {
    const number = NUMBER[catalogue];
    const word = catalogue === 'facts' ? 'facts?' : catalogue === 'fault' ? 'faults?' : catalogue;
    const list = new RegExp(`\\b${word} (${number}(?:(?:, | to | and |, and )${number}(?![\\w/]))*)(?![\\w/])`, 'gi');
    return [...flat.matchAll(list)].flatMap((match) => entries(match[1] ?? '').map((entry) => `${catalogue} ${entry}`));
  });
}

/** `A12 to A14, B2` as `A12, A13, A14, B2`. */
function entries(list: string): string[] {
  return list.split(/, and |, | and /).flatMap((part) => {
    const [first = '', last] = part.split(' to ');
    if (last === undefined) return [first];
    const letter = first.replace(/\d+$/, '');
    const from = Number(first.slice(letter.length));
    const to = Number(last.slice(letter.length));
    return Array.from({ length: to - from + 1 }, (_, index) => `${letter}${from + index}`);
  });
}

/** The entries that a catalogue defines: list items that begin with `**facts A4.**` and the like. */
export function definitionsIn(catalogue: string): string[] {
  return [...catalogue.matchAll(/^- \*\*((?:[a-z]+ ?)+ [A-Z]?\d+)\.\*\*/gm)].map((match) => match[1] ?? '');
}
