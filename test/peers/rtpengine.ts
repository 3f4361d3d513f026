/** A real rtpengine in user space on loopback, driven over its NG protocol (bencode over UDP). */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freeUdpPort } from '../../src/cli/demo-node.ts';
import { bdecode, bencode, type Bencoded } from './bencode.ts';
import { UdpPeer, until } from './udp-peer.ts';

const MEDIA_PORTS = { from: 39_000, to: 39_398 };

/** The parts of an answer that are text. */
export type NgAnswer = ReadonlyMap<string, string>;

export class Rtpengine {
  /** Where it takes commands. */
  readonly controlPort: number;
  readonly #process: ChildProcess;
  readonly #control: UdpPeer;
  readonly #folder: string;
  #cookie = 0;

  private constructor(controlPort: number, process: ChildProcess, control: UdpPeer, folder: string) {
    this.controlPort = controlPort;
    this.#process = process;
    this.#control = control;
    this.#folder = folder;
  }

  /** Starts the program at `path` and waits for its pong. */
  static async start(path: string): Promise<Rtpengine> {
    const folder = mkdtempSync(join(tmpdir(), 'earshot-rtpengine-'));
    const port = await freeUdpPort();
    const options = [
      // The package's own configuration names control ports, which only one of them could have.
      '--config-file=none',
      ...['--foreground', '--log-stderr', '--table=-1', '--interface=127.0.0.1'],
      ...[`--listen-ng=127.0.0.1:${port}`, `--pidfile=${join(folder, 'pid')}`],
      ...[`--port-min=${MEDIA_PORTS.from}`, `--port-max=${MEDIA_PORTS.to}`, '--log-level=3'],
    ];
    const child = spawn(path, options, { stdio: 'ignore' });
    const engine = new Rtpengine(port, child, await UdpPeer.open(), folder);
    for (let attempt = 0; attempt < 50; attempt++) {
      if (child.exitCode !== null) break;
      engine.#tell({ command: 'ping' });
      await sleep(100);
      if (engine.#control.received.length > 0) return engine;
    }
    await engine.stop();
    throw new Error('rtpengine did not answer');
  }

  /** One command and its answer; an error of rtpengine's is thrown. */
  async ask(command: { readonly [key: string]: Bencoded }): Promise<NgAnswer> {
    const cookie = this.#tell(command);
    const isReply = (message: Buffer) => message.toString('latin1').startsWith(`${cookie} `);
    await until(() => this.#control.received.some(isReply));
    const reply = this.#control.received.find(isReply)?.toString('latin1') ?? '';
    const answer = new Map(
      Object.entries(bdecode(reply.slice(cookie.length + 1))).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string',
      ),
    );
    if (answer.get('result') === 'error') throw new Error(`rtpengine: ${answer.get('error-reason') ?? 'no reason'}`);
    return answer;
  }

  async stop(): Promise<void> {
    this.#control.close();
    if (this.#process.exitCode === null) {
      this.#process.kill('SIGTERM');
      await once(this.#process, 'exit');
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #tell(command: { readonly [key: string]: Bencoded }): string {
    const cookie = `c${++this.#cookie}`;
    this.#control.send(Buffer.from(`${cookie} ${bencode(command)}`, 'latin1'), this.controlPort);
    return cookie;
  }
}
