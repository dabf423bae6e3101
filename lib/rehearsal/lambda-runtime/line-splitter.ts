/** Cuts text that arrives in pieces into lines. */
export class LineSplitter {
  private rest = '';

  /** `onLine` gets each line without its end. */
  constructor(private readonly onLine: (line: string) => void) {}

  /** Takes the next piece. */
  push(text: string): void {
    const lines = `${this.rest}${text}`.split(/\r?\n/);
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      this.onLine(line);
    }
  }

  /** Hands on a last line that has no end. */
  end(): void {
    if (this.rest !== '') {
      this.onLine(this.rest);
      this.rest = '';
    }
  }
}
