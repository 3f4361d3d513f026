/** Which listener of an interface sends to a next hop, and to what address: by its flow, else by transport and family. */

import type { Flow } from '../../protocol/sip/flow.ts';
import { ipFamily } from '../../protocol/sip/ip-address.ts';
import type { HopTarget } from '../../protocol/sip/loose-route.ts';
import { defaultPort } from '../../protocol/sip/transport.ts';
import type { SipTransport } from '../../protocol/sip/transport.ts';
import type { Arrival, SipInterface } from './interfaces.ts';
import type { Peer, SipPort } from './transport/sip-port.ts';

export interface Reached {
  readonly port: SipPort;
  readonly target: Peer;
}

/** The first address that one of the interface's listeners can send to; undefined when there is none, or its flow is gone. */
export function reach(at: SipInterface, hop: HopTarget, addresses: readonly string[]): Reached | undefined {
  const known = hop.flow && byFlow(at, hop.flow);
  if (known || hop.host === '') return known;
  for (const address of addresses) {
    const family = ipFamily(address) ?? 4;
    const port = portFor(at, family, hop.transport);
    if (!port) continue;
    const target = { address, port: hop.port ?? defaultPort(port.transport) };
    return { port, target: port.transport === 'udp' ? target : { ...target, domain: hop.domain ?? hop.host } };
  }
  return undefined;
}

/** The way a message came, for what has to go back by it. */
export function flowOf({ at, port, source }: Arrival, use: 'first' | 'only'): Flow {
  if (source.flow !== undefined) return { kind: 'connection', id: source.flow, isOnly: use === 'only' };
  return { kind: 'datagram', listener: at.ports.indexOf(port), address: source.address, port: source.port };
}

function byFlow(at: SipInterface, flow: Flow): Reached | undefined {
  if (flow.kind === 'datagram') {
    const port = at.ports[flow.listener];
    return port?.transport === 'udp' ? { port, target: { address: flow.address, port: flow.port } } : undefined;
  }
  const port = at.ports.find((candidate) => candidate.hasFlow(flow.id));
  // Port 0: a connection that ends in this very turn is not replaced by one that we open.
  return port && { port, target: { address: '', port: 0, flow: flow.id } };
}

/** UDP where nothing else is said (RFC 3263 §4.1), or what an interface without UDP has first. */
function portFor(at: SipInterface, family: 4 | 6, transport: SipTransport | undefined): SipPort | undefined {
  const ports = at.ports.filter((port) => port.family === family);
  return ports.find((port) => port.transport === (transport ?? 'udp')) ?? (transport ? undefined : ports[0]);
}
