/** A next hop as people write it, `sip:HOST[:PORT][;transport=…]`, and as it is kept. */

import { isIP } from 'node:net';
import { z } from 'zod';
import { assert } from '../base/assert.ts';
import { TRANSPORTS, type NextHop, type Transport } from '../model/tenant.ts';

/** Documents stored by the first release hold the parts. */
const storedHop = z
  .strictObject({ host: z.string(), port: z.int(), transport: z.literal('udp') })
  .transform((hop) => writeHop(hop));

export const nextHop = z.preprocess(
  (value) => storedHop.safeParse(value).data ?? value,
  z
    .string()
    .max(256)
    .refine((text) => parseHop(text) !== undefined, `must be sip:HOST[:PORT][;transport=${TRANSPORTS.join('|')}]`)
    .transform((text) => {
      const hop = parseHop(text);
      return hop === undefined ? text : writeHop(hop);
    }),
);

/** Reads a next hop that was checked before. */
export function readHop(text: string): NextHop {
  const hop = parseHop(text);
  assert(hop, 'a document that was checked has next hops that can be read');
  return hop;
}

/**
 * The hop as text. UDP goes without saying where a port is named; a name without one is located by DNS, and by NAPTR
 * too where no transport is named (RFC 3263 §4.1).
 */
export function writeHop({ host, port, transport }: NextHop): string {
  const named = host.includes(':') ? `[${host}]` : host;
  const at = port === undefined ? '' : `:${port}`;
  const by = transport === undefined || (transport === 'udp' && port !== undefined) ? '' : `;transport=${transport}`;
  return `sip:${named}${at}${by}`;
}

function parseHop(text: string): NextHop | undefined {
  const found = /^sip:(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(?::(\d{1,5}))?(?:;transport=([a-z]+))?$/.exec(text);
  const host = found?.[1]?.replace(/^\[|\]$/g, '');
  const transport = TRANSPORTS.find((name) => name === found?.[3]);
  if (host === undefined || (found?.[3] !== undefined && transport === undefined)) return undefined;
  if (found?.[2] === undefined && isIP(host) === 0) return { host, port: undefined, transport };
  const port = Number(found?.[2] ?? defaultPort(transport ?? 'udp'));
  return port < 1 || port > 65_535 ? undefined : { host, port, transport: transport ?? 'udp' };
}

/** RFC 3261 §19.1.2, RFC 7118 §5.2.1. */
function defaultPort(transport: Transport): number {
  return { udp: 5060, tcp: 5060, tls: 5061, ws: 80, wss: 443 }[transport];
}
