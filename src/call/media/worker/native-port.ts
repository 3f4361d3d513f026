/**
 * UDP ports on the addon: all ports of the worker share one exchange, which hands over what came to any of them in one
 * call and sends what that caused in another. Nothing is copied on the way in, and once on the way out.
 */

import {
  ARRIVAL_BYTES,
  ARRIVALS_AT,
  MAX_SEND_BYTES,
  RECEIVES_AT,
  SEND_BYTES_AT,
  SEND_SLOTS,
  SENDS_AT,
  SLOT_BYTES,
  WORD,
  type UdpExports,
  type UdpKind,
  type UdpPorts,
} from '../../../native/udp-port.ts';
import type { Endpoint } from '../session-state.ts';
import { PeerSources, PeerTargets, type Peer } from './native-peers.ts';
import type { Arrival, BatchReceiver, CountPortDrop, PacketPort, PortDrop, PortPlace } from './packet-port.ts';

/** What the addon counts, as far as it has been counted here. */
type Counted = Record<Exclude<PortDrop, 'no_session'>, number>;

export class NativePorts {
  readonly #addon: UdpExports;
  readonly #udp: UdpPorts;
  readonly #countDrop: CountPortDrop;
  /** Three views of the one shared memory. Its numbers are in the order of this machine, which is little-endian. */
  readonly #memory: ArrayBuffer;
  readonly #numbers: DataView;
  readonly #bytes: Uint8Array;
  readonly #ports: (NativePort | undefined)[] = [];
  /** The newest view of each receive slot: packets of a stream are mostly of one length, and then it fits again. */
  readonly #views: (Buffer | undefined)[] = [];
  readonly #arrival: Arrival = { bytes: Buffer.alloc(0), address: '', port: 0, arrivalUs: 0 };
  readonly #batch: readonly Arrival[] = [this.#arrival];
  readonly #counted: Counted = { send_failed: 0, too_long: 0, fault: 0 };
  #isInBatch = false;

  /** Throws with the system's code where it does not allow that kind. */
  constructor(addon: UdpExports, kind: UdpKind, countDrop: CountPortDrop) {
    this.#addon = addon;
    this.#countDrop = countDrop;
    this.#udp = new addon.UdpPorts(kind, (count) => this.#onBatch(count));
    this.#memory = this.#udp.memory;
    this.#numbers = new DataView(this.#memory);
    this.#bytes = new Uint8Array(this.#memory);
  }

  open({ address, port, family }: PortPlace): PacketPort {
    const [index, localPort] = this.#udp.open(address, port, family);
    const opened = new NativePort(this, { index, localPort, family });
    this.#ports[index] = opened;
    return opened;
  }

  /** Closes every port; none of them may be used any more. */
  stop(): void {
    this.#ports.length = 0;
    this.#udp.stop();
  }

  /** Copies a packet into the next slot. What cannot be sent is counted, as the system's own refusals are. */
  queue(port: NativePort, bytes: Buffer, to: Endpoint): boolean {
    const numbers = this.#numbers;
    const slot = numbers.getInt32(WORD.queued, true);
    if (slot >= SEND_SLOTS) return false;
    const target = port.targets.find(to.address, to.port) ?? this.#readTarget(port, to);
    if (target === undefined || bytes.length > MAX_SEND_BYTES || this.#ports[port.index] !== port) {
      this.#countDrop('send_failed');
      return true;
    }
    const at = SENDS_AT + slot * SLOT_BYTES;
    numbers.setInt32(at, port.index, true);
    numbers.setInt32(at + 4, bytes.length, true);
    numbers.setInt32(at + 8, target.first, true);
    numbers.setInt32(at + 12, target.second, true);
    if (target.rest.length > 0) this.#bytes.set(target.rest, at + 16);
    this.#bytes.set(bytes, at + SEND_BYTES_AT);
    numbers.setInt32(WORD.queued, slot + 1, true);
    return true;
  }

  /** While a batch is handed over, everything leaves together after it. */
  flush(): void {
    if (!this.#isInBatch && this.#numbers.getInt32(WORD.queued, true) !== 0) this.#udp.flush();
  }

  close(port: NativePort): void {
    if (this.#ports[port.index] !== port) return;
    this.#ports[port.index] = undefined;
    this.#udp.close(port.index);
  }

  #onBatch(count: number): void {
    this.#isInBatch = true;
    for (let n = 0; n < count; n++) this.#deliver(ARRIVALS_AT + n * ARRIVAL_BYTES);
    this.#isInBatch = false;
    this.#countUpTo('send_failed', WORD.failed);
    this.#countUpTo('too_long', WORD.tooLong);
    this.#countUpTo('fault', WORD.faults);
  }

  /** One packet that meets a bug of ours must not end every call of this worker. */
  #deliver(row: number): void {
    const numbers = this.#numbers;
    const port = this.#ports[numbers.getInt32(row, true)];
    // Closed by what another packet of this batch caused.
    if (port === undefined) return;
    if (port.receiver === undefined) {
      this.#countDrop('no_session');
      return;
    }
    const source = port.sources.find(numbers, numbers.getInt32(row + 12, true));
    const arrival = this.#arrival;
    arrival.bytes = this.#view(numbers.getInt32(row + 8, true), numbers.getInt32(row + 4, true));
    arrival.address = source.address;
    arrival.port = source.port;
    arrival.arrivalUs = numbers.getFloat64(row + 16, true);
    try {
      port.receiver.onBatch(this.#batch);
    } catch {
      this.#countDrop('fault');
    }
  }

  #view(at: number, length: number): Buffer {
    const slot = Math.floor((at - RECEIVES_AT) / SLOT_BYTES);
    const known = this.#views[slot];
    if (known?.length === length) return known;
    const made = Buffer.from(this.#memory, at, length);
    this.#views[slot] = made;
    return made;
  }

  #readTarget(port: NativePort, to: Endpoint): Peer | undefined {
    const sockaddr = this.#addon.readAddress(to.address, to.port, port.family);
    return sockaddr && port.targets.remember(to, Buffer.from(sockaddr), port.family);
  }

  /** The addon counts without calling: takes over what was added since. */
  #countUpTo(reason: keyof Counted, word: number): void {
    const now = this.#numbers.getInt32(word, true);
    for (; this.#counted[reason] !== now; this.#counted[reason] = (this.#counted[reason] + 1) | 0) {
      this.#countDrop(reason);
    }
  }
}

class NativePort implements PacketPort {
  readonly localPort: number;
  readonly index: number;
  readonly family: 4 | 6;
  readonly sources: PeerSources;
  readonly targets = new PeerTargets();
  receiver: BatchReceiver | undefined;
  readonly #exchange: NativePorts;

  constructor(exchange: NativePorts, bound: { readonly index: number; localPort: number; family: 4 | 6 }) {
    this.#exchange = exchange;
    this.index = bound.index;
    this.localPort = bound.localPort;
    this.family = bound.family;
    this.sources = new PeerSources(bound.family);
  }

  queue(bytes: Buffer, to: Endpoint): boolean {
    return this.#exchange.queue(this, bytes, to);
  }

  flush(): void {
    this.#exchange.flush();
  }

  close(): void {
    this.receiver = undefined;
    this.#exchange.close(this);
  }
}
