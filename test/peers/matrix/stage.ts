/** One node for all calls of a test file, each on a tenant of its own, and the peers that they are made with. */

import { Rtpengine } from '../rtpengine.ts';
import { LibsrtpMedia, type LibsrtpOptions } from '../libsrtp-media.ts';
import { requireBuilt, requirePeer } from '../require-peer.ts';
import { WholeNode, type TenantMedia } from '../whole-node.ts';
import { MatrixCall } from './matrix-call.ts';
import type { MediaEnd } from './media-end.ts';
import { RtpengineEnd, type RtpengineEndOptions } from './rtpengine-end.ts';
import { Switchboard } from './switchboard.ts';

export interface MatrixTenant {
  /** Dialled: digits, none the beginning of another. */
  readonly number: string;
  readonly media: TenantMedia;
  /** Of a callee that is not the stage's own switchboard. */
  readonly nextPort?: number;
}

/** What must be installed; undefined when something is not. */
export interface MatrixPrograms {
  readonly rtpengine: string;
  readonly libsrtp: { readonly path: string; remove(): void };
}

export function matrixPrograms(): MatrixPrograms | undefined {
  const rtpengine = requirePeer('rtpengine');
  const source = new URL('../libsrtp-phone.c', import.meta.url);
  const libsrtp = requireBuilt(requirePeer('cc'), source, { header: 'srtp2/srtp.h', library: 'srtp2' });
  return rtpengine !== undefined && libsrtp !== undefined ? { rtpengine, libsrtp } : undefined;
}

export class MatrixStage {
  readonly node: WholeNode;
  readonly board: Switchboard;
  readonly #programs: MatrixPrograms;
  readonly #engine: Rtpengine;

  private constructor(parts: { node: WholeNode; board: Switchboard; engine: Rtpengine; programs: MatrixPrograms }) {
    this.node = parts.node;
    this.board = parts.board;
    this.#engine = parts.engine;
    this.#programs = parts.programs;
  }

  static async start(programs: MatrixPrograms, tenants: readonly MatrixTenant[]): Promise<MatrixStage> {
    const board = await Switchboard.open();
    const planned = tenants.map(({ number, media, nextPort = board.port }) => {
      return { id: `t${number}`, number, next: [`sip:127.0.0.1:${nextPort}`], media };
    });
    const [node, engine] = await Promise.all([
      WholeNode.startWith({ tenants: planned }),
      Rtpengine.start(programs.rtpengine),
    ]);
    return new MatrixStage({ node, board, engine, programs });
  }

  rtpengine(options: Omit<RtpengineEndOptions, 'engine'>): Promise<RtpengineEnd> {
    return RtpengineEnd.open({ ...options, engine: this.#engine });
  }

  libsrtp(options: Omit<LibsrtpOptions, 'program'>): Promise<LibsrtpMedia> {
    return LibsrtpMedia.start({ ...options, program: this.#programs.libsrtp.path });
  }

  dial(number: string, caller: MediaEnd, callee: MediaEnd): Promise<MatrixCall> {
    return MatrixCall.dial(this.board, { number, sipPort: this.node.sipPort, caller, callee });
  }

  /** Packets that the node let fall, by reason; none is 0. */
  async dropped(...reasons: readonly string[]): Promise<number> {
    const counts = await Promise.all(
      reasons.map((reason) => this.node.metric('earshot_media_dropped_total', { reason })),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Those that were forged, repeated or too late. */
  refused(): Promise<number> {
    return this.dropped('srtp_unauthentic', 'srtp_replayed', 'srtp_too_old', 'srtcp_unencrypted');
  }

  async stop(): Promise<void> {
    await this.board.stop();
    await Promise.all([this.node.stop(), this.#engine.stop()]);
    this.#programs.libsrtp.remove();
  }
}
