/**
 * What the clear part of a DTLS datagram says of itself (RFC 6347 §4.1, §4.2.2). None of it is authentic: it may decide
 * which association gets a datagram, never what becomes of one.
 *
 * A ClientHello may come where an association is done: the peer begins anew on the same addresses (RFC 5764 §5.1.2).
 * Anybody can send one with the peer's address on it, so it may cost the old association nothing: give it to another
 * association, made with cookies even behind ICE; go on with the old keys until that one is done, which it is only with
 * the certificate that signaling named; then send with the new ones, and keep the old receiving keys until a packet has
 * been verified by the new. Where we are the active side a ClientHello means nothing: signaling settled who sends it.
 */

/**
 *      0      1         3       5          11       13     14       17        19     22     25
 *     ┌──────┬─────────┬───────┬──────────┬────────┬──────┬────────┬─────────┬──────┬──────┬─
 *     │ type │ version │ epoch │ sequence │ length │ type │ length │ message │ from │ size │  fragment
 *     └──────┴─────────┴───────┴──────────┴────────┴──────┴────────┴─────────┴──────┴──────┴─
 *     │◀───────────── record ─────────────────────▶│◀───────── handshake message ─────────▶│
 *
 *      25        27       59              60 + n
 *     ┌─────────┬────────┬───────────────┬────────────┬─
 *     │ version │ random │ n, session id │ m, cookie  │  ClientHello
 *     └─────────┴────────┴───────────────┴────────────┴─
 */
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const HELLO_VERIFY_REQUEST = 3;
const RECORD_BYTES = 13;
const FRAGMENT_FROM_AT = 19;
const FRAGMENT_AT = 25;
const RANDOM_AT = 27;
const SESSION_ID_AT = 59;

/** Whether a client begins a handshake here: the first record, in the clear, has the start of a ClientHello. */
export function isClientHello(datagram: Uint8Array): boolean {
  return isStartOf(datagram, CLIENT_HELLO) && datagram.length > SESSION_ID_AT;
}

/** Whether a server only asks its client to prove an address. */
export function isHelloVerifyRequest(datagram: Uint8Array): boolean {
  return isStartOf(datagram, HELLO_VERIFY_REQUEST);
}

/** The random of a ClientHello, a view: the same in its repetitions and where it brings a cookie back. */
export function clientRandom(hello: Buffer): Buffer {
  return hello.subarray(RANDOM_AT, SESSION_ID_AT);
}

/** Whether a ClientHello brings a cookie back: one that is good makes a server work. */
export function hasCookie(hello: Uint8Array): boolean {
  const cookieAt = SESSION_ID_AT + 1 + (hello[SESSION_ID_AT] ?? 0);
  return (hello[cookieAt] ?? 0) > 0;
}

/** Whether it may be the rest of a ClientHello that took more than one datagram: a handshake in the clear. */
export function isOpenHandshake(datagram: Uint8Array): boolean {
  return datagram.length > RECORD_BYTES && datagram[0] === HANDSHAKE && datagram[3] === 0 && datagram[4] === 0;
}

function isStartOf(datagram: Uint8Array, message: number): boolean {
  if (datagram.length <= FRAGMENT_AT || datagram[0] !== HANDSHAKE || datagram[RECORD_BYTES] !== message) return false;
  const isDtls = datagram[1] === 0xfe;
  const isInTheClear = datagram[3] === 0 && datagram[4] === 0;
  const isFirstFragment =
    datagram[FRAGMENT_FROM_AT] === 0 && datagram[FRAGMENT_FROM_AT + 1] === 0 && datagram[FRAGMENT_FROM_AT + 2] === 0;
  return isDtls && isInTheClear && isFirstFragment;
}
