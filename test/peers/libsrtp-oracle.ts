/** libsrtp as a judge of single packets: one program for each key, asked in batches. It sends nothing anywhere. */

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { SrtpSuite } from '../../src/protocol/srtp/suite.ts';

/** The packet, or why libsrtp refused it. */
export type OracleAnswer = Buffer | 'forged' | 'replayed' | 'other';
export type PacketKind = 'rtp' | 'rtcp';

/** Numbers of `srtp_err_status_t`. */
const REFUSALS: Readonly<Record<string, OracleAnswer>> = { '!7': 'forged', '!9': 'replayed', '!10': 'replayed' };

export class LibsrtpOracle {
  readonly #program: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  constructor(program: string, { suite, keySalt, mki }: { suite: SrtpSuite; keySalt: Buffer; mki?: Buffer }) {
    this.#program = spawn(program, [suite, keySalt.toString('hex'), ...(mki ? [mki.toString('hex')] : [])]);
    this.#lines = createInterface({ input: this.#program.stdout })[Symbol.asyncIterator]();
  }

  protect(kind: PacketKind, packets: readonly Buffer[]): Promise<OracleAnswer[]> {
    return this.#ask(`protect ${kind}`, packets);
  }

  open(kind: PacketKind, packets: readonly Buffer[]): Promise<OracleAnswer[]> {
    return this.#ask(`open ${kind}`, packets);
  }

  async stop(): Promise<void> {
    const gone = this.#program.exitCode === null ? once(this.#program, 'exit') : undefined;
    this.#program.stdin.end();
    await gone;
  }

  async #ask(question: string, packets: readonly Buffer[]): Promise<OracleAnswer[]> {
    this.#program.stdin.write(packets.map((packet) => `${question} ${packet.toString('hex')}\n`).join(''));
    const answers: OracleAnswer[] = [];
    while (answers.length < packets.length) {
      const line = await this.#lines.next();
      if (line.done === true) throw new Error('the libsrtp program ended');
      answers.push(line.value.startsWith('!') ? (REFUSALS[line.value] ?? 'other') : Buffer.from(line.value, 'hex'));
    }
    return answers;
  }
}
