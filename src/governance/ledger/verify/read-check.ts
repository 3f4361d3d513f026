/** Reads: nothing is said about the end of one that was not recorded before. One without an end is counted, not judged. */

import type { Entry } from '../../../model/evidence.ts';
import type { Findings } from './findings.ts';

export class ReadCheck {
  readonly #findings: Findings;
  /** Reads whose end has not been met, by log and id, with their place. */
  readonly #open = new Map<string, string>();
  readonly #places = new Map<string, string>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  get open(): number {
    return this.#open.size;
  }

  add(entry: Entry): void {
    switch (entry.kind) {
      case 'read': {
        const name = `${entry.log}\n${entry.read}`;
        const place = placeName(entry, entry.seq);
        this.#open.set(name, place);
        this.#places.set(place, name);
        return;
      }
      case 'read.done':
        if (!this.#end(`${entry.log}\n${entry.read}`)) this.#findings.add('reads', 'done_without_read', entry);
        return;
      case 'void':
        // Not known in time to be durable: whoever asked was refused, and nothing was read.
        this.#end(this.#places.get(placeName(entry, entry.voided_seq)) ?? '');
        return;
      default:
        return;
    }
  }

  #end(name: string): boolean {
    this.#places.delete(this.#open.get(name) ?? '');
    return this.#open.delete(name);
  }
}

function placeName({ log, node, epoch }: Entry, seq: number): string {
  return `${log}\n${node}\n${epoch}\n${seq}`;
}
