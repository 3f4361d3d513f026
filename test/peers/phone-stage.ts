/** A whole node with real phones on both sides of it, on ports of their own, so that a capture sees theirs and no other's. */

import type { Wav } from '../../src/demo/wav.ts';
import { buildStage, until, type Stage, type StageChanges } from '../journeys/support/stage.ts';
import { Baresip, freeSipPort, PHONE_PORTS, type PortRange } from './baresip.ts';
import { Capture } from './capture.ts';

/** The programs such a stage needs. */
export interface PhonePrograms {
  readonly baresip: string;
  readonly tshark: string;
  readonly flite: string;
}

export interface PhoneStageOptions extends StageChanges {
  readonly programs: PhonePrograms;
  readonly voices: { readonly caller: Wav; readonly callee: Wav };
  readonly records?: boolean;
}

const PORTS_PER_STAGE = 100;

/** All of them, or undefined when one is not installed. */
export function phonePrograms(
  found: Readonly<Record<keyof PhonePrograms, string | undefined>>,
): PhonePrograms | undefined {
  const { baresip, tshark, flite } = found;
  return baresip === undefined || tshark === undefined || flite === undefined ? undefined : { baresip, tshark, flite };
}

export class PhoneStage {
  readonly stage: Stage;
  readonly callee: Baresip;
  readonly #options: PhoneStageOptions;
  readonly #ports: PortRange;
  readonly #callers: Baresip[] = [];

  private constructor(stage: Stage, callee: Baresip, options: PhoneStageOptions, ports: PortRange) {
    this.stage = stage;
    this.callee = callee;
    this.#options = options;
    this.#ports = ports;
  }

  static async build(options: PhoneStageOptions): Promise<PhoneStage> {
    const { programs, voices, records = false } = options;
    const rtpPorts = portsOfOurs();
    const calleePort = await freeSipPort();
    const stage = await buildStage([], { ...options, calleePort });
    const program = programs.baresip;
    const callee = new Baresip({ program, sipPort: calleePort, rtpPorts, voice: voices.callee, records });
    return new PhoneStage(stage, callee, options, rtpPorts);
  }

  capture(): Promise<Capture> {
    return Capture.start(this.#options.programs.tshark, this.#ports);
  }

  /** A new phone calls the callee through the node; resolves when each hears the other. */
  async dial(): Promise<Baresip> {
    const { programs, voices } = this.#options;
    const heardBefore = this.callee.callsHeard;
    const { address, port } = this.stage.node.sip;
    const caller = new Baresip({
      program: programs.baresip,
      sipPort: await freeSipPort(),
      rtpPorts: this.#ports,
      voice: voices.caller,
      dial: `sip:phone@${address}:${port}`,
    });
    this.#callers.push(caller);
    await until('both phones hear each other', () => caller.hears && this.callee.callsHeard > heardBefore);
    return caller;
  }

  async stop(): Promise<void> {
    for (const phone of [...this.#callers, this.callee]) await phone.stop();
    await this.stage.stop();
  }
}

/** Test runs side by side on one machine take different ones, most of the time. */
function portsOfOurs(): PortRange {
  const count = Math.floor((PHONE_PORTS.to - PHONE_PORTS.from) / PORTS_PER_STAGE);
  const from = PHONE_PORTS.from + PORTS_PER_STAGE * (process.pid % count);
  return { from, to: from + PORTS_PER_STAGE - 1 };
}
