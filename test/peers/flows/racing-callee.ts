/** A callee that does to each call what a plan says, and notes what was done to it. It sends nothing twice. */

import {
  readSip,
  writeResponse,
  type ResponseParts,
  type SipMessage,
  type SipRequest,
} from '../../../src/demo/softphone/sip-text.ts';
import { callIdOf, RACE_SDP } from './racing-caller.ts';
import { UdpPeer } from '../udp-peer.ts';

/** When it rings and when it answers, from the INVITE on; never when left out. */
export interface CalleePlan {
  readonly ringsAfterMs?: number;
  readonly answersAfterMs?: number;
}

export interface CalleeNotes {
  hasRung: boolean;
  hasAnswered: boolean;
  /** CANCELs, and those among them that came before it had rung (RFC 3261 §9.1 forbids them). */
  cancels: number;
  earlyCancels: number;
  acks: number;
  byes: number;
}

export class RacingCallee {
  /** By Call-ID. */
  readonly notes = new Map<string, CalleeNotes>();
  readonly #peer: UdpPeer;
  readonly #plan: (callId: string) => CalleePlan;
  readonly #invites = new Map<string, SipRequest>();
  readonly #timers = new Set<NodeJS.Timeout>();

  private constructor(peer: UdpPeer, plan: (callId: string) => CalleePlan) {
    this.#peer = peer;
    this.#plan = plan;
    peer.onMessage((datagram) => {
      const message = readSip(datagram);
      if (message) this.#receive(message);
    });
  }

  static async open(plan: (callId: string) => CalleePlan): Promise<RacingCallee> {
    return new RacingCallee(await UdpPeer.open(), plan);
  }

  get port(): number {
    return this.#peer.port;
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#peer.close();
  }

  #receive(message: SipMessage): void {
    if (message.kind !== 'request') return;
    const notes = this.notes.get(callIdOf(message));
    if (message.method === 'INVITE' && !notes) this.#ring(message);
    else if (message.method === 'CANCEL') this.#cancel(message, notes);
    else if (message.method === 'ACK' && notes) notes.acks += 1;
    else if (message.method === 'BYE' && notes) {
      notes.byes += 1;
      this.#answer(message, { status: 200, phrase: 'OK' });
    }
  }

  #ring(invite: SipRequest): void {
    const notes = { hasRung: false, hasAnswered: false, cancels: 0, earlyCancels: 0, acks: 0, byes: 0 };
    const { ringsAfterMs, answersAfterMs } = this.#plan(callIdOf(invite));
    this.notes.set(callIdOf(invite), notes);
    this.#invites.set(callIdOf(invite), invite);
    this.#later(ringsAfterMs, () => {
      if (notes.cancels > 0) return;
      notes.hasRung = true;
      this.#answer(invite, { status: 180, phrase: 'Ringing' });
    });
    this.#later(answersAfterMs, () => {
      if (notes.cancels > 0) return;
      notes.hasAnswered = true;
      this.#answer(invite, { status: 200, phrase: 'OK', sdp: RACE_SDP });
    });
  }

  #cancel(cancel: SipRequest, notes: CalleeNotes | undefined): void {
    const invite = this.#invites.get(callIdOf(cancel));
    if (!notes || !invite) {
      this.#answer(cancel, { status: 481, phrase: 'Call/Transaction Does Not Exist' });
      return;
    }
    notes.cancels += 1;
    if (!notes.hasRung) notes.earlyCancels += 1;
    this.#answer(cancel, { status: 200, phrase: 'OK' });
    if (!notes.hasAnswered && notes.cancels === 1) this.#answer(invite, { status: 487, phrase: 'Request Terminated' });
  }

  #answer(request: SipRequest, parts: ResponseParts): void {
    const own = { toTag: 'callee', contact: `sip:agent@127.0.0.1:${this.port}` };
    this.#peer.send(writeResponse(request, { ...own, ...parts }), request.topVia.port ?? 5060);
  }

  #later(ms: number | undefined, act: () => void): void {
    if (ms === undefined) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }
}
