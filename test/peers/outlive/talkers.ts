/** The media of many phones as one program on libsrtp: it is told who talks to whom, and says what each of them heard. */

import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** What one phone sent and heard. All but the first three must be 0 in a good call. */
export interface Heard {
  readonly sent: number;
  /** Packets that libsrtp opened, and reports. */
  readonly received: number;
  readonly reports: number;
  /** Opened, but heard before; opened, but not what the other phone said; opened, but from another port. */
  readonly repeated: number;
  readonly altered: number;
  readonly fromElsewhere: number;
  /** Refused for their tag, for their index, and for whatever reason. */
  readonly forged: number;
  readonly replayed: number;
  readonly refused: number;
  readonly reportsRefused: number;
  /** SSRCs that packets and reports came under. */
  readonly names: number;
  readonly reportNames: number;
  /** Between two packets, at the longest since the mark; and since the last one. By the kernel's clock. */
  readonly holeMs: number;
  readonly silentMs: number;
}

/** Where one phone sends, and under which keys: hexadecimal, with their salts. */
export interface Talk {
  readonly port: number;
  readonly sendKey: string;
  readonly receiveKey: string;
}

type Program = ChildProcessByStdio<Writable, Readable, null>;

export class Talkers {
  /** RTP port of each; RTCP is the one after it. */
  readonly ports: readonly number[];
  /** By receiver, the keys it was told that packets come under. */
  readonly #keys = new Map<number, Set<string>>();
  readonly #program: Program;
  readonly #lines: AsyncIterator<string>;

  private constructor(program: Program, lines: AsyncIterator<string>, ports: readonly number[]) {
    this.#program = program;
    this.#lines = lines;
    this.ports = ports;
  }

  /**
   * `program` is the built one. It runs before everything else where the system permits, like the phones it stands for,
   * and writes all it hears to the file `capture`.
   */
  static async start(program: string, count: number, capture?: string): Promise<Talkers> {
    const isUrgent = spawnSync('chrt', ['--rr', '20', 'true'], { stdio: 'ignore' }).status === 0;
    const words = [String(count), ...(capture === undefined ? [] : [capture])];
    const [command, args] = isUrgent ? ['chrt', ['--rr', '20', program, ...words]] : [program, words];
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done === true) throw new Error('the talkers ended');
    return new Talkers(child, lines, (JSON.parse(first.value) as { ports: number[] }).ports);
  }

  talk(at: number, { port, sendKey, receiveKey }: Talk): void {
    this.#keys.set(at, (this.#keys.get(at) ?? new Set()).add(receiveKey));
    this.#tell(`talk ${at} ${port} ${1000 + at} ${sendKey} ${receiveKey}`);
  }

  /** Every key that phone was ever told to open with. */
  keysOf(at: number): readonly string[] {
    return [...(this.#keys.get(at) ?? [])];
  }

  hush(at: number): void {
    this.#tell(`hush ${at}`);
  }

  /** Silences are measured from here, and what was sent up to here may be replayed. */
  mark(): void {
    this.#tell('mark');
  }

  replay(): void {
    this.#tell('replay');
  }

  async report(): Promise<readonly Heard[]> {
    this.#tell('report');
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('the talkers ended');
    return (JSON.parse(line.value) as { talkers: Heard[] }).talkers;
  }

  async stop(): Promise<void> {
    const gone = this.#program.exitCode === null ? once(this.#program, 'exit') : undefined;
    this.#program.stdin.end();
    await gone;
  }

  #tell(line: string): void {
    this.#program.stdin.write(`${line}\n`);
  }
}
