/** Index state of one SSRC under one key, as data: what must outlive a worker so that no index is used or taken twice. */

import { ReplayWindow } from './replay-window.ts';
import { rocOf, SEQUENCES } from './packet-index.ts';

export interface SsrcIndexState {
  readonly ssrc: number;
  readonly roc: number;
  /** -1 when no RTP packet has been counted yet. */
  readonly highestSequence: number;
  /** SRTCP index of the highest packet, -1 for none. */
  readonly rtcpIndex: number;
}

/** The living form: a window over RTP indices and one over SRTCP indices. */
export class SsrcIndices {
  readonly rtp: ReplayWindow;
  readonly rtcp: ReplayWindow;

  constructor(state?: SsrcIndexState) {
    const hasRtp = state !== undefined && state.highestSequence >= 0;
    this.rtp = new ReplayWindow(hasRtp ? state.roc * SEQUENCES + state.highestSequence : -1);
    this.rtcp = new ReplayWindow(state?.rtcpIndex ?? -1);
  }

  toState(ssrc: number): SsrcIndexState {
    const { highest } = this.rtp;
    return {
      ssrc,
      roc: highest < 0 ? 0 : rocOf(highest),
      highestSequence: highest < 0 ? -1 : highest % SEQUENCES,
      rtcpIndex: this.rtcp.highest,
    };
  }
}
