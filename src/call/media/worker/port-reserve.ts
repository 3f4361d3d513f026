/**
 * Bound RTP/RTCP pairs of one interface, kept ready before any call asks. A pair stays bound for the worker's life: after
 * a call it rests while late packets die away, then goes to the end of the line. A port somebody else has is skipped.
 */

import type { Clock } from '../../../base/clock.ts';
import { errorCode } from '../../../base/error.ts';
import type { Log } from '../../../base/log.ts';
import type { MediaInterface } from '../messages.ts';
import type { MediaPair } from '../session-state.ts';
import type { OpenPort, PacketPort } from './packet-port.ts';
import type { PortPair } from './session-parts.ts';

/** How long a pair rests between two calls: longer than packets of the last one stay on their way. */
export const REST_MS = 2000;
/** How long to wait before ports that others had are tried again. */
const RETRY_MS = 5000;
/** A dead worker's sockets are closed soon after it: how often, and after how long, a pair of its is tried again. */
const ADOPT_ATTEMPTS = 20;
const ADOPT_RETRY_MS = 50;

type Use = 'ready' | 'taken' | 'resting';

type BoundPorts = Omit<PortPair, 'isInherited'>;

interface Held extends PortPair {
  use: Use;
  isInherited: boolean;
}

export interface PortReserveOptions {
  readonly interface: MediaInterface;
  readonly worker: number;
  /** Of how many workers; each tries every n-th pair of the range. */
  readonly workers: number;
  readonly readyPairs: number;
  /** RTP ports that other workers' calls have from an earlier life, perhaps bound a moment after we would try them. */
  readonly elsewhere?: readonly number[];
  readonly clock: Clock;
  readonly log: Log;
  readonly openPort: OpenPort;
  /** Lets packets that came be handled: opening hundreds of ports at a stretch would hold up the calls there are. */
  readonly breathe?: () => Promise<unknown>;
  readonly nextPairId: () => number;
  readonly onReady: (pair: MediaPair) => void;
  readonly onExhausted: () => void;
}

export class PortReserve {
  readonly #options: PortReserveOptions;
  /** Even ports not bound by us, in the order they will be tried. */
  #untried: number[];
  #refused: number[] = [];
  readonly #held = new Map<number, Held>();
  #isFilling = false;
  #isExhausted = false;
  #isStopped = false;

  constructor(options: PortReserveOptions) {
    this.#options = options;
    const elsewhere = new Set(options.elsewhere);
    this.#untried = pairPorts(options.interface, options.worker, options.workers).filter(
      (port) => !elsewhere.has(port),
    );
  }

  get name(): string {
    return this.#options.interface.name;
  }

  /**
   * Binds exactly that pair, which a call has already from an earlier life of its worker: it is taken from the start.
   * Undefined when somebody else keeps one of its ports.
   */
  async adopt(pair: MediaPair): Promise<PortPair | undefined> {
    this.#untried = this.#untried.filter((port) => port !== pair.rtpPort);
    for (let attempt = 0; attempt < ADOPT_ATTEMPTS && !this.#isStopped; attempt++) {
      if (attempt > 0) await this.#wait(ADOPT_RETRY_MS);
      const opened = await this.#openPair(pair);
      if (opened) return this.#keepAdopted(opened);
    }
    this.#refused.push(pair.rtpPort);
    return undefined;
  }

  /** Binds until enough pairs are ready or no port is left to try. */
  async fill(): Promise<void> {
    if (this.#isFilling) return;
    this.#isFilling = true;
    while (!this.#isStopped && this.#readyCount() < this.#options.readyPairs) {
      const port = this.#untried.shift();
      if (port === undefined) break;
      const opened = await this.#openPair(this.#describe(port));
      if (opened) this.#add(opened);
      else this.#refused.push(port);
      await this.#options.breathe?.();
    }
    this.#isFilling = false;
    this.#afterFilling();
  }

  /** The main thread gave this pair to a call. */
  take(pair: number): void {
    const held = this.#held.get(pair);
    if (held?.use !== 'ready') return;
    held.use = 'taken';
    void this.fill();
  }

  /** The call is over, or never came to be. */
  free(pair: number): void {
    const held = this.#held.get(pair);
    if (held?.use !== 'taken') return;
    held.use = 'resting';
    // The next call has keys of its own.
    held.isInherited = false;
    held.rtp.receiver = undefined;
    held.rtcp.receiver = undefined;
    this.#options.clock.after(REST_MS, () => this.#makeReady(held));
  }

  /** The ports of a pair that was taken; undefined for any other. */
  portsOf(pair: number): PortPair | undefined {
    const held = this.#held.get(pair);
    return held?.use === 'taken' ? held : undefined;
  }

  stop(): void {
    this.#isStopped = true;
    for (const held of this.#held.values()) close(held);
    this.#held.clear();
  }

  #readyCount(): number {
    let ready = 0;
    for (const { use } of this.#held.values()) if (use === 'ready') ready += 1;
    return ready;
  }

  #add(ports: BoundPorts): void {
    if (this.#isStopped) {
      close(ports);
      return;
    }
    const held: Held = { ...ports, use: 'ready', isInherited: false };
    this.#held.set(ports.pair.pair, held);
    this.#makeReady(held);
  }

  #makeReady(held: Held): void {
    if (this.#isStopped) return;
    held.use = 'ready';
    this.#isExhausted = false;
    this.#options.onReady(held.pair);
  }

  /** Says once that nothing is left, and tries refused ports again later. */
  #afterFilling(): void {
    if (this.#isStopped) return;
    if (this.#readyCount() === 0 && !this.#isExhausted) {
      this.#isExhausted = true;
      this.#options.onExhausted();
    }
    if (this.#untried.length > 0 || this.#refused.length === 0) return;
    const again = this.#refused;
    this.#refused = [];
    this.#options.clock.after(RETRY_MS, () => {
      this.#untried.push(...again);
      void this.fill();
    });
  }

  #keepAdopted(ports: BoundPorts): PortPair | undefined {
    if (this.#isStopped) {
      close(ports);
      return undefined;
    }
    const held: Held = { ...ports, use: 'taken', isInherited: true };
    this.#held.set(ports.pair.pair, held);
    return held;
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.after(delayMs, resolve));
  }

  #describe(rtpPort: number): MediaPair {
    const { interface: where, worker, nextPairId } = this.#options;
    const { name, bindAddress, advertisedAddress, family } = where;
    const addresses = { interface: name, bindAddress, advertisedAddress, family };
    return { pair: nextPairId(), worker, ...addresses, rtpPort, rtcpPort: rtpPort + 1 };
  }

  /** Both ports of a pair, or neither. */
  async #openPair(pair: MediaPair): Promise<BoundPorts | undefined> {
    const rtp = await this.#openOne(pair.rtpPort);
    if (!rtp) return undefined;
    const rtcp = await this.#openOne(pair.rtcpPort);
    if (rtcp) return { pair, rtp, rtcp };
    rtp.close();
    return undefined;
  }

  async #openOne(port: number): Promise<PacketPort | undefined> {
    const { interface: where, openPort, log } = this.#options;
    try {
      return await openPort({ address: where.bindAddress, port, family: where.family });
    } catch (thrown) {
      if (errorCode(thrown) !== 'EADDRINUSE') {
        log.warn({ interface: where.name, port, error: thrown }, 'a media port cannot be bound');
      }
      return undefined;
    }
  }
}

function close({ rtp, rtcp }: BoundPorts): void {
  rtp.close();
  rtcp.close();
}

/** Even RTP ports of the range whose RTCP port lies in it too, and which fall to this worker. */
function pairPorts({ portMin, portMax }: MediaInterface, worker: number, workers: number): number[] {
  const ports: number[] = [];
  const first = portMin + (portMin % 2);
  for (let port = first + 2 * worker; port + 1 <= portMax; port += 2 * workers) ports.push(port);
  return ports;
}
