/** A plain phone that says whatever a test has it say, and sends its media as if that were agreed. */

import { audioPort, placeOf } from './describe.ts';
import type { MediaCounts, MediaEnd } from './media-end.ts';
import { NumberedMedia } from './numbered-media.ts';

/** The answer to `offer` of a phone whose RTP is at that port. */
export type Script = (offer: string, rtpPort: number) => string;

export interface Lines {
  readonly offer?: string;
  readonly answer?: Script;
}

export class ScriptedEnd implements MediaEnd {
  readonly #media: NumberedMedia;
  readonly #lines: Lines;

  private constructor(media: NumberedMedia, lines: Lines) {
    this.#media = media;
    this.#lines = lines;
  }

  static async open(lines: Lines): Promise<ScriptedEnd> {
    return new ScriptedEnd(await NumberedMedia.open(1), lines);
  }

  offer(): Promise<string> {
    return Promise.resolve(this.#lines.offer ?? '');
  }

  accept(answer: string): Promise<void> {
    if (audioPort(answer) > 0) this.#media.target = placeOf(answer);
    return Promise.resolve();
  }

  answer(offer: string): Promise<string> {
    return Promise.resolve(this.reanswer(offer));
  }

  reanswer(offer: string): string {
    if (audioPort(offer) > 0) this.#media.target = placeOf(offer);
    return this.#lines.answer?.(offer, this.#media.rtp.port) ?? '';
  }

  send(packets: number, reportEvery: number): void {
    this.#media.send(packets, reportEvery);
  }

  counts(): Promise<MediaCounts> {
    return Promise.resolve(this.#media.counts);
  }

  stop(): Promise<void> {
    return this.#media.close();
  }
}
