/** One dialog's addressing (RFC 3261 §12): tags, targets, route set and sequence numbers. It sends nothing. */

import { isIP } from 'node:net';
import { readNameAddress } from '../../protocol/sip/name-address.ts';
import { readUri } from '../../protocol/sip/uri.ts';
import {
  contactUri,
  partyUri,
  recordRoutes,
  type RequestParts,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from './sip-text.ts';
import type { Endpoint } from './udp-port.ts';

interface Party {
  readonly uri: string;
  readonly tag: string;
}

interface DialogFields {
  readonly callId: string;
  readonly local: Party;
  readonly remote: Party;
  readonly remoteTarget: string;
  readonly routes: readonly string[];
  readonly localCseq: number;
  readonly remoteCseq: number;
}

export class Dialog {
  readonly callId: string;
  readonly local: Party;
  readonly remote: Party;
  readonly #routes: readonly string[];
  #remoteTarget: string;
  #localCseq: number;
  #remoteCseq: number;

  constructor(fields: DialogFields) {
    this.callId = fields.callId;
    this.local = fields.local;
    this.remote = fields.remote;
    this.#routes = fields.routes;
    this.#remoteTarget = fields.remoteTarget;
    this.#localCseq = fields.localCseq;
    this.#remoteCseq = fields.remoteCseq;
  }

  /** Names this dialog among those of one phone. */
  get key(): string {
    return dialogKey(this.callId, this.local.tag, this.remote.tag);
  }

  /** Where its requests are sent: the first route, else the peer's Contact. Undefined unless that is an IP address. */
  get nextHop(): Endpoint | undefined {
    const [first] = this.#routes;
    return endpointOf(first === undefined ? this.#remoteTarget : (readNameAddress(first)?.uri ?? ''));
  }

  /** The next request's parts, but for Via and body; an ACK has the number of the INVITE it belongs to. */
  nextRequest(method: string, cseq?: number): Omit<RequestParts, 'via'> {
    return {
      method,
      uri: this.#remoteTarget,
      routes: this.#routes,
      from: `<${this.local.uri}>;tag=${this.local.tag}`,
      to: `<${this.remote.uri}>;tag=${this.remote.tag}`,
      callId: this.callId,
      cseq: cseq ?? ++this.#localCseq,
    };
  }

  /** Whether `request` is newer than all before it; if so it is remembered. */
  admit(request: SipRequest): boolean {
    if (request.cseq.number <= this.#remoteCseq) return false;
    this.#remoteCseq = request.cseq.number;
    return true;
  }

  /** An INVITE or its 2xx may move the peer's Contact (RFC 3261 §12.2). The route set never changes. */
  refreshTarget(message: SipMessage): void {
    this.#remoteTarget = contactUri(message) ?? this.#remoteTarget;
  }
}

/** The caller's side, from a 2xx to an INVITE with that sequence number. Undefined without a Contact or a tag. */
export function dialogFromResponse(response: SipResponse, cseq: number): Dialog | undefined {
  const remoteTarget = contactUri(response);
  if (remoteTarget === undefined || response.toTag === '') return undefined;
  return new Dialog({
    callId: response.callId,
    local: { uri: partyUri(response, 'from'), tag: response.fromTag },
    remote: { uri: partyUri(response, 'to'), tag: response.toTag },
    remoteTarget,
    routes: recordRoutes(response).reverse(),
    localCseq: cseq,
    remoteCseq: -1,
  });
}

/** The callee's side, from an INVITE we answer with `localTag`. */
export function dialogFromRequest(request: SipRequest, localTag: string): Dialog | undefined {
  const remoteTarget = contactUri(request);
  if (remoteTarget === undefined || request.fromTag === '') return undefined;
  return new Dialog({
    callId: request.callId,
    local: { uri: partyUri(request, 'to'), tag: localTag },
    remote: { uri: partyUri(request, 'from'), tag: request.fromTag },
    remoteTarget,
    routes: recordRoutes(request),
    localCseq: 0,
    remoteCseq: request.cseq.number,
  });
}

export function dialogKey(callId: string, localTag: string, remoteTag: string): string {
  return `${callId} ${localTag} ${remoteTag}`;
}

/** Address and port of a SIP URI whose host is an IP address. Names are not resolved: the demo stays on this machine. */
export function endpointOf(uri: string): Endpoint | undefined {
  const read = readUri(uri);
  if (read?.kind !== 'sip' || isIP(read.host) === 0) return undefined;
  return { address: read.host, port: read.port ?? 5060 };
}
