/** A UDP endpoint on loopback that keeps what it gets, for tests that speak to real programs. */

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/base/clock.ts';

export class UdpPeer {
  readonly received: Buffer[] = [];
  readonly port: number;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on('message', (message) => this.received.push(message));
  }

  static async open(port = 0): Promise<UdpPeer> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
    socket.bind(port, '127.0.0.1');
    await once(socket, 'listening');
    return new UdpPeer(socket);
  }

  get endpoint(): { address: string; port: number } {
    return { address: '127.0.0.1', port: this.port };
  }

  /** Called for each datagram, beside keeping it. */
  onMessage(hear: (message: Buffer) => void): void {
    this.#socket.on('message', hear);
  }

  send(message: Buffer | string, port: number): void {
    this.#socket.send(message, port, '127.0.0.1');
  }

  close(): void {
    this.#socket.close();
  }
}

/** Waits until `isSo`, at most `limitMs`; throws when it never came to be. */
export async function until(isSo: () => boolean, limitMs = 10_000): Promise<void> {
  const deadlineUs = systemClock.monoUs() + limitMs * 1000;
  while (!isSo()) {
    if (systemClock.monoUs() > deadlineUs) throw new Error('waited too long');
    await sleep(5);
  }
}

/** Whether a program of this machine has bound that UDP port. */
export function isUdpPortTaken(port: number): boolean {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync('/proc/net/udp', 'utf8').split('\n').slice(1);
  return rows.some((row) => row.trim().split(/\s+/)[1]?.endsWith(suffix) === true);
}
