/**
 * The session parameters of a crypto line (RFC 4568 §6.3): says which of them stands in the way. What is not known to be
 * harmless changes what is on the wire, so it does.
 */

/** `unencrypted` and `unauthenticated` would have us carry speech in clear, or speech that anybody may change. */
export type BarredParameter = 'unencrypted' | 'unauthenticated' | 'fec' | 'kdr' | 'parameter';

/** Why these parameters cannot be accepted: the worst of them first, whatever their order. Undefined when they can. */
export function findBarredParameter(parameters: readonly string[]): BarredParameter | undefined {
  const barred = new Set(parameters.map(judge));
  return BY_GRAVITY.find((reason) => barred.has(reason));
}

const BY_GRAVITY = ['unencrypted', 'unauthenticated', 'fec', 'kdr', 'parameter'] as const;

function judge(parameter: string): BarredParameter | undefined {
  // Marked by its sender as one that may be ignored (RFC 4568 §6.3.7).
  if (parameter.startsWith('-')) return undefined;
  const [name = '', value = ''] = parameter.toUpperCase().split('=', 2);
  switch (name) {
    case 'UNENCRYPTED_SRTP':
    case 'UNENCRYPTED_SRTCP':
      return 'unencrypted';
    case 'UNAUTHENTICATED_SRTP':
      return 'unauthenticated';
    case 'FEC_ORDER':
    case 'FEC_KEY':
      return 'fec';
    case 'KDR':
      return value === '0' ? undefined : 'kdr';
    case 'WSH':
      // A hint at the sender's reordering; our window is wider than its least (RFC 3711 §3.3.2).
      return /^\d{1,9}$/.test(value) ? undefined : 'parameter';
    default:
      return 'parameter';
  }
}
