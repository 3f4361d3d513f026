/** A bound SIP listener of any transport, as the journeys see it: something to send through. It resolves no names, ever. */

import type { Framed } from '../../../protocol/sip/frame.ts';
import type { SipTransport } from '../../../protocol/sip/transport.ts';

export interface Remote {
  /** An IP literal without brackets. */
  readonly address: string;
  readonly port: number;
}

/** Who sent a message, or is sent one. */
export interface Peer extends Remote {
  /** The connection it came by, which is the first choice for what goes back; streams only. */
  readonly flow?: string | undefined;
  /** The name its certificate must bear; its address when left out. TLS only. */
  readonly domain?: string | undefined;
}

export interface SipPort {
  readonly transport: SipTransport;
  /** Where it is really bound; the port is known even when 0 was asked for. */
  readonly local: Remote;
  readonly family: 4 | 6;
  /**
   * Sends by the peer's flow while that stands, else to its address. Nobody waits: `onFailed` is called, in a later turn,
   * when the bytes did not leave or were lost with their connection. A peer at port 0 has nothing but its flow.
   */
  send(bytes: Buffer, to: Peer, onFailed?: () => void): void;
  /** Whether that flow stands. */
  hasFlow(flow: string): boolean;
  close(): Promise<void>;
}

/** What happened to a connection, or to one that was not let in: closed words, to be counted. */
export type TransportEvent =
  | 'accepted'
  | 'opened'
  | 'too_many_connections'
  | 'too_many_from_source'
  | 'too_often_from_source'
  | 'handshake_failed'
  | 'certificate_refused'
  | 'bad_upgrade'
  | 'bad_origin'
  | 'half_open'
  | 'slow_message'
  | 'slow_reader'
  | 'unframeable'
  | 'idle'
  | 'dead_peer'
  | 'connect_failed'
  | 'connect_timeout'
  | 'too_many_connecting'
  | 'flow_gone';

export interface StreamHandlers {
  /** One whole message, or what could not be cut from the stream as one. */
  readonly onFramed: (framed: Framed, from: Peer) => void;
  /** A content-free code such as `ECONNRESET`. */
  readonly onError: (code: string) => void;
  readonly onEvent: (event: TransportEvent) => void;
}
