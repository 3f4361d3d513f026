/** Where a request in a dialog goes, by what its token and its target say. It trusts the token; it opens nothing. */

import { isInvalidName } from '../../protocol/sip/edge-peer.ts';
import { hopTarget } from '../../protocol/sip/loose-route.ts';
import type { HopTarget } from '../../protocol/sip/loose-route.ts';
import type { PresentedRoute } from '../../protocol/sip/route-token.ts';
import { isWebSocket } from '../../protocol/sip/transport.ts';
import type { SipUri } from '../../protocol/sip/uri.ts';

/** `answerer` is where the answer of the callee came from, if it is the callee that is sent to and that is still known. */
export function hopInDialog(
  target: SipUri | undefined,
  { from, flows }: PresentedRoute,
  answerer: HopTarget | undefined,
): ReturnType<typeof hopTarget> {
  const flow = from === 'caller' ? flows.callee : flows.caller;
  if (flow && (flow.kind === 'datagram' || flow.isOnly)) return { host: '', flow };
  const hop = hopTarget(target);
  if (typeof hop === 'string') return hop;
  if (flow) return { ...hop, flow };
  if (!answerer) return hop;
  // A name that leads nowhere, such as a browser gives itself: it is where its answer came from.
  const leadsNowhere = isInvalidName(hop.host) || (hop.transport !== undefined && isWebSocket(hop.transport));
  if (leadsNowhere) return answerer;
  // It names the address its answer came from: whose that is was settled when the call was set up.
  return hop.host === answerer.host ? { domain: answerer.domain, ...hop } : hop;
}
