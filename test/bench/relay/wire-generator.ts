/**
 * The program `generator.c` and the file it shares with us: packets in, packets and the kernel's times out. Its rows are
 * written whole before it speaks and read whole after it; nothing of ours runs meanwhile.
 */

import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

const ROW_BYTES = 8;
const UTTERANCE_BYTES = 504;
const PACKET_BYTES = 240;
const WIRE_AT = 24;
const HEARD_AT = WIRE_AT + PACKET_BYTES;

export interface Utterance {
  readonly heard: Buffer | undefined;
  readonly copies: number;
  /** Between the kernel's two times, where it gave both. */
  readonly delayUs: number | undefined;
}

export class WireGenerator {
  readonly ports: readonly number[];
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string, undefined>;
  readonly #folder: string;
  readonly #file: number;
  readonly #packets: number;
  readonly #rows: Buffer;
  readonly #utterances: Buffer;

  private constructor(
    started: Pick<WireGenerator, 'ports'> & {
      readonly process: ChildProcessByStdio<Writable, Readable, null>;
      readonly lines: AsyncIterator<string, undefined>;
      readonly folder: string;
    },
    packets: number,
  ) {
    this.ports = started.ports;
    this.#process = started.process;
    this.#lines = started.lines;
    this.#folder = started.folder;
    this.#file = openSync(join(started.folder, 'shared'), 'r+');
    this.#packets = packets;
    this.#rows = Buffer.alloc(this.ports.length * ROW_BYTES);
    this.#utterances = Buffer.alloc(this.ports.length * packets * UTTERANCE_BYTES);
  }

  static async start(program: string, speakers: number, packets: number): Promise<WireGenerator> {
    const folder = mkdtempSync(join(tmpdir(), 'earshot-generator-'));
    const shared = join(folder, 'shared');
    closeSync(openSync(shared, 'w'));
    const child = spawn(program, [shared, String(speakers), String(packets)], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const ports = (await nextLine(lines, 'ports')).map(Number);
    return new WireGenerator({ ports, process: child, lines, folder }, packets);
  }

  /** What speaker `at` says in the next round, and where to. */
  prepare(at: number, to: { readonly port: number; readonly firstSequence: number }, wire: readonly Buffer[]): void {
    this.#rows.writeUInt16LE(to.port, at * ROW_BYTES);
    this.#rows.writeUInt16LE(to.firstSequence, at * ROW_BYTES + 2);
    wire.forEach((bytes, n) => {
      const place = (at * this.#packets + n) * UTTERANCE_BYTES;
      this.#utterances.fill(0, place, place + UTTERANCE_BYTES);
      this.#utterances.writeUInt16LE(bytes.length, place + 16);
      bytes.copy(this.#utterances, place + WIRE_AT);
    });
  }

  /** Lets the first so many speakers say so many packets each; returns how many left. */
  async speak(speakers: number, packets: number): Promise<number> {
    const bytes = speakers * this.#packets * UTTERANCE_BYTES;
    writeSync(this.#file, this.#rows, 0, this.#rows.length, 0);
    writeSync(this.#file, this.#utterances, 0, bytes, this.#rows.length);
    this.#process.stdin.write(`speak ${speakers} ${packets}\n`);
    const [sent] = await nextLine(this.#lines, 'done');
    readSync(this.#file, this.#utterances, 0, bytes, this.#rows.length);
    return Number(sent);
  }

  /** What became of the packets of speaker `at`. */
  heardOf(at: number, packets: number): Utterance[] {
    return Array.from({ length: packets }, (_, n) => {
      const place = (at * this.#packets + n) * UTTERANCE_BYTES;
      const [sentNs, arrivedNs] = [0, 8].map((offset) => this.#utterances.readBigInt64LE(place + offset));
      const heardBytes = this.#utterances.readUInt16LE(place + 18);
      return {
        heard: heardBytes > 0 ? this.#utterances.subarray(place + HEARD_AT, place + HEARD_AT + heardBytes) : undefined,
        copies: this.#utterances.readUInt16LE(place + 20),
        delayUs: sentNs && arrivedNs ? Number(arrivedNs - sentNs) / 1000 : undefined,
      };
    });
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null) {
      const exit = once(this.#process, 'exit');
      this.#process.kill('SIGTERM');
      await exit;
    }
    closeSync(this.#file);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function nextLine(lines: AsyncIterator<string, undefined>, word: string): Promise<string[]> {
  const said: IteratorResult<string, undefined> = await lines.next();
  const [first, ...rest] = said.value?.split(' ') ?? [];
  if (first !== word) throw new Error('the generator of the benchmark failed');
  return rest;
}
