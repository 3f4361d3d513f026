/** What calls and invitations need of the user agent they belong to: names, a socket, and a place in its books. */

import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { ClientTransactions } from './client-transactions.ts';
import type { Dialog } from './dialog.ts';
import type { ServerTransaction } from './server-transactions.ts';
import type { SipRequest } from './sip-text.ts';
import type { Endpoint } from './udp-port.ts';

export interface AgentCore {
  readonly clock: Clock;
  readonly log: Log;
  /** URI at which this agent takes requests. */
  readonly contact: string;
  readonly clients: ClientTransactions;
  /** A fresh unguessable word, fit for tags and Call-IDs. */
  newToken(): string;
  newBranch(): string;
  /** Via value for a request of ours with that branch. */
  via(branch: string): string;
  send(bytes: Buffer, target: Endpoint): void;
  /** From now on the call gets its dialog's requests. */
  adopt(call: CallInDialog): void;
  forget(call: CallInDialog): void;
}

/** A call as its agent sees it: something that takes the requests of one dialog. */
export interface CallInDialog {
  readonly dialog: Dialog;
  receive(transaction: ServerTransaction): void;
  receiveAck(ack: SipRequest): void;
  /** The agent itself ends. */
  end(reason: 'stopped'): void;
}
