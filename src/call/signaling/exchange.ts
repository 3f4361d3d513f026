/**
 * One request on its way through us: its server transaction, how it is to be sent on, and the attempts made.
 * A record, no behaviour: what is done with it stands in the journeys.
 */

import type { Side } from '../../model/tenant.ts';
import type { HopTarget } from '../../protocol/sip/loose-route.ts';
import type { SipRequest } from '../../protocol/sip/message.ts';
import type { InviteClient } from '../../protocol/sip/transaction/invite-client.ts';
import type { InviteServer } from '../../protocol/sip/transaction/invite-server.ts';
import type { RequestClient } from '../../protocol/sip/transaction/request-client.ts';
import type { RequestServer } from '../../protocol/sip/transaction/request-server.ts';
import type { Splice } from '../../protocol/splice.ts';
import type { Call } from './calls.ts';
import type { Alarm } from './deadlines.ts';
import type { Arrival, SipInterface } from './interfaces.ts';
import type { Peer, SipPort } from './transport/sip-port.ts';

export interface Exchange {
  readonly key: string;
  readonly request: SipRequest;
  readonly arrival: Arrival;
  /** Where its responses go. */
  readonly replyTo: Peer;
  readonly server: InviteServer | RequestServer;
  readonly alarm: Alarm;
  readonly attempts: Attempt[];
  /** Set once it is known where the request goes. */
  plan: Plan | undefined;
  /** The CANCEL that came for it. */
  cancelledBy: SipRequest | undefined;
  /** Answerers whose 2xx was passed on, so that its repetition confirms nothing twice. */
  readonly confirmed: Set<string>;
  /** A response beyond 100 was passed upstream: from now on another next hop is no option. */
  heard: boolean;
  /** Where the offer came that the request did not carry: a reliable provisional response, or a 2xx. */
  offeredIn: 'provisional' | 'final' | undefined;
  /** Why the hop tried last did not do: it was silent, could not be sent to, or the one flow to it is gone. */
  failure: 'silence' | 'unreachable' | 'flow_failed';
}

/** How a request is sent on. */
export interface Plan {
  readonly egress: SipInterface;
  /** Still to be tried, in order. */
  readonly hops: HopTarget[];
  /** Every edit but our Via, Record-Route and Path, which differ per attempt. */
  readonly splices: readonly Splice[];
  /** To be written into Record-Route; undefined where we need not stay in the way. */
  readonly routeToken?: string | undefined;
  /** To be written into Path, for a registration whose sender is reached by its flow alone. */
  readonly pathToken?: string | undefined;
  readonly dialog: DialogPlace;
}

/** What the request is to a call; no call when it belongs to none, or to one from before a restart. */
export interface DialogPlace {
  readonly call: Call | undefined;
  /** Outside any dialog, routed by tenant. */
  readonly initial: boolean;
  readonly from: Side;
  /** The callee's tag in a dialog; empty for the request that begins one. */
  readonly branch: string;
  /** The name its offer has with the anchor; undefined when it carried none. */
  readonly offer: string | undefined;
}

/** One try at one next hop, or the CANCEL of one. */
export interface Attempt {
  readonly key: string;
  readonly purpose: 'request' | 'cancel';
  readonly exchange: Exchange;
  readonly hop: HopTarget;
  readonly port: SipPort;
  readonly target: Peer;
  /** Exactly what was sent. */
  readonly sent: Buffer;
  readonly client: InviteClient | RequestClient;
  readonly alarm: Alarm;
}

/** Names a request's transaction within its call, the same for its retransmissions. */
export function offerName(request: SipRequest, place: { readonly from: Side; readonly branch: string }): string {
  return `${place.from}:${request.method}:${request.cseq.number}:${place.branch}`;
}
