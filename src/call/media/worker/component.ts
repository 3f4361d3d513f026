/**
 * One of a leg's two ports: from where its packets are taken, and where ours go. A peer that does ICE is where its checks
 * say, any other where its SDP and its packets say. Keys are none of its business.
 */

import type { MediaDrop } from '../drop.ts';
import type { Endpoint } from '../session-state.ts';
import { IcePath } from './ice-path.ts';
import { Latch } from './latch.ts';
import type { Arrival } from './packet-port.ts';

export interface ComponentPlace {
  /** From the newest SDP. */
  readonly remote: Endpoint;
  readonly isNat: boolean;
  readonly isIce: boolean;
}

export class Component {
  readonly #latch: Latch;
  #ice: IcePath | undefined;

  /** `learnt`: where an earlier life of this component had found its peer. */
  constructor(place: ComponentPlace, learnt: Endpoint | null, nowUs: number) {
    this.#latch = new Latch(place.remote, place.isIce ? null : learnt, place.isNat);
    if (place.isIce) this.#ice = new IcePath(learnt, nowUs);
  }

  /** Takes what signaling says now; `isEvent` when it says that the peer may be found anew. */
  apply(place: ComponentPlace, isEvent: boolean, nowUs: number): void {
    if (isEvent) this.#latch.relearn(place.remote, place.isNat);
    if (!place.isIce) this.#ice = undefined;
    else this.#ice ??= new IcePath(null, nowUs);
  }

  /** Whether the packet's source is the one expected; branches of a fork are told apart by it. */
  isFrom(address: string, port: number): boolean {
    return (this.#ice ?? this.#latch).isFrom(address, port);
  }

  /** Whether a packet from there may be looked at. Of a secure peer without ICE any: authentication decides. */
  admits({ address, port, arrivalUs }: Arrival, isSecure: boolean): boolean {
    if (this.#ice) return this.#ice.isChecked(address, port, arrivalUs);
    return isSecure || this.#latch.admitsPlain(address, port);
  }

  /** An accepted packet, the newest of its kind, came from there; true when that moved us. */
  learn({ address, port }: Arrival, isSecure: boolean): boolean {
    if (this.#ice) return false;
    return isSecure ? this.#latch.learnAuthentic(address, port) : this.#latch.learnPlain(address, port);
  }

  /** A handshake was completed from there: as good as authentic media while there has been none. */
  learnFromHandshake({ address, port }: Endpoint): void {
    if (!this.#ice && this.#latch.learnt === null) this.#latch.learnAuthentic(address, port);
  }

  /** An authentic connectivity check came from there; true when media goes there from now on. */
  noteCheck({ address, port, arrivalUs }: Arrival, isNominated: boolean): boolean {
    return this.#ice?.noteCheck(address, port, isNominated, arrivalUs) ?? false;
  }

  /** Where to send, or why nowhere. */
  whereTo(nowUs: number): Endpoint | MediaDrop {
    return this.#ice ? this.#ice.whereTo(nowUs) : (this.#latch.target ?? 'no_destination');
  }

  /** Where the peer was found, for whoever carries on. */
  learnt(nowUs: number): Endpoint | null {
    return this.#ice ? this.#ice.selected(nowUs) : this.#latch.learnt;
  }
}
