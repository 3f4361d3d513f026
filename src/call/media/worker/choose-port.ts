/**
 * Which kind of UDP port a worker uses: the cheapest that the system lets carry a datagram, found by sending one when
 * the worker starts. Containers often forbid io_uring, and some that allow its calls do not carry them out.
 */

import type { Clock } from '../../../base/clock.ts';
import { errorCode } from '../../../base/error.ts';
import { loadUdp } from '../../../native/udp-port.ts';
import { PACKET_PORT_KINDS, type PacketPortKind } from '../messages.ts';
import { openDgramPort } from './dgram-port.ts';
import { NativePorts } from './native-port.ts';
import type { CountPortDrop, OpenPort, PacketPort } from './packet-port.ts';

/** A datagram to oneself takes microseconds; a machine that needs longer than this is in trouble anyway. */
const ECHO_MS = 500;

export interface ChosenPort {
  readonly kind: PacketPortKind;
  readonly openPort: OpenPort;
  /** The cheaper kinds, and the code of why each was not to be had. */
  readonly refused: Readonly<Partial<Record<PacketPortKind, string>>>;
  /** Lets go of what all ports share; they must be closed before. */
  stop(): void;
}

export interface ChoosePortOptions {
  /** `auto`, or the kind to begin with: cheaper ones are not tried. */
  readonly wanted: PacketPortKind | 'auto';
  /** Where a port may be bound for the trial. */
  readonly address: string;
  readonly family: 4 | 6;
  readonly clock: Clock;
  readonly countDrop: CountPortDrop;
}

/** Never rejects: node:dgram is always there, and what fails with it as well is the address's fault. */
export async function choosePort(options: ChoosePortOptions): Promise<ChosenPort> {
  const { wanted, clock, countDrop } = options;
  const refused: Partial<Record<PacketPortKind, string>> = {};
  const first = wanted === 'auto' ? 0 : PACKET_PORT_KINDS.indexOf(wanted);
  for (const kind of PACKET_PORT_KINDS.slice(first)) {
    if (kind === 'dgram') break;
    const tried = await tryNative(kind, options);
    if (typeof tried !== 'string') return { ...tried, kind, refused };
    refused[kind] = tried;
  }
  return { kind: 'dgram', openPort: openDgramPort(clock, countDrop), refused, stop: () => undefined };
}

async function tryNative(
  kind: Exclude<PacketPortKind, 'dgram'>,
  { address, family, clock, countDrop }: ChoosePortOptions,
): Promise<Pick<ChosenPort, 'openPort' | 'stop'> | string> {
  const udp = loadUdp();
  if (udp.kind === 'absent') return udp.reason;
  let ports: NativePorts | undefined;
  try {
    const made = new NativePorts(udp.exports, kind, countDrop);
    ports = made;
    const trial = made.open({ address, port: 0, family });
    const isEchoed = await hearsItself(trial, address, clock);
    trial.close();
    // Opened in the promise's own time, so that the system's refusal becomes a rejection.
    if (isEchoed)
      return { openPort: (place) => new Promise((resolve) => resolve(made.open(place))), stop: () => made.stop() };
    made.stop();
    return 'NO_ECHO';
  } catch (thrown) {
    ports?.stop();
    return errorCode(thrown);
  }
}

function hearsItself(port: PacketPort, address: string, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.after(ECHO_MS, () => resolve(false));
    port.receiver = {
      onBatch: () => {
        cancel();
        resolve(true);
      },
    };
    port.queue(Buffer.of(0), { address, port: port.localPort });
    port.flush();
  });
}
