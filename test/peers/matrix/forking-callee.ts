/**
 * A proxy below the node that forks one INVITE to two phones: each answers with a tag of its own, one while it rings and
 * the other for good. What it is asked within the call it takes.
 */

import type { SipRequest } from '../../../src/demo/softphone/sip-text.ts';
import { SipParty } from '../sip-party.ts';
import type { MediaEnd } from './media-end.ts';

export class ForkingCallee {
  readonly #party: SipParty;

  private constructor(party: SipParty) {
    this.#party = party;
  }

  static async open(): Promise<ForkingCallee> {
    return new ForkingCallee(await SipParty.open());
  }

  get port(): number {
    return this.#party.port;
  }

  /** One phone says where its early media is. */
  async ring(phone: MediaEnd, tag: string): Promise<void> {
    await this.#answer(phone, { status: 183, phrase: 'Session Progress', tag });
  }

  /** One phone takes the call. */
  async answer(phone: MediaEnd, tag: string): Promise<void> {
    await this.#answer(phone, { status: 200, phrase: 'OK', tag });
    await this.#party.request('ACK');
  }

  /** Takes the BYE that ends it. */
  async beHungUp(): Promise<void> {
    this.#party.answer(await this.#party.request('BYE'), { status: 200, phrase: 'OK' });
  }

  close(): void {
    this.#party.close();
  }

  async #answer(
    phone: MediaEnd,
    { status, phrase, tag }: { readonly status: number; readonly phrase: string; readonly tag: string },
  ): Promise<void> {
    const invite: SipRequest = await this.#party.request('INVITE');
    const sdp = await phone.answer(invite.body.toString('latin1'));
    this.#party.answer(invite, { status, phrase, toTag: tag, sdp });
  }
}
