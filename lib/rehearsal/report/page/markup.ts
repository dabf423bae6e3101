/** Makes HTML out of text, so that nothing of the user's can become markup. */

/** A piece of HTML that is safe as it stands. */
export class Markup {
  constructor(readonly text: string) {}
}

type Part = string | number | Markup | null | readonly (Markup | null)[];

/** Template tag: strings are escaped, `Markup` and lists of it are not, null is nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.map((string, index) => string + write(parts[index] ?? null)).join(''));
}

function write(part: Part): string {
  if (part === null) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map((each) => each?.text ?? '').join('');
  return escapeHtml(String(part));
}

/** Escapes for text and for attributes in double quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
