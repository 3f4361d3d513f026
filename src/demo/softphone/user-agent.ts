/** A SIP user agent on one UDP socket: sends INVITEs, is invited, and gives each request to the call it belongs to. */

import type { Clock } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { AgentCore, CallInDialog } from './agent-core.ts';
import { ClientTransactions } from './client-transactions.ts';
import { dialogKey } from './dialog.ts';
import { Invitation } from './invitation.ts';
import { sendInvite, type InviteOptions, type OutgoingInvite } from './outgoing-invite.ts';
import { ServerTransactions, type ServerTransaction } from './server-transactions.ts';
import { readSip, writeRequest, type SipRequest } from './sip-text.ts';
import { bindUdp, type BindUdp, type Endpoint, type UdpPort } from './udp-port.ts';

export interface UserAgentOptions {
  /** Where to take SIP; port 0 for a free one. */
  readonly local: Endpoint;
  /** User part of its own URIs. */
  readonly user: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: RandomBytes;
  readonly bind?: BindUdp | undefined;
  /** Somebody calls. Unless it is accepted or refused here or later, the caller waits until it gives up. */
  readonly onInvitation: (invitation: Invitation) => void;
}

const MAX_CALLS = 1024;

export class UserAgent {
  readonly #options: UserAgentOptions;
  readonly #clients: ClientTransactions;
  readonly #servers: ServerTransactions;
  readonly #calls = new Map<string, CallInDialog>();
  readonly #invitations = new Map<ServerTransaction, Invitation>();
  #port: UdpPort | undefined;

  private constructor(options: UserAgentOptions) {
    this.#options = options;
    this.#clients = new ClientTransactions(options.clock);
    this.#servers = new ServerTransactions({
      clock: options.clock,
      send: (bytes, target) => this.#port?.send(bytes, target),
      onRequest: (transaction) => this.#receiveRequest(transaction),
      onAck: (ack) => this.#callOf(ack)?.receiveAck(ack),
      onCancel: (transaction) => this.#invitations.get(transaction)?.cancel(),
    });
  }

  /** Binds the socket; rejects when the port is taken. */
  static async open(options: UserAgentOptions): Promise<UserAgent> {
    const agent = new UserAgent(options);
    const bind = options.bind ?? bindUdp;
    agent.#port = await bind(options.local, (bytes, source) => agent.#receive(bytes, source));
    return agent;
  }

  /** Where it takes SIP; after `stop` port 0. */
  get endpoint(): Endpoint {
    return { address: this.#options.local.address, port: this.#port?.port ?? 0 };
  }

  /** Its own URI, which is also its address of record. */
  get uri(): string {
    const { address, port } = this.endpoint;
    return `sip:${this.#options.user}@${hostText(address)}:${port}`;
  }

  invite(options: Omit<InviteOptions, 'from'>): OutgoingInvite {
    return sendInvite(this.#core, { ...options, from: this.uri });
  }

  /** Asks a peer for its capabilities; resolves with the status, 408 when nothing came back. */
  ping(uri: string, nextHop: Endpoint): Promise<number> {
    const core = this.#core;
    const branch = core.newBranch();
    const bytes = writeRequest({
      method: 'OPTIONS',
      uri,
      via: core.via(branch),
      routes: [],
      from: `<${this.uri}>;tag=${core.newToken()}`,
      to: `<${uri}>`,
      callId: core.newToken(),
      cseq: 1,
      contact: core.contact,
    });
    return new Promise((resolve) =>
      this.#clients.start({
        branch,
        method: 'OPTIONS',
        send: () => core.send(bytes, nextHop),
        onResponse: (response) => response.status >= 200 && resolve(response.status),
        onLost: () => resolve(408),
      }),
    );
  }

  /** Refuses who still waits; calls end as `stopped` without BYE, every wait is over, the socket closes. Idempotent. */
  async stop(): Promise<void> {
    for (const invitation of this.#invitations.values()) invitation.refuse(480, 'Temporarily Unavailable');
    const port = this.#port;
    this.#port = undefined;
    for (const call of [...this.#calls.values()]) call.end('stopped');
    this.#clients.stop();
    this.#servers.stop();
    this.#invitations.clear();
    await port?.close();
  }

  get #core(): AgentCore {
    const { clock, log, random } = this.#options;
    const { address, port } = this.endpoint;
    const newToken = (): string => Buffer.from(random(12)).toString('hex');
    return {
      clock,
      log,
      contact: this.uri,
      clients: this.#clients,
      newToken,
      newBranch: () => `z9hG4bK${newToken()}`,
      via: (branch) => `SIP/2.0/UDP ${hostText(address)}:${port};branch=${branch};rport`,
      send: (bytes, target) => this.#port?.send(bytes, target),
      adopt: (call) => this.#calls.set(call.dialog.key, call),
      forget: (call) => this.#calls.delete(call.dialog.key),
    };
  }

  #receive(bytes: Buffer, source: Endpoint): void {
    const message = readSip(bytes);
    if (!message) return;
    if (message.kind === 'response') this.#clients.receive(message);
    else this.#servers.receive(message, source);
  }

  #receiveRequest(transaction: ServerTransaction): void {
    const { request } = transaction;
    const call = this.#callOf(request);
    if (call) {
      call.receive(transaction);
      return;
    }
    if (request.toTag !== '') {
      transaction.respond({ status: 481, phrase: 'Call/Transaction Does Not Exist' });
      return;
    }
    switch (request.method) {
      case 'INVITE': {
        this.#beInvited(transaction);
        return;
      }
      case 'OPTIONS': {
        transaction.respond({ status: 200, phrase: 'OK', toTag: this.#core.newToken() });
        return;
      }
      default: {
        transaction.respond({ status: 481, phrase: 'Call/Transaction Does Not Exist' });
        return;
      }
    }
  }

  #beInvited(transaction: ServerTransaction): void {
    this.#sweepInvitations();
    if (this.#calls.size + this.#invitations.size >= MAX_CALLS) {
      transaction.respond({ status: 486, phrase: 'Busy Here', toTag: this.#core.newToken() });
      return;
    }
    const invitation = new Invitation(this.#core, transaction);
    this.#invitations.set(transaction, invitation);
    this.#options.onInvitation(invitation);
  }

  #sweepInvitations(): void {
    for (const [transaction, invitation] of this.#invitations) {
      if (!invitation.isOpen) this.#invitations.delete(transaction);
    }
  }

  #callOf(request: SipRequest): CallInDialog | undefined {
    return this.#calls.get(dialogKey(request.callId, request.toTag, request.fromTag));
  }
}

function hostText(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
