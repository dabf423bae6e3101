/** The configuration as it came, before its shape is known. */

/** A section by the names that it was given. */
export type Section = Readonly<Record<string, unknown>>;

/** What was given as a section; empty when it is none, which has been reported already. */
export function sectionOf(value: unknown): Section {
  return typeof value === 'object' && value !== null ? (value as Section) : {};
}
