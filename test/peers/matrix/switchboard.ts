/**
 * The SIP of all callees of the matrix on one port: who calls is known by the user of its own address, and the call goes
 * to whoever waits for it. Nobody else is answered.
 */

import { systemClock } from '../../../src/base/clock.ts';
import { systemRandom } from '../../../src/base/ids.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { Invitation } from '../../../src/demo/softphone/invitation.ts';
import type { BindUdp } from '../../../src/demo/softphone/udp-port.ts';
import { UserAgent } from '../../../src/demo/softphone/user-agent.ts';

export class Switchboard {
  readonly #waiting = new Map<string, (invitation: Invitation) => void>();
  #agent!: UserAgent;

  static async open(): Promise<Switchboard> {
    const board = new Switchboard();
    board.#agent = await openAgent('switchboard', (invitation) => board.#connect(invitation));
    return board;
  }

  get port(): number {
    return this.#agent.endpoint.port;
  }

  /** Gives the call of that caller to `answerer`. */
  expect(caller: string, answerer: (invitation: Invitation) => void): void {
    this.#waiting.set(caller, answerer);
  }

  stop(): Promise<void> {
    return this.#agent.stop();
  }

  #connect(invitation: Invitation): void {
    const caller = /^sip:([^@]+)@/.exec(invitation.from)?.[1] ?? '';
    const answerer = this.#waiting.get(caller);
    this.#waiting.delete(caller);
    if (answerer) answerer(invitation);
    else invitation.refuse(404, 'Not Found');
  }
}

/** A user agent on loopback that is called `user`. */
export function openAgent(
  user: string,
  onInvitation: (invitation: Invitation) => void = (invitation) => invitation.refuse(486, 'Busy Here'),
  bind?: BindUdp,
): Promise<UserAgent> {
  return UserAgent.open({
    local: { address: '127.0.0.1', port: 0 },
    user,
    clock: systemClock,
    log: silentLog,
    random: systemRandom,
    bind,
    onInvitation,
  });
}
