/**
 * Where a request says it goes (RFC 3261 §16.4, §16.6 step 6): which of its Route values are ours, what follows them,
 * and the edits that leads to. It judges no token and opens no socket.
 */

import type { Splice } from '../splice.ts';
import { appendRoute, keepListValues, replaceRequestUri } from './edits.ts';
import { listText, listValues } from './list-values.ts';
import type { SipRequest } from './message.ts';
import { readNameAddress } from './name-address.ts';
import { hasParam, paramValue } from './params.ts';
import { looksLikeRouteToken } from './route-token.ts';
import type { Flow } from './flow.ts';
import { defaultPort, isWebSocket, transportOfVia } from './transport.ts';
import type { SipTransport } from './transport.ts';
import { readUri } from './uri.ts';
import type { SipUri } from './uri.ts';

/** Whether a host and port are one of our own listening addresses. */
export type IsOurs = (host: string, port: number) => boolean;

export interface LooseRoute {
  /** User parts of the Route values that were ours, first one first; none when we were not addressed by Route. */
  readonly tokens: readonly string[];
  /** Removes our Route values and mends the Request-URI where a strict router is next to us. */
  readonly splices: readonly Splice[];
  /** The URI that names the next hop; undefined when it cannot be read. */
  readonly target: SipUri | undefined;
}

export interface HopTarget {
  readonly host: string;
  /** Undefined: the default of its transport, or what DNS says. */
  readonly port?: number | undefined;
  /** Undefined: UDP, or what DNS says. */
  readonly transport?: SipTransport | undefined;
  /** The name its certificate must bear, where `host` is only its address. */
  readonly domain?: string | undefined;
  /** The way it is reached by while that stands; the only one when `host` is empty. */
  readonly flow?: Flow | undefined;
}

const MAX_ROUTES = 32;

/**
 * Undefined when the Route set cannot be read. `mend` is false where the next hop is chosen by us and not by Route:
 * then our own values are taken off and the rest is left to whoever comes next.
 */
export function readLooseRoute(request: SipRequest, isOurs: IsOurs, mend: boolean): LooseRoute | undefined {
  const values = listValues(request.head, 'route');
  if (values.length > MAX_ROUTES) return undefined;
  const routes = values.map((value) => readNameAddress(listText(request.head, value))?.uri);
  if (routes.includes(undefined)) return undefined;
  const uris = routes.map((uri) => readUri(uri ?? ''));
  const own = readOwn(readUri(request.uri), isOurs);
  // A strict router before us put our Record-Route value into the Request-URI; the true one is the last Route (§16.4).
  const restored = own !== undefined && looksLikeRouteToken(own) ? routes.at(-1) : undefined;
  // It becomes the request line: what is no URI, such as one with a fold in it, must not get there.
  if (restored !== undefined && !uris.at(-1)) return undefined;
  const end = restored === undefined ? uris.length : uris.length - 1;
  const tokens = restored === undefined || own === undefined ? [] : [own];
  let from = 0;
  for (; from < end; from += 1) {
    const user = readOwn(uris[from], isOurs);
    if (user === undefined) break;
    tokens.push(user);
  }

  const splices: Splice[] = [];
  let requestUri = restored;
  const next = from < end ? uris[from] : undefined;
  const strictNext = mend && next?.kind === 'sip' && !hasParam(next.params, 'lr');
  if (strictNext) {
    // The next hop is a strict router: it wants its own URI in the request line and the true one last in Route.
    splices.push(appendRoute(request, restored ?? request.uri));
    requestUri = routes[from];
    from += 1;
  }
  splices.push(...keepListValues(values, from, end));
  if (requestUri !== undefined) splices.push(replaceRequestUri(request, requestUri));
  return { tokens, splices, target: next ?? readUri(restored ?? request.uri) };
}

/** Where a request to that URI is sent, or why it cannot be. A SIPS URI is never sent to in the clear (§26.2.2). */
export function hopTarget(uri: SipUri | undefined): HopTarget | 'unsupported_scheme' | 'unsupported_transport' {
  if (uri?.kind !== 'sip') return 'unsupported_scheme';
  const maddr = paramValue(uri.params, 'maddr');
  const host = maddr ?? uri.host;
  const named = paramValue(uri.params, 'transport');
  const transport = named === undefined ? undefined : transportOfVia(named);
  if (named !== undefined && !transport) return 'unsupported_transport';
  if (!uri.secure) return { host, port: uri.port, transport };
  if (transport === 'udp') return 'unsupported_transport';
  const hop = { host, port: uri.port, transport: transport && isWebSocket(transport) ? 'wss' : 'tls' } as const;
  return maddr === undefined ? hop : { ...hop, domain: uri.host };
}

/** Whether a URI names one of our own listening addresses. */
export function isOwnUri(uri: SipUri | undefined, isOurs: IsOurs): uri is Extract<SipUri, { readonly kind: 'sip' }> {
  if (uri?.kind !== 'sip') return false;
  const hop = uri.port === undefined ? hopTarget(uri) : undefined;
  const transport = typeof hop === 'object' ? (hop.transport ?? 'udp') : 'udp';
  return isOurs(uri.host, uri.port ?? defaultPort(transport));
}

/** The user part of a URI that names us; undefined for anyone else's. */
function readOwn(uri: SipUri | undefined, isOurs: IsOurs): string | undefined {
  return isOwnUri(uri, isOurs) ? uri.user : undefined;
}
