/**
 * UDP ports on node:dgram, for where no native one can be had: batches of one, and a system call each way for each
 * packet. It refuses nothing that the others take.
 */

import { createSocket, type Socket } from 'node:dgram';
import type { Clock } from '../../../base/clock.ts';
import type { Endpoint } from '../session-state.ts';
import type { Arrival, BatchReceiver, CountPortDrop, OpenPort, PacketPort } from './packet-port.ts';

/** About half a second of one G.711 stream with room for bursts; Linux doubles it for its own bookkeeping. */
const KERNEL_BUFFER_BYTES = 128 * 1024;
/** Datagrams handed to the kernel or waiting for it. */
const MAX_IN_FLIGHT = 256;

export function openDgramPort(clock: Clock, countDrop: CountPortDrop): OpenPort {
  return (place) =>
    new Promise((resolve, reject) => {
      const socket = createSocket({
        type: place.family === 4 ? 'udp4' : 'udp6',
        ipv6Only: place.family === 6,
        lookup: answerAtOnce,
        recvBufferSize: KERNEL_BUFFER_BYTES,
        sendBufferSize: KERNEL_BUFFER_BYTES,
      });
      const onError = (error: Error): void => {
        socket.close();
        reject(error);
      };
      socket.once('error', onError);
      socket.bind({ address: place.address, port: place.port, exclusive: true }, () => {
        socket.off('error', onError);
        resolve(new DgramPort(socket, clock, countDrop));
      });
    });
}

class DgramPort implements PacketPort {
  readonly localPort: number;
  receiver: BatchReceiver | undefined;
  readonly #socket: Socket;
  readonly #countDrop: CountPortDrop;
  readonly #queue: { bytes: Buffer; to: Endpoint }[] = [];
  readonly #onSent: (error: Error | null) => void;
  #inFlight = 0;

  constructor(socket: Socket, clock: Clock, countDrop: CountPortDrop) {
    this.#socket = socket;
    this.#countDrop = countDrop;
    this.localPort = socket.address().port;
    this.#onSent = (error) => {
      this.#inFlight -= 1;
      if (error) countDrop('send_failed');
    };
    const arrival: Arrival = { bytes: Buffer.alloc(0), address: '', port: 0, arrivalUs: 0 };
    const batch = [arrival];
    socket.on('message', (bytes, remote) => {
      arrival.bytes = bytes;
      arrival.address = remote.address;
      arrival.port = remote.port;
      arrival.arrivalUs = clock.monoUs();
      this.#deliver(batch);
    });
    socket.on('error', () => countDrop('fault'));
  }

  queue(bytes: Buffer, to: Endpoint): boolean {
    if (this.#inFlight + this.#queue.length >= MAX_IN_FLIGHT) return false;
    this.#queue.push({ bytes, to });
    return true;
  }

  flush(): void {
    for (const { bytes, to } of this.#queue) {
      this.#inFlight += 1;
      this.#socket.send(bytes, to.port, to.address, this.#onSent);
    }
    this.#queue.length = 0;
  }

  close(): void {
    this.receiver = undefined;
    this.#queue.length = 0;
    this.#socket.close();
  }

  /** One packet that meets a bug of ours must not end every call of this worker. */
  #deliver(batch: readonly Arrival[]): void {
    if (!this.receiver) {
      this.#countDrop('no_session');
      return;
    }
    try {
      this.receiver.onBatch(batch);
    } catch {
      this.#countDrop('fault');
    }
  }
}

/** Sending looks every address up; ours are literals, so the answer is the question and no resolver is ever asked. */
function answerAtOnce(
  address: string,
  options: unknown,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  callback(null, address, options === 6 ? 6 : 4);
}
