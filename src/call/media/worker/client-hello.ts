/** Recognises the first words of a DTLS handshake in a datagram (RFC 6347 §4.1, §4.2.2). It vouches for nothing. */

/*
 *   | type 1 | version 2 | epoch 2 | sequence 6 | length 2 |                          record, 13 bytes
 *   | type 1 | length 3 | message 2 | fragment offset 3 | fragment length 3 |         handshake, 12 bytes
 *   | version 2 | random 32 | session id 1 + n | cookie 1 + n | …                     ClientHello
 */
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const HELLO_VERIFY_REQUEST = 3;
const RECORD_BYTES = 13;
const RANDOM_AT = 27;
const SESSION_ID_AT = 59;

/** Whether a client begins here: an unencrypted record that starts with the start of a ClientHello. */
export function isClientHello(datagram: Uint8Array): boolean {
  return isHandshakeMessage(datagram, CLIENT_HELLO) && datagram.length > SESSION_ID_AT;
}

/** The client's random, a view; the same in every repetition of one handshake, and in its answer to a cookie. */
export function clientRandom(hello: Buffer): Buffer {
  return hello.subarray(RANDOM_AT, SESSION_ID_AT);
}

/** Whether a ClientHello brings a cookie back: from here on a server works for it. */
export function hasCookie(hello: Uint8Array): boolean {
  const cookieAt = SESSION_ID_AT + 1 + (hello[SESSION_ID_AT] ?? 0);
  return (hello[cookieAt] ?? 0) > 0;
}

/** Whether a server only asks its client to prove an address. */
export function isHelloVerifyRequest(datagram: Uint8Array): boolean {
  return isHandshakeMessage(datagram, HELLO_VERIFY_REQUEST);
}

/** Whether it may be the rest of a ClientHello that took more than one datagram. */
export function isOpenHandshake(datagram: Uint8Array): boolean {
  return datagram.length > RECORD_BYTES && datagram[0] === HANDSHAKE && datagram[3] === 0 && datagram[4] === 0;
}

function isHandshakeMessage(datagram: Uint8Array, type: number): boolean {
  const isFirstFragment = datagram[19] === 0 && datagram[20] === 0 && datagram[21] === 0;
  return isOpenHandshake(datagram) && datagram[RECORD_BYTES] === type && isFirstFragment;
}
