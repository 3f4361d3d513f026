/**
 * Where a peer's media really comes from. Learnt only from a packet that authenticated, or, on a plain leg, once per
 * signaling event: from the address its SDP names, behind NAT from anywhere, and always from the very endpoint SDP names.
 * Anything else is somebody else's.
 */

import type { Endpoint } from '../session-state.ts';
import { canonicalEndpoint, isSameEndpoint, isSendable } from './endpoint.ts';

/**
 * After signaling named a new endpoint, this many packets of the old source are let fall before it is believed again:
 * about a second, enough for the new one to speak first, and an end for peers that send from a port they never named.
 */
const OLD_SOURCE_PACKETS = 50;

export class Latch {
  #sdp: Endpoint;
  #learnt: Endpoint | null;
  /** Whether a plain leg may still learn; a signaling event allows it again. */
  #mayLearn: boolean;
  /** Whether it may learn any address, its SDP's being one behind NAT. */
  #isNat: boolean;
  #isHeld: boolean;
  #oldSource: Endpoint | undefined;
  #oldSourcePackets = 0;

  constructor(sdp: Endpoint, learnt: Endpoint | null, isNat = false) {
    this.#sdp = canonicalEndpoint(sdp);
    this.#isHeld = !isSendable(this.#sdp);
    this.#isNat = isNat;
    this.#learnt = learnt;
    this.#mayLearn = learnt === null;
  }

  get learnt(): Endpoint | null {
    return this.#learnt;
  }

  /** Where to send, or undefined while there is nowhere. */
  get target(): Endpoint | undefined {
    return this.#isHeld ? undefined : (this.#learnt ?? this.#sdp);
  }

  /** Whether this exact source is the one expected: learnt, or named by SDP while nothing is learnt. */
  isFrom(address: string, port: number): boolean {
    const expected = this.#learnt ?? this.#sdp;
    return expected.port === port && expected.address === address;
  }

  /** Whether a plain leg may accept a packet from there. Secure legs do not ask: authentication decides. */
  admitsPlain(address: string, port: number): boolean {
    if (this.#isHeld) return this.#learnt !== null && this.isFrom(address, port);
    if (this.#mayLearn) {
      return (this.#isNat || address === this.#sdp.address) && !this.#isOldSource(address, port);
    }
    return this.isFrom(address, port) || this.#isNamed(address, port);
  }

  /**
   * A valid packet of a plain leg came from an admitted source; true when that moved us. The endpoint that SDP names has
   * the last word: late packets of another call of the same gateway, or of whoever sprays a peer behind NAT that is not
   * behind one, must not keep the stream because they were first.
   */
  learnPlain(address: string, port: number): boolean {
    if (this.#isHeld || !(this.#mayLearn || this.#isNamed(address, port))) return false;
    this.#mayLearn = false;
    return this.learnAuthentic(address, port);
  }

  /** The newest authentic packet came from there; true when that moved us. */
  learnAuthentic(address: string, port: number): boolean {
    this.#oldSource = undefined;
    if (this.#learnt !== null && this.isFrom(address, port)) return false;
    this.#learnt = { address, port };
    return true;
  }

  /**
   * A signaling event. The same endpoint again (a change of direction only) keeps what was learnt until a packet says
   * otherwise; a new one is believed at once and the old peer is not learnt again; on hold nothing is sent.
   */
  relearn(sdp: Endpoint, isNat = false): void {
    const named = canonicalEndpoint(sdp);
    this.#isHeld = !isSendable(named);
    if (this.#isHeld) return;
    this.#isNat = isNat;
    this.#mayLearn = true;
    if (isSameEndpoint(named, this.#sdp)) return;
    this.#oldSource = this.#learnt !== null && !isSameEndpoint(this.#learnt, named) ? this.#learnt : undefined;
    this.#oldSourcePackets = 0;
    this.#learnt = null;
    this.#sdp = named;
  }

  #isNamed(address: string, port: number): boolean {
    return port === this.#sdp.port && address === this.#sdp.address;
  }

  #isOldSource(address: string, port: number): boolean {
    const old = this.#oldSource;
    if (old?.port !== port || old.address !== address) return false;
    this.#oldSourcePackets += 1;
    return this.#oldSourcePackets <= OLD_SOURCE_PACKETS;
  }
}
