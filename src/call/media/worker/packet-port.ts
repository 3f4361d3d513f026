/**
 * One bound UDP port as a session sees it. Datagrams come in batches and go out on `flush`. Whatever is behind it never
 * resolves a name, never waits and never throws for a packet.
 */

import type { MediaDrop } from '../drop.ts';
import type { Endpoint } from '../session-state.ts';

/**
 * One datagram. Object and bytes are reused as soon as the batch has been handled: copy what must outlive it. The bytes
 * may be changed in place.
 */
export interface Arrival {
  bytes: Buffer;
  address: string;
  port: number;
  /** CLOCK_MONOTONIC, the kernel's own where the port can tell. */
  arrivalUs: number;
}

export interface BatchReceiver {
  onBatch(arrivals: readonly Arrival[]): void;
}

export interface PacketPort {
  readonly localPort: number;
  /** Who gets what arrives; nobody between calls, when late packets of the last one are let fall. */
  receiver: BatchReceiver | undefined;
  /**
   * Takes `bytes` over until they are sent, or has copied them: do not change them before `flush` returned. False when
   * the queue is full. `to` must hold an address literal.
   */
  queue(bytes: Buffer, to: Endpoint): boolean;
  flush(): void;
  close(): void;
}

export interface PortPlace {
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
}

/** Rejects with the system's error (`EADDRINUSE`, …) when the port cannot be bound. */
export type OpenPort = (place: PortPlace) => Promise<PacketPort>;

/** Counts what is lost at the port itself. */
export type CountPortDrop = (reason: PortDrop) => void;
export type PortDrop = Extract<MediaDrop, 'no_session' | 'send_failed' | 'too_long' | 'fault'>;
