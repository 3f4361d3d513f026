/** What every phone of the matrix is to its SIP: something that describes itself, is told of its peer, and counts. */

/** What a phone counted. Everything but what was sent and received must be 0 on a good call. */
export interface MediaCounts {
  readonly sent: number;
  readonly received: number;
  readonly repeated: number;
  /** Came, but not as it was sent. */
  readonly altered: number;
  /** Not opened: of a phone whose SRTP somebody else opens, always 0. */
  readonly refused: number;
  readonly reportsSent: number;
  readonly reportsReceived: number;
  readonly reportsAltered: number;
  readonly reportsRefused: number;
}

export interface MediaEnd {
  /** An offer; the same again when nothing changed. */
  offer(): Promise<string>;
  /** Takes an offer, answers it, and is ready. */
  answer(offer: string): Promise<string>;
  /** Takes the answer to its offer, and is ready. */
  accept(answer: string): Promise<void>;
  /** Answers an offer within the call at once. */
  reanswer(offer: string): string;
  /** Begins to send so many packets, and a report after each `reportEvery` of them. */
  send(packets: number, reportEvery: number): void;
  counts(): Promise<MediaCounts>;
  stop(): Promise<void>;
}

/** The numbers that say that something went wrong. */
export const NOTHING_WRONG = { repeated: 0, altered: 0, refused: 0, reportsAltered: 0, reportsRefused: 0 };
