/**
 * Where an ICE peer is, as its own authentic checks say (RFC 8445 §7.3, RFC 7675). Nothing else moves it: not SDP, not
 * media, however authentic. It reads no STUN; the agent of the side has judged that.
 */

import { Consent } from '../../../protocol/ice/consent.ts';
import type { MediaDrop } from '../drop.ts';
import type { Endpoint } from '../session-state.ts';

/** Pairs a peer may have checked and we still take packets from; a phone has two or three, the oldest give way. */
const MAX_CHECKED = 8;

interface CheckedPair {
  readonly at: Endpoint;
  readonly consent: Consent;
}

export class IcePath {
  readonly #checked: CheckedPair[] = [];
  #selected: CheckedPair | undefined;

  /** `selected` by an earlier life of this path: it counts as checked just now, and has 30 s to prove it. */
  constructor(selected: Endpoint | null, nowUs: number) {
    if (selected) this.#selected = this.#add(selected.address, selected.port, nowUs);
  }

  /**
   * An authentic check came from there; true when media goes there from now on. A nominated pair is selected, and so is
   * any while there is none with consent: peers nominate late, and some never do.
   */
  noteCheck(address: string, port: number, isNominated: boolean, nowUs: number): boolean {
    const known = this.#find(address, port);
    known?.consent.grant(nowUs);
    const pair = known ?? this.#add(address, port, nowUs);
    if (pair === this.#selected) return false;
    if (!isNominated && this.#selected?.consent.isGiven(nowUs) === true) return false;
    this.#selected = pair;
    return true;
  }

  /** Where to send, or why nowhere. */
  whereTo(nowUs: number): Endpoint | MediaDrop {
    if (!this.#selected) return 'no_destination';
    return this.#selected.consent.isGiven(nowUs) ? this.#selected.at : 'ice_no_consent';
  }

  /** The selected pair while the peer consents to it. */
  selected(nowUs: number): Endpoint | null {
    return this.#selected?.consent.isGiven(nowUs) === true ? this.#selected.at : null;
  }

  isFrom(address: string, port: number): boolean {
    const at = this.#selected?.at;
    return at?.port === port && at.address === address;
  }

  /** Whether packets from there may be taken at all. */
  isChecked(address: string, port: number, nowUs: number): boolean {
    return this.#find(address, port)?.consent.isGiven(nowUs) === true;
  }

  #find(address: string, port: number): CheckedPair | undefined {
    for (const pair of this.#checked) if (pair.at.port === port && pair.at.address === address) return pair;
    return undefined;
  }

  #add(address: string, port: number, nowUs: number): CheckedPair {
    const pair = { at: { address, port }, consent: new Consent() };
    pair.consent.grant(nowUs);
    this.#checked.push(pair);
    if (this.#checked.length > MAX_CHECKED) {
      const oldest = this.#checked.findIndex((each) => each !== this.#selected);
      this.#checked.splice(oldest, 1);
    }
    return pair;
  }
}
