/**
 * A flow: the way a peer came by that cannot be called back, because it sits behind a NAT or in a browser (RFC 5626,
 * RFC 7118). Written into our route tokens and read from them again; whether it still stands is the transport's to say.
 *
 * ```
 *   1 byte        connection: 8 bytes          datagram: 1 byte     4 or 16 bytes   2 bytes
 *   marks, kind | id of the connection        | our listener       | its address   | its port
 * ```
 */

import { readIpAddress } from './ip-address.ts';

export type Flow =
  /** A connection, by the random name it has in this life of the process; `isOnly` when there is no other way. */
  | { readonly kind: 'connection'; readonly id: string; readonly isOnly: boolean }
  /** Where datagrams came from, and which of the interface's listeners they came to: a NAT knows only that pair. */
  | { readonly kind: 'datagram'; readonly listener: number; readonly address: string; readonly port: number };

/** Of the two ends of a dialog, those that are reached by their flow. */
export interface Flows {
  readonly caller?: Flow | undefined;
  readonly callee?: Flow | undefined;
}

/** Characters of a connection's name, hexadecimal. */
export const FLOW_ID_CHARS = 16;
const ID_BYTES = FLOW_ID_CHARS / 2;
const CONNECTION = 0;
const DATAGRAM_4 = 1;
const DATAGRAM_6 = 2;
const CALLEE = 0x10;
const NOT_ONLY = 0x20;

/** Nothing for no flows. An address that is no literal cannot be written and is left out. */
export function writeFlows(flows: Flows): Buffer {
  const parts = (['caller', 'callee'] as const).map((side) => {
    const flow = flows[side];
    return flow ? writeFlow(flow, side === 'callee' ? CALLEE : 0) : Buffer.alloc(0);
  });
  return Buffer.concat(parts);
}

/** Undefined when these bytes were not written by us. */
export function readFlows(bytes: Buffer): Flows | undefined {
  const flows: { caller?: Flow; callee?: Flow } = {};
  let at = 0;
  while (at < bytes.length) {
    const head = bytes.readUInt8(at);
    const size = { [CONNECTION]: ID_BYTES, [DATAGRAM_4]: 7, [DATAGRAM_6]: 19 }[head & 0x0f];
    const side = (head & CALLEE) === CALLEE ? 'callee' : 'caller';
    if (size === undefined || at + 1 + size > bytes.length || flows[side]) return undefined;
    flows[side] = readFlow(head, bytes.subarray(at + 1, at + 1 + size));
    at += 1 + size;
  }
  return flows;
}

function writeFlow(flow: Flow, side: number): Buffer {
  if (flow.kind === 'connection') {
    const head = side | CONNECTION | (flow.isOnly ? 0 : NOT_ONLY);
    return Buffer.concat([Buffer.of(head), Buffer.from(flow.id, 'hex')]);
  }
  const address = readIpAddress(flow.address);
  if (!address) return Buffer.alloc(0);
  const kind = address.length === 4 ? DATAGRAM_4 : DATAGRAM_6;
  const port = Buffer.of(flow.port >> 8, flow.port & 0xff);
  return Buffer.concat([Buffer.of(side | kind, flow.listener), address, port]);
}

function readFlow(head: number, value: Buffer): Flow {
  if ((head & 0x0f) === CONNECTION) {
    return { kind: 'connection', id: value.toString('hex'), isOnly: (head & NOT_ONLY) === 0 };
  }
  const octets = value.subarray(1, value.length - 2);
  const address = octets.length === 4 ? octets.join('.') : octets.toString('hex').replace(/(.{4})(?=.)/g, '$1:');
  return { kind: 'datagram', listener: value.readUInt8(0), address, port: value.readUInt16BE(value.length - 2) };
}
