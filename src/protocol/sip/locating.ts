/**
 * What DNS records mean for SIP (RFC 3263 §4, RFC 2782): which names to ask, and in what order the answers are tried.
 * It asks nobody; chance comes in as a parameter.
 */

import type { SipTransport } from './transport.ts';

export interface NaptrRecord {
  readonly order: number;
  readonly preference: number;
  readonly flags: string;
  readonly service: string;
  readonly regexp: string;
  readonly replacement: string;
}

export interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly name: string;
}

/** A service that NAPTR names: where its SRV records are, and the transport they are for. */
export interface NamedService {
  readonly transport: SipTransport;
  readonly srvName: string;
}

const SERVICES = new Map<string, SipTransport>([
  ['SIP+D2U', 'udp'],
  ['SIP+D2T', 'tcp'],
  ['SIPS+D2T', 'tls'],
  ['SIP+D2W', 'ws'],
  ['SIPS+D2W', 'wss'],
]);

/** More services than there are transports say nothing new. */
const MAX_SERVICES = 5;

/** Where SRV records for that transport would be; undefined where it has none (RFC 7118 defines none for WebSocket). */
export function srvNameOf(host: string, transport: SipTransport): string | undefined {
  switch (transport) {
    case 'udp':
      return `_sip._udp.${host}`;
    case 'tcp':
      return `_sip._tcp.${host}`;
    case 'tls':
      return `_sips._tcp.${host}`;
    case 'ws':
    case 'wss':
      return undefined;
  }
}

/** The services that can be followed, best first. Rules with a regular expression are not for SIP (RFC 3263 §4.1). */
export function servicesOf(records: readonly NaptrRecord[]): NamedService[] {
  const usable = records.filter(({ flags, regexp }) => flags.toLowerCase() === 's' && regexp === '');
  const ordered = [...usable].sort((a, b) => a.order - b.order || a.preference - b.preference);
  return ordered
    .flatMap(({ service, replacement }) => {
      const transport = SERVICES.get(service.toUpperCase());
      return transport && replacement !== '' ? [{ transport, srvName: replacement }] : [];
    })
    .slice(0, MAX_SERVICES);
}

/** Records that name a target: a lone dot says that there is no such service here. */
export function namedTargets(records: readonly SrvRecord[]): SrvRecord[] {
  return records.filter(({ name, port }) => name !== '' && name !== '.' && port > 0 && port <= 65535);
}

/**
 * The order in which to try them: by priority, and within one by chance in proportion to weight (RFC 2782).
 * `below` gives a whole number from 0 up to, but not including, its argument.
 */
export function orderByWeight<Weighted extends Pick<SrvRecord, 'priority' | 'weight'>>(
  records: readonly Weighted[],
  below: (limit: number) => number,
): Weighted[] {
  // Weight 0 stands first, so that it has its small chance when everything else has a weight.
  const left = [...records].sort((a, b) => a.priority - b.priority || a.weight - b.weight);
  const ordered: Weighted[] = [];
  for (let best = left[0]; best; best = left[0]) {
    const { priority } = best;
    const peers = left.filter((record) => record.priority === priority);
    const sum = peers.reduce((total, { weight }) => total + weight, 0);
    let rest = below(sum + 1);
    const chosen = peers.find(({ weight }) => (rest -= weight) <= 0) ?? best;
    left.splice(left.indexOf(chosen), 1);
    ordered.push(chosen);
  }
  return ordered;
}
