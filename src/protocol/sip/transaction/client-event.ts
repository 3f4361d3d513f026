/** What a client transaction asks of its owner: a closed list, in the order it is to be done. */

export type ClientEvent =
  /** Send these bytes to the stored target: a repetition, or an ACK. */
  | { readonly kind: 'send'; readonly bytes: Buffer }
  /** Hand the response just received on. */
  | { readonly kind: 'deliver' }
  /** The time for the CANCEL has come: something answered provisionally, so there is something to cancel. */
  | { readonly kind: 'send_cancel' }
  /** Silence for as long as another next hop should wait for this one. Said once. */
  | { readonly kind: 'impatient' }
  /** Timer C: it rang too long. The owner is to cancel. */
  | { readonly kind: 'rang_too_long' }
  /** The request did not leave, or was lost with its connection (RFC 3261 §18.4). What still comes is absorbed. */
  | { readonly kind: 'unsent' }
  /** No final response will come any more; the transaction is over. */
  | { readonly kind: 'timeout' };

export interface ClientOptions {
  /** The request's bytes as first sent; they are sent again as they are. */
  readonly request: Buffer;
  readonly nowMs: number;
  /** How long to wait for a first sign before saying `impatient`; leave out where there is nobody else to try. */
  readonly patienceMs?: number;
  /** Over a transport that delivers nothing is repeated, and no repetition is waited for (§17.1.1.2, §17.1.2.2). */
  readonly reliable?: boolean;
}
