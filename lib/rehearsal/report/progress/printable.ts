/** Names of tables may hold anything, and a terminal obeys control characters: they are shown as `?`, line ends stay. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) =>
    character === '\n' ? character : '?',
  );
}

/** The same in one line. */
export function printableLine(text: string): string {
  return printable(text).replaceAll('\n', ' ').trimEnd();
}
