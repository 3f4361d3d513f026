/**
 * Reads where a peer wants its media: `c=`, `o=` and `a=rtcp`, as text. Whether an address is one we may send to is
 * for the caller to judge; nothing is resolved here.
 */

import { attributeValues } from './attribute.ts';
import type { Sdp, SdpSection } from './description.ts';

export interface Connection {
  readonly family: 4 | 6;
  /** As written; may be a host name. */
  readonly address: string;
  /** Whether a TTL or address count follows: multicast (RFC 8866 §5.7). */
  readonly isMulticast: boolean;
}

/** The `c=` that holds for `section`: its own, else the session's; undefined when there is none, or several. */
export function readConnection(sdp: Sdp, section: SdpSection): Connection | undefined {
  const own = section.lines.filter((line) => line.type === 'c');
  const lines = own.length > 0 ? own : sdp.session.lines.filter((line) => line.type === 'c');
  const only = lines.length === 1 ? lines[0] : undefined;
  return only && parseConnection(only.value);
}

/** Reads `IN IP4 192.0.2.1` and its like. */
export function parseConnection(value: string): Connection | undefined {
  const found = /^IN +IP([46]) +([^\s/]+)(\/[\d/]+)? *$/i.exec(value);
  if (!found?.[2]) return undefined;
  return { family: found[1] === '6' ? 6 : 4, address: found[2], isMulticast: found[3] !== undefined };
}

export interface RtcpAddress {
  readonly port: number;
  /** Absent: the address of `c=`. */
  readonly connection: Connection | undefined;
}

/** Reads `a=rtcp:port [IN IP4 address]` (RFC 3605 §2.1); undefined when absent or unreadable. */
export function readRtcp(section: SdpSection): RtcpAddress | undefined {
  const found = /^(\d{1,5})(?: +(.+))?$/.exec(attributeValues(section, 'rtcp')[0]?.trim() ?? '');
  if (!found) return undefined;
  const port = Number(found[1]);
  if (port === 0 || port > 65_535) return undefined;
  return { port, connection: found[2] === undefined ? undefined : parseConnection(found[2]) };
}
