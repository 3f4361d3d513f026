/** A phone with plain RTP and nothing between it and the node. */

import { audioPort, placeOf, plainSdp } from './describe.ts';
import type { MediaCounts, MediaEnd } from './media-end.ts';
import { NumberedMedia } from './numbered-media.ts';

export class PlainEnd implements MediaEnd {
  readonly media: NumberedMedia;
  /** The last offer or answer of its peer. */
  heardSdp = '';

  private constructor(media: NumberedMedia) {
    this.media = media;
  }

  static async open(firstSequence: number): Promise<PlainEnd> {
    return new PlainEnd(await NumberedMedia.open(firstSequence));
  }

  offer(): Promise<string> {
    return Promise.resolve(this.#describe());
  }

  answer(offer: string): Promise<string> {
    return Promise.resolve(this.reanswer(offer));
  }

  accept(answer: string): Promise<void> {
    this.#take(answer);
    return Promise.resolve();
  }

  reanswer(offer: string): string {
    this.#take(offer);
    return this.#describe();
  }

  send(packets: number, reportEvery: number): void {
    this.media.send(packets, reportEvery);
  }

  counts(): Promise<MediaCounts> {
    return Promise.resolve(this.media.counts);
  }

  stop(): Promise<void> {
    return this.media.close();
  }

  #take(sdp: string): void {
    this.heardSdp = sdp;
    if (audioPort(sdp) > 0) this.media.target = placeOf(sdp);
  }

  #describe(): string {
    return plainSdp(this.media.rtp.port);
  }
}
