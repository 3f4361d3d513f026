/** Two phones that talk directly to each other over a network in memory, on a clock that the test moves. */

import { ManualClock } from '../../../src/base/clock.ts';
import { systemRandom } from '../../../src/base/ids.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { PhoneCall } from '../../../src/demo/softphone/phone-call.ts';
import { createSoftphone, type Softphone, type SoftphoneOptions } from '../../../src/demo/softphone/softphone.ts';
import { FakeNetwork } from './fake-network.ts';

export type PhoneChoices = Partial<SoftphoneOptions['media']> & Pick<SoftphoneOptions, 'incoming'>;

export class TwoPhones {
  readonly clock = new ManualClock();
  readonly network = new FakeNetwork();
  readonly caller: Softphone;
  readonly callee: Softphone;

  private constructor(caller: Softphone, callee: Softphone, clock: ManualClock, network: FakeNetwork) {
    this.caller = caller;
    this.callee = callee;
    this.clock = clock;
    this.network = network;
  }

  static async create(choices: { caller?: PhoneChoices; callee?: PhoneChoices } = {}): Promise<TwoPhones> {
    const clock = new ManualClock();
    const network = new FakeNetwork();
    const create = (user: string, address: string, chosen: PhoneChoices = {}): Promise<Softphone> => {
      const { incoming, ...media } = chosen;
      return createSoftphone({
        bind: { address, sipPort: 5060 },
        user,
        media: { codec: 'G722', security: 'sdes', rtcpIntervalMs: 0, keepMs: 2000, ...media },
        incoming,
        clock,
        random: systemRandom,
        log: silentLog,
        udp: network.bind,
      });
    };
    const caller = await create('customer', '127.0.0.2', choices.caller);
    const callee = await create('agent', '127.0.0.3', choices.callee);
    return new TwoPhones(caller, callee, clock, network);
  }

  dial(deadlineMs = 10_000, signal?: AbortSignal): Promise<PhoneCall> {
    return this.caller.dial({ to: this.callee.uri, via: this.callee.endpoint, deadlineMs, signal });
  }

  /** A call that stands on both sides. */
  async connect(): Promise<{ readonly out: PhoneCall; readonly in: PhoneCall }> {
    const answered = this.callee.nextCall(10_000);
    const out = await this.dial();
    return { out, in: await answered };
  }

  /** Lets time pass in steps of a packet, and everything arrive. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 20) {
      this.clock.advance(20);
      await this.network.settle();
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.caller.stop(), this.callee.stop()]);
  }
}
