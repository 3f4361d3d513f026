/**
 * The journey of a SIP message through Earshot, read from top to bottom: frame → read → transaction → route → anchor →
 * splice → send. Nothing here waits; what a message cannot be carried for is said in one closed word.
 */

import type { RoutedTenant } from '../../model/routing.ts';
import type { Side } from '../../model/tenant.ts';
import { flowUse } from '../../protocol/sip/edge-peer.ts';
import type { Flow } from '../../protocol/sip/flow.ts';
import { frameMessage } from '../../protocol/sip/frame.ts';
import type { Framed } from '../../protocol/sip/frame.ts';
import { isOwnUri, readLooseRoute } from '../../protocol/sip/loose-route.ts';
import type { HopTarget, LooseRoute } from '../../protocol/sip/loose-route.ts';
import type { SipRequest } from '../../protocol/sip/message.ts';
import type { ProxyKeys } from '../../protocol/sip/proxy-keys.ts';
import { readMessage } from '../../protocol/sip/read-message.ts';
import { makeRouteToken, verifyRouteToken } from '../../protocol/sip/route-token.ts';
import { mayBeStun } from '../../protocol/sip/stun-keepalive.ts';
import { serverKey } from '../../protocol/sip/transaction/transaction-key.ts';
import { readUri } from '../../protocol/sip/uri.ts';
import type { Admission } from './admission.ts';
import { anchorOffer } from './anchoring.ts';
import type { Call, Calls } from './calls.ts';
import type { CancelPath } from './cancel-path.ts';
import { hopInDialog } from './dialog-hop.ts';
import { hopByPath, pathToken } from './edge-route.ts';
import type { DialogPlace, Exchange, Plan } from './exchange.ts';
import { hopEdits } from './forwarder.ts';
import type { Forwarder } from './forwarder.ts';
import type { HopHealth } from './hop-health.ts';
import type { Arrival, Interfaces, SipInterface } from './interfaces.ts';
import type { LateOffers } from './late-offers.ts';
import type { MediaAnchor } from './media-anchor.ts';
import type { Answer, OwnAnswers } from './own-answers.ts';
import { flowOf } from './reach.ts';
import type { ResponsePath } from './response-path.ts';
import { readLabels } from './router/labels.ts';
import type { Settlement } from './settlement.ts';
import type { SourceMeter } from './source-meter.ts';
import type { Tally } from './tally.ts';
import type { Transactions } from './transactions.ts';
import { callerKey, findUnrouted } from './unrouted-dialog.ts';

export interface ProxyOptions {
  readonly keys: ProxyKeys;
  readonly interfaces: Interfaces;
  readonly meter: SourceMeter;
  readonly transactions: Transactions;
  readonly calls: Calls;
  readonly anchor: MediaAnchor;
  readonly lateOffers: LateOffers;
  readonly health: HopHealth;
  readonly forwarder: Forwarder;
  readonly responses: ResponsePath;
  readonly cancels: CancelPath;
  readonly admission: Admission;
  readonly settlement: Settlement;
  readonly answers: OwnAnswers;
  readonly tally: Tally;
}

/** Where a request in a dialog goes, and who of the two sent it. */
interface DialogWay {
  readonly call: Call | undefined;
  readonly from: Side;
  readonly egress: SipInterface;
  readonly hop: HopTarget;
}

/** Where a request outside any dialog goes. */
interface FirstWay {
  readonly egress: SipInterface;
  readonly hops: HopTarget[];
  readonly loose: LooseRoute;
}

/** Requests whose dialog must come back through us (RFC 3261 §16.6 step 4, RFC 6665, RFC 3515). */
const DIALOG_FORMING = new Set(['INVITE', 'SUBSCRIBE', 'REFER']);

export class Proxy {
  readonly #options: ProxyOptions;

  constructor(options: ProxyOptions) {
    this.#options = options;
  }

  /** One datagram. It never throws: a bug costs one message. */
  receive(datagram: Buffer, arrival: Arrival): void {
    this.#take(arrival, () => {
      // Nothing can be answered to port 0; only a forger sends from there.
      if (arrival.source.port === 0) return 'source_port';
      if (mayBeStun(datagram)) return this.#options.answers.answerStun(datagram, arrival);
      return this.#read(frameMessage(datagram), arrival);
    });
  }

  /** One message of a stream, cut from it already. The same holds. */
  receiveFramed(framed: Framed, arrival: Arrival): void {
    this.#take(arrival, () => this.#read(framed, arrival));
  }

  #take(arrival: Arrival, read: () => string | undefined): void {
    const { tally, meter } = this.#options;
    tally.fence('receive', () => {
      const dropped = meter.admit(arrival.source.address) ? read() : 'source_rate';
      if (dropped !== undefined) tally.dropped(dropped);
    });
  }

  #read(framed: Framed, arrival: Arrival): string | undefined {
    const { tally, answers, responses } = this.#options;
    if (framed.kind === 'keepalive') return 'keepalive';
    const message = framed.kind === 'framed' ? readMessage(framed.head) : framed;
    if (message.kind === 'malformed') {
      answers.refuseMalformed(message, arrival);
      return message.reason;
    }
    tally.received(message.kind);
    if (message.kind === 'response') {
      responses.receive(message);
    } else {
      const refusal = this.#onRequest(message, arrival);
      if (refusal) answers.refuse(message, arrival, refusal);
    }
    return undefined;
  }

  /** What it belongs to, or where it begins. Returns the refusal to answer with, if any. */
  #onRequest(request: SipRequest, arrival: Arrival): Answer | undefined {
    const { transactions } = this.#options;
    if (request.method === 'CANCEL') return this.#options.cancels.receive(request, arrival);
    const source = arrival.source.address;
    if (request.method === 'ACK') {
      const invite = transactions.findExchange(serverKey(request, source, 'INVITE'));
      if (invite && transactions.acknowledge(invite)) return undefined;
      if (request.toTag === '') return { status: 481, reason: 'stray_ack' };
    }
    const key = serverKey(request, source);
    const known = transactions.findExchange(key);
    if (known) transactions.repeat(known);
    else if (request.toTag === '') return this.#onInitial(request, arrival, key);
    else return this.#onInDialog(request, arrival, key);
    return undefined;
  }

  /** A request outside any dialog: routed by who sent it and whom it is for. */
  #onInitial(request: SipRequest, arrival: Arrival, key: string): Answer | undefined {
    const { admission, answers, transactions, interfaces } = this.#options;
    const tenant = admission.tenantOf(request, arrival);
    // Who asks whether we live dials nobody, so any tenant's peer may.
    const isPeer = !('status' in tenant) || tenant.reason === 'no_tenant';
    if (isPeer && request.method === 'OPTIONS' && this.#isForUs(request)) {
      answers.accept(request, arrival);
      return undefined;
    }
    if ('status' in tenant) return tenant;
    const refusal = admission.reasonNotToCarry(request, tenant);
    if (refusal) return refusal;
    const loose = readLooseRoute(request, (host, port) => interfaces.isOurs(host, port), false);
    if (!loose) return { status: 400, reason: 'route' };
    const way = this.#firstWay(tenant, loose);
    if ('status' in way) return way;

    const exchange = transactions.open(key, request, arrival);
    this.#carry(exchange, () => this.#planInitial(exchange, tenant, way));
    return undefined;
  }

  /** A request inside a dialog. */
  #onInDialog(request: SipRequest, arrival: Arrival, key: string): Answer | undefined {
    const { transactions, interfaces, forwarder, calls, lateOffers } = this.#options;
    const loose = readLooseRoute(request, (host, port) => interfaces.isOurs(host, port), true);
    if (!loose) return { status: 400, reason: 'route' };
    const way = this.#wayInDialog(request, arrival, loose);
    if ('status' in way) return way;
    if (request.maxForwards === 0) return { status: 483, reason: 'too_many_hops' };
    const { call, from, egress, hop } = way;
    if (call) calls.touch(call);
    const branch = from === 'caller' ? request.toTag : request.fromTag;
    const splices = [...hopEdits(request, arrival), ...loose.splices];
    if (request.method === 'ACK') {
      const edits = call ? lateOffers.acknowledge(call, request, { from, branch }) : [];
      forwarder.pass(request, arrival, { egress, splices: [...splices, ...edits], hop, call });
      if (call) calls.tell(call);
      return undefined;
    }
    if (transactions.isFull) {
      if (mayOffer(request)) return { status: 503, reason: 'overloaded', isOverload: true };
      // What needs no memory of ours goes on without: a call must be able to end, however much there is to do.
      forwarder.pass(request, arrival, { egress, splices, hop, call });
      if (call && request.method === 'BYE') calls.endBranch(call, branch, 'bye');
      return undefined;
    }

    const exchange = transactions.open(key, request, arrival);
    const place = { call, initial: false, from, branch };
    this.#carry(exchange, () => this.#plan(exchange, { egress, hops: [hop], splices }, place));
    return undefined;
  }

  /** By a token that we made for this very dialog; without one, only as the caller of a call that lives here. */
  #wayInDialog(request: SipRequest, arrival: Arrival, loose: LooseRoute): DialogWay | Answer {
    const { interfaces, keys, calls } = this.#options;
    const [presented] = loose.tokens;
    if (presented === undefined) {
      const found = findUnrouted(request, arrival, { calls, interfaces });
      const egress = found && interfaces.named(found.call.tenant.egress);
      return egress ? { ...found, from: 'caller', egress } : { status: 481, reason: 'no_route_token' };
    }
    const token = verifyRouteToken(keys.route, interfaces.names, request, presented);
    if (!token) return { status: 403, reason: 'forged_route_token' };
    const egress = interfaces.at(token.from === 'caller' ? token.egress : token.ingress);
    if (!egress) return { status: 503, reason: 'no_egress_interface' };
    const call = calls.find(token.call);
    const hop = hopInDialog(loose.target, token, token.from === 'caller' ? answererOf(call, request) : undefined);
    if (hop === 'unsupported_scheme') return { status: 416, reason: hop };
    if (hop === 'unsupported_transport') return { status: 503, reason: hop };
    return { call, from: token.from, egress, hop };
  }

  /** 100 → plan (which anchors) → send → tell. A bug in it is answered, so that no transaction is left hanging. */
  #carry(exchange: Exchange, plan: () => boolean): void {
    const { transactions, answers, forwarder, calls, settlement, tally } = this.#options;
    try {
      if (exchange.request.method === 'INVITE') transactions.respond(exchange, 100, answers.trying(exchange));
      if (!plan()) return;
      forwarder.next(exchange);
      const call = exchange.plan?.dialog.call;
      if (call) calls.tell(call);
    } catch (thrown) {
      tally.failed('carry', thrown);
      settlement.refuse(exchange, { status: 500, reason: 'internal' }, 'refused');
    }
  }

  /** To the tenant's next hops; or, where a registrar sends back what we left with it, to who registered. */
  #firstWay(tenant: RoutedTenant, loose: LooseRoute): FirstWay | Answer {
    const { interfaces, keys, health } = this.#options;
    const egress = interfaces.named(tenant.egress);
    if (!egress) return { status: 503, reason: 'no_egress_interface' };
    const path = hopByPath(keys.route, interfaces, loose);
    if (!path) return { egress, hops: health.order(tenant.nextHops), loose };
    // A flow is no way from a tenant's side of the node to another's.
    if (path.egress !== egress) return { status: 403, reason: 'foreign_flow' };
    return { egress, hops: [path.hop], loose };
  }

  #planInitial(exchange: Exchange, tenant: RoutedTenant, { egress, hops, loose }: FirstWay): boolean {
    const { request, arrival } = exchange;
    const { calls, keys, interfaces } = this.#options;
    const isCall = request.method === 'INVITE';
    const call = isCall ? calls.begin(tenant, arrival.at.name, readLabels(tenant, request.head)) : undefined;
    if (call) calls.rememberCaller(call, callerKey(request, arrival));
    const isDialog = DIALOG_FORMING.has(request.method);
    const tokens = {
      routeToken: isDialog ? this.#routeToken(exchange, egress, { call, callee: hops[0]?.flow }) : undefined,
      pathToken: pathToken(keys.route, interfaces, request, arrival),
    };
    const splices = [...hopEdits(request, arrival), ...loose.splices];
    const way = { egress, hops, splices, ...tokens };
    return this.#plan(exchange, way, { call, initial: true, from: 'caller', branch: '' });
  }

  /** Asks the anchor about an offer and settles how the request leaves. False when it was refused instead. */
  #plan(exchange: Exchange, way: Omit<Plan, 'dialog'>, place: Omit<DialogPlace, 'offer'>): boolean {
    // In place before the anchor is asked: if that fails, what is to be undone is known.
    exchange.plan = { ...way, dialog: { ...place, offer: undefined } };
    const { from, branch } = place;
    const verdict = anchorOffer(this.#options, place.call, exchange.request, { from, branch });
    const dialog = { ...place, offer: verdict.offer };
    if (verdict.kind === 'reject') {
      const { status, phrase, reason } = verdict.rejection;
      exchange.plan = { ...way, dialog };
      this.#options.settlement.refuse(exchange, { status, phrase, reason }, 'refused');
      return false;
    }
    exchange.plan = { ...way, splices: [...way.splices, ...verdict.splices], dialog };
    return true;
  }

  /** Makes the dialog come back through us, and its caller by the way it came if it has no other. */
  #routeToken(
    { request, arrival }: Exchange,
    egress: SipInterface,
    { call, callee }: { readonly call: Call | undefined; readonly callee: Flow | undefined },
  ): string {
    const { keys, interfaces } = this.#options;
    const use = flowUse(request, arrival.source, arrival.port.transport);
    const caller = use === 'none' ? undefined : flowOf(arrival, use);
    const fields = { ingress: arrival.at.index, egress: egress.index, call: call?.id, flows: { caller, callee } };
    return makeRouteToken(keys.route, interfaces.names, request, fields);
  }

  #isForUs(request: SipRequest): boolean {
    return isOwnUri(readUri(request.uri), (host, port) => this.#options.interfaces.isOurs(host, port));
  }
}

function answererOf(call: Call | undefined, request: SipRequest): HopTarget | undefined {
  return call?.answeredBy.get(request.toTag);
}

/** Whether it, or what answers it, may bring an offer that has to be remembered. */
function mayOffer(request: SipRequest): boolean {
  return request.method === 'INVITE' || request.body.length > 0;
}
