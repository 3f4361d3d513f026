/** Every number that bounds connections. Messages are bounded by the framer, requests by the signaling limits. */

export interface TransportLimits {
  /** Connections of the whole node, both those accepted and those we opened. */
  readonly maxConnections: number;
  readonly maxConnectionsPerSource: number;
  /** Connections one source may begin per second: a TLS handshake costs more than the call it is for. */
  readonly maxAcceptsPerSourcePerSecond: number;
  /** Connections of the node that are being opened, by us. */
  readonly maxConnecting: number;
  /** From the first packet to an open connection, TLS and WebSocket handshakes included. */
  readonly connectMs: number;
  /** How long a connection may take to its first whole message, handshakes included. */
  readonly halfOpenMs: number;
  /** How long one message may take from its first byte to its last. */
  readonly messageMs: number;
  /** A connection on which nothing was said for this long is closed. */
  readonly idleMs: number;
  /** How often a quiet WebSocket is asked whether it lives; it has until the third question to answer. */
  readonly askEveryMs: number;
  /** How long a connection that we end may take to send what is queued. */
  readonly lingerMs: number;
  /** What may wait to be sent on one connection; a peer that reads slower than that is let go. */
  readonly maxQueuedBytes: number;
  /** Messages taken from one connection before others have their turn. */
  readonly messagesPerTurn: number;
  readonly sweepEveryMs: number;
}

export const DEFAULT_TRANSPORT_LIMITS: TransportLimits = {
  maxConnections: 8192,
  maxConnectionsPerSource: 1024,
  maxAcceptsPerSourcePerSecond: 200,
  maxConnecting: 256,
  connectMs: 3000,
  halfOpenMs: 10_000,
  messageMs: 10_000,
  idleMs: 3_600_000,
  askEveryMs: 30_000,
  lingerMs: 2000,
  maxQueuedBytes: 512 * 1024,
  messagesPerTurn: 16,
  sweepEveryMs: 500,
};
