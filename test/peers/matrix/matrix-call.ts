/** One call through the node between two phones of the matrix: set up, talked in until the counts agree, hung up. */

import { randomBytes } from 'node:crypto';
import type { Invitation } from '../../../src/demo/softphone/invitation.ts';
import type { SipCall } from '../../../src/demo/softphone/sip-call.ts';
import type { UserAgent } from '../../../src/demo/softphone/user-agent.ts';
import { until } from '../../journeys/support/stage.ts';
import type { MediaCounts, MediaEnd } from './media-end.ts';
import { openAgent, type Switchboard } from './switchboard.ts';

const ANSWER_MS = 15_000;
/** A handshake is done long before; a machine that is busy may take its time. */
const WARM_UP_MS = 15_000;
const SETTLE_MS = 5000;
const TOUCH_MS = 100;

export interface Dialled {
  /** Number that is dialled: the tenant's. */
  readonly number: string;
  readonly sipPort: number;
  readonly caller: MediaEnd;
  readonly callee: MediaEnd;
}

export class MatrixCall {
  readonly #agent: UserAgent;
  readonly #ends: Pick<Dialled, 'caller' | 'callee'>;
  caller!: SipCall;
  callee!: SipCall;

  private constructor(agent: UserAgent, ends: Pick<Dialled, 'caller' | 'callee'>) {
    this.#agent = agent;
    this.#ends = ends;
  }

  /** Resolves when both sides have agreed. */
  static async dial(board: Switchboard, { number, sipPort, caller, callee }: Dialled): Promise<MatrixCall> {
    const user = `caller-${randomBytes(6).toString('hex')}`;
    const answered = new Promise<SipCall>((resolve, reject) => {
      board.expect(user, (invitation) => void answerWith(callee, invitation).then(resolve, reject));
    });
    // Who waits for it is told of a refusal by the caller's side.
    answered.catch(() => undefined);
    const agent = await openAgent(user);
    const call = new MatrixCall(agent, { caller, callee });
    try {
      const invite = agent.invite({
        uri: `sip:${number}@127.0.0.1:${sipPort}`,
        nextHop: { address: '127.0.0.1', port: sipPort },
        sdp: await caller.offer(),
        deadlineMs: ANSWER_MS,
      });
      call.caller = await invite.answered;
      call.callee = await answered;
      call.callee.onOffer = (body) => callee.reanswer(body.toString('latin1'));
      call.caller.onOffer = (body) => caller.reanswer(body.toString('latin1'));
      await caller.accept(sdpOf(call.caller));
      await call.callee.confirmed;
      return call;
    } catch (thrown) {
      await call.#end();
      throw thrown;
    }
  }

  /** Each speaks until the other has heard it and its report: handshakes are done, and nothing is under way any more. */
  warmUp(): Promise<void> {
    return warmUp(this.#ends.caller, this.#ends.callee);
  }

  /** Both send at once; gives how much more each counts once they have heard all, or when that never comes. */
  async talk(more: { readonly packets: number; readonly reports: number }): Promise<{
    readonly caller: MediaCounts;
    readonly callee: MediaCounts;
  }> {
    const ends = [this.#ends.caller, this.#ends.callee];
    const [caller, callee] = await settledAfter(
      () => ends.forEach((end) => end.send(more.packets, more.packets / more.reports)),
      ends,
      more,
    );
    return { caller: caller!, callee: callee! };
  }

  async hangUp(): Promise<void> {
    await this.caller.hangUp();
    await this.#end();
  }

  async #end(): Promise<void> {
    await this.#agent.stop();
    await Promise.all([this.#ends.caller.stop(), this.#ends.callee.stop()]);
  }
}

export async function warmUp(one: MediaEnd, other: MediaEnd): Promise<void> {
  await until('the other hears', () => hasHeardOneMore(one, other), WARM_UP_MS);
  await until('the one hears', () => hasHeardOneMore(other, one), WARM_UP_MS);
  // What came through by luck before all was ready is behind these.
  await settledAfter(() => [one, other].forEach((end) => end.send(1, 1)), [one, other], { packets: 1, reports: 1 });
}

async function answerWith(callee: MediaEnd, invitation: Invitation): Promise<SipCall> {
  try {
    const call = invitation.accept(await callee.answer(String(invitation.offer?.toString('latin1'))));
    if (!call) throw new Error('it was too late to answer');
    return call;
  } catch (thrown) {
    invitation.refuse(488, 'Not Acceptable Here');
    throw thrown;
  }
}

async function hasHeardOneMore(from: MediaEnd, to: MediaEnd): Promise<boolean> {
  const before = await to.counts();
  from.send(1, 1);
  await new Promise((resolve) => setTimeout(resolve, TOUCH_MS));
  const after = await to.counts();
  return after.received > before.received && after.reportsReceived > before.reportsReceived;
}

/** What each end counts more once each has heard `more`, or when it did not within the limit. */
export async function settledAfter(
  begin: () => void,
  ends: readonly MediaEnd[],
  more: { readonly packets: number; readonly reports: number },
): Promise<readonly MediaCounts[]> {
  const before = await Promise.all(ends.map((end) => end.counts()));
  begin();
  const growth = async (): Promise<readonly MediaCounts[]> =>
    Promise.all(ends.map(async (end, at) => difference(await end.counts(), before[at]!)));
  const isThere = async (): Promise<boolean> =>
    (await growth()).every(
      ({ received, reportsReceived }) => received >= more.packets && reportsReceived >= more.reports,
    );
  await until('all of it is heard', isThere, SETTLE_MS + more.packets * 20).catch(() => undefined);
  return growth();
}

function difference(now: MediaCounts, before: MediaCounts): MediaCounts {
  const keys = ['sent', 'received', 'repeated', 'altered', 'refused'] as const;
  const reports = ['reportsSent', 'reportsReceived', 'reportsAltered', 'reportsRefused'] as const;
  const grown = [...keys, ...reports].map((key) => [key, now[key] - before[key]] as const);
  return Object.fromEntries(grown) as unknown as MediaCounts;
}

function sdpOf(call: SipCall): string {
  if (!call.peerSdp) throw new Error('the answer had no description');
  return call.peerSdp.toString('latin1');
}
