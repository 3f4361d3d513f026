/** What SIP travels by (RFC 3261 §18, RFC 7118), as configuration, URIs and Via say it. */

export type SipTransport = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

const ALL: readonly SipTransport[] = ['udp', 'tcp', 'tls', 'ws', 'wss'];

/** Whether the transport itself delivers: then nothing is sent twice (RFC 3261 §17.1.1.2). */
export function isReliable(transport: SipTransport): boolean {
  return transport !== 'udp';
}

/** Whether it is encrypted, as a SIPS URI demands (RFC 3261 §26.2.2). */
export function isSecure(transport: SipTransport): boolean {
  return transport === 'tls' || transport === 'wss';
}

/** Whether a peer on it can be reached by its own connection alone (RFC 7118 §5). */
export function isWebSocket(transport: SipTransport): boolean {
  return transport === 'ws' || transport === 'wss';
}

/** The port of a URI that names none (RFC 3261 §19.1.2, RFC 7118 §5.2.1). */
export function defaultPort(transport: SipTransport): number {
  return { udp: 5060, tcp: 5060, tls: 5061, ws: 80, wss: 443 }[transport];
}

/** As Via says it; undefined for a transport that we have not. */
export function transportOfVia(name: string): SipTransport | undefined {
  const lower = name.toLowerCase();
  return ALL.find((transport) => transport === lower);
}

/**
 * The parameter a URI names it by, its semicolon included; UDP goes without saying. A secure WebSocket is `ws` too
 * (RFC 7118 §5.2.3): that it is secure is the scheme's to say.
 */
export function transportParam(transport: SipTransport): string {
  if (transport === 'udp') return '';
  return `;transport=${transport === 'wss' ? 'ws' : transport}`;
}
