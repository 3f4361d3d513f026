/**
 * What a scanned session description looks like: lines with their place in the bytes, in sections (RFC 8866 §5).
 * Types only; nothing here knows what a line means beyond its letter.
 */

/** One `x=value` line. Offsets are bytes from the start of the description. */
export interface SdpLine {
  readonly type: string;
  /** What follows `x=`, one latin1 character per byte, without the line end. */
  readonly value: string;
  readonly at: number;
  /** First byte of the line end, or of nothing when the last line has none. */
  readonly end: number;
  /** First byte of the next line. */
  readonly next: number;
}

/** The session part, or one media description with its `m=` line first. */
export interface SdpSection {
  readonly lines: readonly SdpLine[];
  readonly at: number;
  readonly end: number;
}

/** A token of a line and where its bytes are. */
export interface Token<Value> {
  readonly value: Value;
  readonly at: number;
  readonly length: number;
}

/** `m=media port/count proto fmt …` (RFC 8866 §5.14). */
export interface MediaLine {
  /** Lower case. */
  readonly media: string;
  readonly port: Token<number>;
  readonly portCount: number;
  readonly proto: Token<string>;
  readonly formats: readonly string[];
}

export interface MediaSection extends SdpSection {
  readonly media: MediaLine;
}

export interface Sdp {
  readonly session: SdpSection;
  readonly media: readonly MediaSection[];
  /** Line end of this description: what inserted lines are given. */
  readonly eol: '\r\n' | '\n';
}
