/**
 * RTP on the wire on both sides of a node, as tshark sees it on loopback: what each phone sent to the node against what
 * the node sent on, by SSRC and sequence number. SRTP leaves both in the clear. It knows nothing of what the node says.
 */

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemClock } from '../../src/base/clock.ts';
import { until } from '../journeys/support/stage.ts';
import type { PortRange } from './baresip.ts';
import { PeerProcess } from './peer-process.ts';

/** One phone's stream, from its first captured packet to the moment asked about. */
export interface CapturedStream {
  readonly ssrc: string;
  /** Packets the phone sent. */
  readonly sent: number;
  /** Whether their numbers are without a hole: what the phone itself left out is nobody's loss. */
  readonly isWhole: boolean;
  /** Numbers that came to the node and did not leave it. */
  readonly lost: readonly number[];
  /** Numbers that left it and never came, or left it twice. */
  readonly invented: readonly number[];
  /** Packets whose protected payload left as it came: the same key on both sides would do that. */
  readonly unchanged: number;
  /** Where the node sent them. */
  readonly targets: readonly string[];
}

interface Packet {
  readonly atMs: number;
  readonly isFromPhone: boolean;
  readonly ssrc: string;
  readonly sequence: number;
  readonly payload: string;
  readonly target: string;
}

const FIELDS = ['frame.time_epoch', 'udp.srcport', 'ip.dst', 'rtp.ssrc', 'rtp.seq', 'rtp.payload'];
/** RTCP shares the first byte, and its types begin where RTP's reserved ones do. */
const ONLY_RTP = 'rtp.p_type < 72 || rtp.p_type > 76';
/** A packet under way inside the node when the line is drawn has left it by then. */
const PASSAGE_MS = 400;
const MAX_LISTING_BYTES = 256 * 1024 * 1024;
const READ_LIMIT_MS = 30_000;

export class Capture {
  readonly #program: string;
  readonly #ports: PortRange;
  readonly #folder: string;
  readonly #file: string;
  readonly #process: PeerProcess;

  private constructor(program: string, ports: PortRange) {
    this.#program = program;
    this.#ports = ports;
    this.#folder = mkdtempSync(join(tmpdir(), 'earshot-capture-'));
    this.#file = join(this.#folder, 'packets.pcapng');
    const filter = `udp portrange ${ports.from}-${ports.to}`;
    this.#process = new PeerProcess(program, ['-i', 'lo', '-B', '16', '-f', filter, '-w', this.#file, '-q']);
  }

  /** Listens to everything from and to the phones' RTP ports, from now on. */
  static async start(program: string, ports: PortRange): Promise<Capture> {
    const capture = new Capture(program, ports);
    await until('the capture runs', () => capture.#process.said.includes('Capture started'));
    return capture;
  }

  /** Draws the line now, waits until what was under way has passed, and compares the two sides up to it. */
  async compare(): Promise<readonly CapturedStream[]> {
    const lineMs = systemClock.wallMs();
    await until('packets under way have passed', () => systemClock.wallMs() > lineMs + PASSAGE_MS);
    await this.#process.stop();
    if (this.#process.said.includes('dropped')) throw new Error('the capture itself lost packets');
    const packets = await this.#read();
    const streams = [...new Set(packets.map(({ ssrc }) => ssrc))];
    return streams.map((ssrc) =>
      compareSides(
        ssrc,
        packets.filter((packet) => packet.ssrc === ssrc),
        lineMs,
      ),
    );
  }

  async end(): Promise<void> {
    await this.#process.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #read(): Promise<readonly Packet[]> {
    const fields = FIELDS.flatMap((field) => ['-e', field]);
    const args = ['-n', '-r', this.#file, '--enable-heuristic', 'rtp_udp', '-Y', ONLY_RTP, '-T', 'fields', ...fields];
    const options = { maxBuffer: MAX_LISTING_BYTES, timeout: READ_LIMIT_MS };
    const { stdout } = await promisify(execFile)(this.#program, args, options);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => this.#packetOf(line.split('\t')));
  }

  #packetOf([time = '', sourcePort = '', target = '', ...rtp]: readonly string[]): Packet {
    const [ssrc = '', sequence = '', payload = ''] = rtp;
    const port = Number(sourcePort);
    const isFromPhone = port >= this.#ports.from && port <= this.#ports.to;
    return { atMs: Number(time) * 1000, isFromPhone, ssrc, sequence: Number(sequence), payload, target };
  }
}

function compareSides(ssrc: string, packets: readonly Packet[], lineMs: number): CapturedStream {
  const came = packets.filter(({ isFromPhone, atMs }) => isFromPhone && atMs <= lineMs);
  const everCame = new Set(packets.filter(({ isFromPhone }) => isFromPhone).map(({ sequence }) => sequence));
  const departed = packets.filter(({ isFromPhone }) => !isFromPhone);
  const left = new Map<number, string>();
  const invented: number[] = [];
  for (const { sequence, payload } of departed) {
    if (!everCame.has(sequence) || left.has(sequence)) invented.push(sequence);
    left.set(sequence, payload);
  }
  return {
    ssrc,
    sent: came.length,
    isWhole: came.every(({ sequence }, at) => at === 0 || sequence === ((came[at - 1]?.sequence ?? 0) + 1) % 0x1_0000),
    lost: came.map(({ sequence }) => sequence).filter((sequence) => !left.has(sequence)),
    invented,
    unchanged: came.filter(({ sequence, payload }) => left.get(sequence) === payload).length,
    targets: [...new Set(departed.map(({ target }) => target))],
  };
}
