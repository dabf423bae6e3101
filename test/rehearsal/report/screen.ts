/** A terminal of a few lines of code: enough of one to see what a program that moves the cursor leaves behind. */
export class Screen {
  readonly isTTY = true;
  cursorShown = true;
  wrapping = true;
  /** Everything that was written. */
  written = '';
  private readonly lines: string[] = [''];
  private row = 0;
  private column = 0;

  constructor(public columns: number) {}

  write(text: string | Uint8Array): boolean {
    this.written += String(text);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
    for (const [token] of String(text).matchAll(/\u001b\[(\?)?(\d*)(?:;\d*)?([A-Za-z])|\r|\n|./gsu)) this.take(token);
    return true;
  }

  /** What a reader sees, without empty lines at the end. */
  text(): string {
    return this.lines.join('\n').trimEnd();
  }

  private take(token: string): void {
    if (token === '\n') {
      this.row += 1;
      this.column = 0;
      this.lines[this.row] ??= '';
    } else if (token === '\r') this.column = 0;
    else if (token.length > 2) this.obey(token);
    else this.print(token);
  }

  private print(character: string): void {
    if (this.column >= this.columns && !this.wrapping) return;
    const line = [...(this.lines[this.row] ?? '').padEnd(this.column)];
    line[this.column] = character;
    this.lines[this.row] = line.join('');
    this.column += 1;
  }

  private obey(sequence: string): void {
    const body = sequence.slice(2, -1);
    const amount = Number(body.replace('?', '') || '1');
    switch (sequence.at(-1)) {
      case 'A':
        this.row = Math.max(0, this.row - amount);
        break;
      case 'B':
        this.row += amount;
        break;
      case 'G':
        this.column = amount - 1;
        break;
      case 'K':
        this.lines[this.row] = body === '2' ? '' : (this.lines[this.row] ?? '').slice(0, this.column);
        break;
      case 'J':
        this.lines.length = this.row + 1;
        this.lines[this.row] = (this.lines[this.row] ?? '').slice(0, this.column);
        break;
      case 'h':
      case 'l':
        if (body === '?25') this.cursorShown = sequence.endsWith('h');
        if (body === '?7') this.wrapping = sequence.endsWith('h');
        break;
      case 'm':
        break;
      default:
        throw new Error(`the screen does not know ${JSON.stringify(sequence)}`);
    }
  }
}
