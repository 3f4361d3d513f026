/**
 * The way of requests in a dialog whose caller ignored our Record-Route, as load generators and simple phones do: they
 * name us in the Request-URI and carry no Route. It goes where the INVITE went, and never to a place the request names.
 */

import { createHash } from 'node:crypto';
import { listValues } from '../../protocol/sip/list-values.ts';
import { isOwnUri } from '../../protocol/sip/loose-route.ts';
import type { HopTarget } from '../../protocol/sip/loose-route.ts';
import type { SipRequest } from '../../protocol/sip/message.ts';
import { readUri } from '../../protocol/sip/uri.ts';
import type { Call, Calls } from './calls.ts';
import type { Arrival, Interfaces } from './interfaces.ts';

/**
 * Names a caller's dialogs. Its address is part of it: nobody else can speak in them without a token of ours. A digest,
 * as it is kept for the life of the call and a Call-ID may be as long as its sender likes.
 */
export function callerKey(request: SipRequest, arrival: Arrival): string {
  const parts = [arrival.at.name, arrival.source.address, request.callId, request.fromTag];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}

/** The living call and the next hop that answered it; undefined when the request must prove itself by a token. */
export function findUnrouted(
  request: SipRequest,
  arrival: Arrival,
  { calls, interfaces }: { readonly calls: Calls; readonly interfaces: Interfaces },
): { readonly call: Call; readonly hop: HopTarget } | undefined {
  const uri = readUri(request.uri);
  const isForUs = isOwnUri(uri, (host, port) => interfaces.isOurs(host, port));
  if (!isForUs || listValues(request.head, 'route').length > 0) return undefined;
  const call = calls.findByCaller(callerKey(request, arrival));
  const hop = call?.answeredBy.get(request.toTag);
  return call && hop && { call, hop };
}
