/** Releases: nothing is answered that was not asked, and the request stands before its outcome. */

import type { Entry } from '../../../model/evidence.ts';
import type { Findings, Place } from './findings.ts';

type Request = Extract<Entry, { kind: 'release.request' }>;
type Outcome = Extract<Entry, { kind: 'release.outcome' }>;

export class ReleaseCheck {
  readonly #findings: Findings;
  readonly #requests = new Map<string, { readonly request: Request; isVoided: boolean }>();
  readonly #outcomes = new Map<string, Outcome>();
  readonly #places = new Map<string, string>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  add(entry: Entry): void {
    if (entry.kind === 'release.request') {
      const name = `${entry.log}\n${entry.release}`;
      if (this.#requests.has(name)) this.#fail('requested_twice', entry);
      this.#requests.set(name, { request: entry, isVoided: false });
      this.#places.set(placeName(entry, entry.seq), name);
    }
    if (entry.kind === 'release.outcome') {
      const name = `${entry.log}\n${entry.release}`;
      if (this.#outcomes.has(name)) this.#fail('answered_twice', entry);
      this.#outcomes.set(name, entry);
    }
    if (entry.kind === 'void') {
      const voided = this.#requests.get(this.#places.get(placeName(entry, entry.voided_seq)) ?? '');
      if (voided) voided.isVoided = true;
    }
  }

  finish(): void {
    for (const [name, outcome] of this.#outcomes) {
      const found = this.#requests.get(name);
      if (!found) {
        this.#fail('outcome_without_request', outcome);
        continue;
      }
      const { request, isVoided } = found;
      const isSame = request.call === outcome.call && request.processor === outcome.processor;
      if (!isSame) this.#fail('outcome_of_another', outcome);
      const isSameChain = request.node === outcome.node && request.epoch === outcome.epoch;
      if (isSameChain && request.seq > outcome.seq) this.#fail('outcome_before_request', outcome);
      if (isVoided && outcome.sent_bytes > 0) this.#fail('sent_though_void', outcome);
    }
  }

  #fail(code: string, place: Place): void {
    this.#findings.add('release_order', code, place);
  }
}

function placeName({ log, node, epoch }: Place, seq: number): string {
  return `${log}\n${node}\n${epoch}\n${seq}`;
}
