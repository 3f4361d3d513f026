/** Where the response to a request goes (RFC 3261 §18.2.2): back by the connection it came on, else to its Via's word. */

import { replyAddress } from '../../protocol/sip/reply-address.ts';
import type { Via } from '../../protocol/sip/via.ts';
import type { Arrival } from './interfaces.ts';
import type { Peer } from './transport/sip-port.ts';

export function replyPeer(via: Via, { port, source }: Arrival): Peer {
  const at = replyAddress(via, source, port.transport);
  return source.flow === undefined ? at : { ...at, flow: source.flow, domain: via.host };
}
