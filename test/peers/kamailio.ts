/** A real Kamailio on loopback: a proxy that record-routes, and examines what it relays more strictly than it must. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '../journeys/support/stage.ts';
import { PeerProcess } from './peer-process.ts';
import { isUdpPortTaken } from './udp-peer.ts';

export interface KamailioOptions {
  readonly program: string;
  readonly port: number;
  /** Port of whoever gets its calls; without one they go where their Request-URI says. */
  readonly nextHop?: number;
  /** Control port of an rtpengine that puts the user "plain" behind SRTP. */
  readonly enginePort?: number | undefined;
}

export class Kamailio {
  readonly port: number;
  readonly #process: PeerProcess;
  readonly #folder: string;

  private constructor(port: number, process: PeerProcess, folder: string) {
    this.port = port;
    this.#process = process;
    this.#folder = folder;
  }

  /** Resolves once it listens. */
  static async start({ program, port, nextHop, enginePort }: KamailioOptions): Promise<Kamailio> {
    const folder = mkdtempSync(join(tmpdir(), 'earshot-kamailio-'));
    const args = [
      ...['-DD', '-E', '-m', '64', '-M', '8', '-P', join(folder, 'pid'), '-w', folder],
      ...['-f', fileURLToPath(new URL('kamailio.cfg', import.meta.url)), '-l', `udp:127.0.0.1:${port}`],
      ...(nextHop === undefined ? [] : ['-A', `NEXT_HOP=127.0.0.1:${nextHop}`]),
      ...(enginePort === undefined ? [] : ['-A', `ENGINE_SOCKET="udp:127.0.0.1:${enginePort}"`]),
    ];
    const kamailio = new Kamailio(port, new PeerProcess(program, args), folder);
    try {
      await until('Kamailio listens', () => isUdpPortTaken(port));
    } catch (cause) {
      await kamailio.stop();
      throw new Error(`Kamailio did not start: ${kamailio.complaints.join('\n')}`, { cause });
    }
    return kamailio;
  }

  /** What it logged at the level of an error or above: parsers, transactions, and the checks of its script. */
  get complaints(): string[] {
    return this.#lines.filter((line) => /\b(ERROR|CRITICAL|ALERT|BUG|WARNING):/.test(line));
  }

  /** Methods of the requests that it routed by a Route of its own, in order. */
  get looselyRouted(): string[] {
    return this.#lines.flatMap((line) => /loosely routed (\w+)/.exec(line)?.[1] ?? []);
  }

  /** Responses it relayed, each as status and method, in order. */
  get relayed(): string[] {
    return this.#lines.flatMap((line) => /relayed (\d+ to \w+)/.exec(line)?.[1] ?? []);
  }

  async stop(): Promise<void> {
    await this.#process.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #lines(): string[] {
    return this.#process.said.split('\n');
  }
}
