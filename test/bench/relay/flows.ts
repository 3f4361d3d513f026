/** What the processes of the relay's benchmark say to each other, and what a flow is to each of them. */

import type { SrtpKey } from '../../../src/call/media/session-state.ts';
import type { PacketPortKind } from '../../../src/call/media/messages.ts';

export const SIDES = ['caller', 'callee'] as const;
export type Side = (typeof SIDES)[number];

/**
 * The suites of the two legs. They differ in the length of the tag, so that no relay can take a packet of one for one
 * of the other: rtpengine lets both legs have one key, and passes packets on as they are, where suites allow it.
 */
export const SUITES = { caller: 'AES_CM_128_HMAC_SHA1_80', callee: 'AES_CM_128_HMAC_SHA1_32' } as const;

/** One call's audio: where each peer is, and the key it sends with. */
export type Flow = Readonly<Record<Side, Peer>>;

export interface Peer {
  readonly port: number;
  readonly sends: SrtpKey;
}

/** Where each peer must send to, and the key of what it hears. */
export type Carried = Readonly<Record<Side, { readonly port: number; readonly hears: SrtpKey }>>;

export interface RelayQuestions {
  readonly carry: {
    readonly ask: { readonly flows: readonly Flow[]; readonly packetPort?: PacketPortKind };
    readonly answer: readonly Carried[];
  };
  readonly scheduling: { readonly ask: null; readonly answer: 'rr' | 'other' };
  /** CPU time of the whole relay since its start, user and system. */
  readonly cpuUs: { readonly ask: null; readonly answer: number };
}

export interface GeneratorQuestions {
  readonly open: {
    readonly ask: { readonly program: string; readonly flows: number; readonly packets: number };
    readonly answer: readonly Flow[];
  };
  readonly speak: { readonly ask: Speech; readonly answer: Heard };
}

export interface Speech {
  /** Of the first flows; the others are silent. */
  readonly carried: readonly Carried[];
  /** Packets of each side of each flow, 20 ms apart. */
  readonly packets: number;
}

export interface Heard {
  readonly sent: number;
  /** Arrived, once each, authentic and unchanged. */
  readonly arrived: number;
  /** Between the kernel's times of sending and arriving, of those packets whose sending was timed. */
  readonly p50Us: number;
  readonly p99Us: number;
}
