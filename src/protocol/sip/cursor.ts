/** A place in a text and the few steps that header grammars need. Linear: it never goes back, and never throws. */

export class Cursor {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get atEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** The next character, or the empty string at the end. */
  peek(): string {
    return this.text.charAt(this.at);
  }

  /** Skips linear white space; a fold is white space too. */
  skipWhite(): void {
    while (!this.atEnd && isWhite(this.text.charCodeAt(this.at))) this.at += 1;
  }

  /** Whether `char` is next; takes it if so. */
  eat(char: string): boolean {
    if (this.text[this.at] !== char) return false;
    this.at += 1;
    return true;
  }

  /** Everything up to the first of `stops` or white space; possibly nothing. */
  takeUntil(stops: string): string {
    const start = this.at;
    for (; this.at < this.text.length; this.at += 1) {
      if (isWhite(this.text.charCodeAt(this.at)) || stops.includes(this.text.charAt(this.at))) break;
    }
    return this.text.slice(start, this.at);
  }

  /** A quoted string with its quotes, when one begins here and ends; else undefined and the place is unchanged. */
  takeQuoted(): string | undefined {
    if (this.peek() !== '"') return undefined;
    for (let at = this.at + 1; at < this.text.length; at += 1) {
      const char = this.text[at];
      if (char === '\\') at += 1;
      else if (char === '"') {
        const quoted = this.text.slice(this.at, at + 1);
        this.at = at + 1;
        return quoted;
      }
    }
    return undefined;
  }
}

function isWhite(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a;
}
