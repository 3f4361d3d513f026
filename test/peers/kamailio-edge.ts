/** A real Kamailio that ends TLS for phones that have none: UDP towards them, mutual TLS towards a node. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '../journeys/support/stage.ts';
import { PeerProcess } from './peer-process.ts';
import type { PemFiles } from './tls-files.ts';
import { isUdpPortTaken } from './udp-peer.ts';

export interface KamailioEdgeOptions {
  readonly program: string;
  /** For phones, by UDP, and for the node, by TLS. */
  readonly ports: { readonly phones: number; readonly node: number };
  /** TLS port of the node, and UDP port of whoever gets its calls. */
  readonly next: { readonly node: number; readonly callee: number };
  readonly pem: PemFiles;
}

export class KamailioEdge {
  readonly #process: PeerProcess;
  readonly #folder: string;

  private constructor(process: PeerProcess, folder: string) {
    this.#process = process;
    this.#folder = folder;
  }

  /** Resolves once it listens. */
  static async start({ program, ports, next, pem }: KamailioEdgeOptions): Promise<KamailioEdge> {
    const folder = mkdtempSync(join(tmpdir(), 'earshot-kamailio-'));
    const args = [
      ...['-DD', '-E', '-m', '64', '-M', '8', '-P', join(folder, 'pid'), '-w', folder],
      ...['-f', fileURLToPath(new URL('kamailio-edge.cfg', import.meta.url))],
      ...['-l', `udp:127.0.0.1:${ports.phones}`, '-l', `tls:127.0.0.1:${ports.node}`],
      ...['-A', `NODE=127.0.0.1:${next.node}`, '-A', `CALLEE=127.0.0.1:${next.callee}`],
      ...['-A', `CERTIFICATE="${pem.cert}"`, '-A', `KEY="${pem.key}"`, '-A', `AUTHORITY="${pem.ca}"`],
    ];
    const kamailio = new KamailioEdge(new PeerProcess(program, args), folder);
    try {
      await until('Kamailio listens', () => isUdpPortTaken(ports.phones));
    } catch (cause) {
      await kamailio.stop();
      throw new Error(`Kamailio did not start: ${kamailio.complaints.join('\n')}`, { cause });
    }
    return kamailio;
  }

  /** What it logged at the level of a warning or above, but for what it says of its OpenSSL at every start. */
  get complaints(): string[] {
    const lines = this.#process.said.split('\n').filter((line) => /\b(ERROR|CRITICAL|ALERT|BUG|WARNING):/.test(line));
    return lines.filter((line) => !line.includes('openssl bug #1491'));
  }

  async stop(): Promise<void> {
    await this.#process.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
