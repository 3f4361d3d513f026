/** What SIP travels by (RFC 3261 §18, RFC 7118), as configuration, URIs and Via say it. */

export type SipTransport = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

/** Whether the transport itself delivers: then nothing is sent twice (RFC 3261 §17.1.1.2). */
export function isReliable(transport: SipTransport): boolean {
  return transport !== 'udp';
}

/** The port of a URI that names none (RFC 3261 §19.1.2, RFC 7118 §5.2.1). */
export function defaultPort(transport: SipTransport): number {
  return { udp: 5060, tcp: 5060, tls: 5061, ws: 80, wss: 443 }[transport];
}
