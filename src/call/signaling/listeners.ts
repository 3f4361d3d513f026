/** What a listener is told to be, and how one for streams is made of a carrier and a port. It binds nothing by itself. */

import { assert, unreachable } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/ids.ts';
import { readIpAddress } from '../../protocol/sip/ip-address.ts';
import type { SipTransport } from '../../protocol/sip/transport.ts';
import type { Carrier } from './transport/carrier.ts';
import type { ConnectionCensus } from './transport/connection-census.ts';
import { DEFAULT_TLS_CLIENT } from './transport/dial.ts';
import type { TlsClient } from './transport/dial.ts';
import type { SipPort, StreamHandlers } from './transport/sip-port.ts';
import { tcpCarrier, tlsCarrier } from './transport/stream-carrier.ts';
import type { TlsServer } from './transport/stream-carrier.ts';
import { openStreamPort } from './transport/stream-port.ts';
import type { TransportLimits } from './transport/transport-limits.ts';
import { webSocketCarrier } from './transport/web-socket-carrier.ts';

export interface Listener {
  /** UDP when left out. */
  readonly transport?: SipTransport | undefined;
  readonly address: string;
  readonly port: number;
  /** Host and port others reach it by; the interface's host and the bound port when left out. */
  readonly advertised?: { readonly host: string; readonly port?: number | undefined } | undefined;
  /** For `tls` and `wss`, which do not work without. */
  readonly tls?: TlsServer | undefined;
  /** For WebSockets: the one path that is served, any when left out. */
  readonly path?: string | undefined;
  /** For WebSockets: whose pages may call. */
  readonly origins?: readonly string[] | undefined;
}

export interface InterfaceOptions {
  readonly name: string;
  readonly listeners: readonly Listener[];
  /** Host others reach this interface by: an IP literal or a name. */
  readonly advertisedHost: string;
  /** Port others reach its first listener by; the bound one when left out. */
  readonly advertisedPort?: number | undefined;
  /** How we present ourselves to TLS servers. */
  readonly tlsClient?: TlsClient | undefined;
}

export type StreamListener = Listener & { readonly transport: Exclude<SipTransport, 'udp'> };

export type OpenStream = (
  listener: StreamListener,
  tlsClient: TlsClient | undefined,
  handlers: StreamHandlers,
) => Promise<SipPort>;

export interface StreamWorld {
  readonly census: ConnectionCensus;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly limits: TransportLimits;
}

export function isStream(listener: Listener): listener is StreamListener {
  return listener.transport !== undefined && listener.transport !== 'udp';
}

/** Opens real listeners. */
export function streamOpener(world: StreamWorld): OpenStream {
  return (listener, tlsClient = DEFAULT_TLS_CLIENT, handlers) => {
    const { transport, address, port } = listener;
    const carrier = carrierOf(listener, tlsClient, world.limits);
    return openStreamPort({ ...world, transport, address, port, carrier, verify: tlsClient.verify, handlers });
  };
}

/** What a listener calls itself. */
export function advertisedBy(
  options: InterfaceOptions,
  listener: Listener,
  { isFirst, bound }: { readonly isFirst: boolean; readonly bound: SipPort },
): { readonly host: string; readonly port: number } {
  const port = listener.advertised?.port ?? (isFirst ? options.advertisedPort : undefined) ?? bound.local.port;
  if (listener.advertised) return { host: listener.advertised.host, port };
  // The interface's host may be an address of the other family, at which nobody would find this listener.
  const literal = readIpAddress(options.advertisedHost);
  const fits = literal === undefined || (literal.length === 16 ? 6 : 4) === bound.family;
  return { host: fits ? options.advertisedHost : bound.local.address, port };
}

function carrierOf(listener: StreamListener, client: TlsClient, limits: TransportLimits): Carrier {
  const { address, path, origins } = listener;
  const { messagesPerTurn, maxQueuedBytes } = limits;
  switch (listener.transport) {
    case 'tcp':
      return tcpCarrier({ address, messagesPerTurn });
    case 'tls':
      return tlsCarrier({ address, messagesPerTurn, server: tlsOf(listener), client });
    case 'ws':
      return webSocketCarrier({ address, maxQueuedBytes, path, origins });
    case 'wss':
      return webSocketCarrier({ address, maxQueuedBytes, path, origins, tls: { server: tlsOf(listener), client } });
    default:
      return unreachable(listener.transport);
  }
}

function tlsOf({ tls }: Listener): TlsServer {
  assert(tls, 'a secure listener was configured with its certificate');
  return tls;
}
