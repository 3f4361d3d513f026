/**
 * Outside any dialog: the way back to a peer that registered through us and is reached by its flow alone (RFC 5626 §5,
 * RFC 3327). We leave a word in Path; the registrar sends it back in Route, and it leads to that flow and nowhere else.
 */

import { flowUse } from '../../protocol/sip/edge-peer.ts';
import type { HopTarget, LooseRoute } from '../../protocol/sip/loose-route.ts';
import type { SipRequest } from '../../protocol/sip/message.ts';
import { optionTags } from '../../protocol/sip/option-tags.ts';
import { makePathToken, verifyPathToken } from '../../protocol/sip/path-token.ts';
import type { Arrival, Interfaces, SipInterface } from './interfaces.ts';
import { flowOf } from './reach.ts';

/** The word for Path; undefined for a request that gets none, because its sender can be called back or knows no Path. */
export function pathToken(
  key: Buffer,
  { names }: Interfaces,
  request: SipRequest,
  arrival: Arrival,
): string | undefined {
  if (request.method !== 'REGISTER' || !optionTags(request.head, 'supported').includes('path')) return undefined;
  if (flowUse(request, arrival.source, arrival.port.transport) !== 'only') return undefined;
  return makePathToken(key, names, { at: arrival.at.index, flow: flowOf(arrival, 'only') });
}

/** Where a word of ours leads; undefined when the request brought none. */
export function hopByPath(
  key: Buffer,
  interfaces: Interfaces,
  { tokens }: LooseRoute,
): { readonly egress: SipInterface; readonly hop: HopTarget } | undefined {
  const [presented = ''] = tokens;
  const path = verifyPathToken(key, interfaces.names, presented);
  const egress = path && interfaces.at(path.at);
  return egress && { egress, hop: { host: '', flow: path.flow } };
}
