/** HTML out of text, so that nothing of a name, detail or remedy can become markup. */

/** A piece of HTML that is safe as it stands. */
export class Markup {
  constructor(readonly text: string) {}
}

/** What a template may hold. */
export type Part = string | number | Markup | readonly Markup[];

/** Template tag: strings and numbers are escaped, `Markup` is not. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const written = parts.map((part) => {
    if (part instanceof Markup) return part.text;
    if (typeof part === 'object') return part.map((each) => each.text).join('');
    return String(part).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  });
  return new Markup(strings.map((string, index) => string + (written[index] ?? '')).join(''));
}
