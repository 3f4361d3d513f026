/** Room for text that waits to be kept, shared by all calls of a node: what does not fit is refused, never piled up. */

export class TextRoom {
  readonly #maxChars: number;
  #chars = 0;

  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  get chars(): number {
    return this.#chars;
  }

  /** False when there is no room; what was taken is given back when it waits no more. */
  take(chars: number): boolean {
    if (this.#chars + chars > this.#maxChars) return false;
    this.#chars += chars;
    return true;
  }

  giveBack(chars: number): void {
    this.#chars -= chars;
  }
}
