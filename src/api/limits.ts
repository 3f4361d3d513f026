/** Every limit of the API in one place: sizes in bytes, times in ms, rates per minute. */

export const LIMITS = {
  /** A request's body, unless the route says otherwise. */
  bodyBytes: 64 * 1024,
  /** The declarative document. */
  documentBytes: 4 * 1024 * 1024,
  /** A packed policy bundle: as much as policy itself takes. */
  bundleBytes: 2 * 1024 * 1024,
  /** Longer than any token, so that nothing longer is hashed. */
  bearerChars: 128,
  connections: 256,
  /** Until a request's headers, and until all of it, have come. */
  headersMs: 5000,
  requestMs: 30_000,
  keepAliveMs: 10_000,
  /** A reader of lines who takes none for this long is let go. */
  stalledMs: 60_000,
  /** How often it is asked whether somebody who reads lines still may. */
  recheckMs: 5000,
  streams: 64,
  streamsAToken: 8,
  /** Problems named in one answer. */
  problems: 64,
  perToken: 1200,
  /** What keeps the main thread busy, or fills the disk: documents and bundles. */
  perTokenHeavy: 20,
  perAddress: 300,
  failuresPerAddress: 30,
} as const;
