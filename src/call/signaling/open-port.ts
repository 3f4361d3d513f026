/** What is asked for when a UDP port is opened, whichever kind of socket it gets. It opens nothing. */

import type { Remote, SipPort } from './transport/sip-port.ts';

export interface OpenPortOptions {
  readonly address: string;
  readonly port: number;
  readonly onDatagram: (bytes: Buffer, from: Remote) => void;
  /** A content-free code such as `ENETUNREACH`. */
  readonly onError: (code: string) => void;
}

/** Rejects with the system's error. */
export type OpenPort = (options: OpenPortOptions) => Promise<SipPort>;

export function familyOf({ address }: Pick<OpenPortOptions, 'address'>): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

/** Whether something can be sent there at all: a datagram may claim to come from port 0. */
export function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port <= 0xffff;
}
