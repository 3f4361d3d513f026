/**
 * The master key identifier that packets carry when signaling said so (RFC 3711 §3.1). It is not authenticated and
 * chooses nothing here: one transform has one key, and demands exactly that key's identifier.
 */

export const NO_MKI: Uint8Array = new Uint8Array(0);

/** Whether `mki` stands in `packet` at `at`; always, when it is empty. */
export function isMkiAt(packet: Uint8Array, at: number, mki: Uint8Array): boolean {
  for (let i = 0; i < mki.length; i++) {
    if (packet[at + i] !== mki[i]) return false;
  }
  return true;
}
