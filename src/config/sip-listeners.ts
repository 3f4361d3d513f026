/**
 * The SIP listeners of one interface as `earshot.yaml` writes them: `ADDRESS:PORT` for UDP, or a list of listeners of
 * any transport. Read into one list in which every listener says everything of itself. It opens no file and no socket.
 */

import { isIP } from 'node:net';
import { z } from 'zod';

/** `ADDRESS:PORT`, IPv6 in brackets. */
export const hostPort = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'must be ADDRESS:PORT')
  .transform((text) => {
    const colon = text.lastIndexOf(':');
    return { address: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
  })
  .refine((at) => isIP(at.address) !== 0, 'must start with an IP address')
  .refine((at) => at.port >= 1 && at.port <= 65535, 'must end with a port from 1 to 65535');

/** What others reach a listener by: a name or an address, and a port where it is another than the one listened at. */
const advertised = z
  .string()
  .max(260)
  .regex(/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+|[0-9a-fA-F:]+)(:\d{1,5})?$/, 'must be HOST or HOST:PORT')
  .transform((text) => {
    // Many colons and no brackets: an IPv6 address alone.
    const at = /^(.*):(\d{1,5})$/.exec(isIP(text) === 6 ? '' : text);
    return { host: (at?.[1] ?? text).replace(/^\[|\]$/g, ''), port: at ? Number(at[2]) : undefined };
  })
  .refine(({ port }) => port === undefined || (port >= 1 && port <= 65535), 'must end with a port from 1 to 65535');

const pemFile = z.string().min(1).max(4096);

const tlsServer = z
  .strictObject({
    /** PEM files: our certificate with its chain, and its key. */
    cert: pemFile,
    key: pemFile,
    /** PEM file with the authorities of client certificates. */
    ca: pemFile.optional(),
    /** Whether a client without a certificate of theirs is turned away. */
    requireClientCertificate: z.boolean().default(false),
  })
  .refine((tls) => !tls.requireClientCertificate || tls.ca !== undefined, {
    path: ['ca'],
    message: 'is missing: without it nobody could say whose client certificates are required',
  });

const listener = z
  .strictObject({
    transport: z.enum(['udp', 'tcp', 'tls', 'ws', 'wss']),
    listen: hostPort,
    advertised: advertised.optional(),
    tls: tlsServer.optional(),
    /** WebSockets only: the one path that is served; any when left out. */
    path: z
      .string()
      .max(512)
      .regex(/^\/[^\s?#]*$/, 'must begin with a slash')
      .optional(),
    /** WebSockets only: origins of the pages that may call, or `*`. Clients that are no browsers send none. */
    origins: z.array(z.string().min(1).max(512)).max(64).optional(),
  })
  .superRefine(({ transport, tls, path, origins }, context) => {
    const refuse = (key: string, message: string): void => context.addIssue({ code: 'custom', path: [key], message });
    const isSecure = transport === 'tls' || transport === 'wss';
    const isWebSocket = transport === 'ws' || transport === 'wss';
    if (isSecure && tls === undefined) refuse('tls', `is missing: ${transport} needs {cert, key}`);
    if (!isSecure && tls !== undefined) refuse('tls', `has no meaning with transport ${transport}`);
    if (!isWebSocket && path !== undefined) refuse('path', `has no meaning with transport ${transport}`);
    if (!isWebSocket && origins !== undefined) refuse('origins', `has no meaning with transport ${transport}`);
  })
  .transform(({ listen, ...rest }) => ({ ...listen, ...rest }));

type ListenerOfList = z.output<typeof listener>;

/** How this interface presents itself to TLS servers, and whom it believes. */
export const tlsClient = z
  .strictObject({
    /** PEM file with the authorities of servers; the system's when left out. */
    ca: pemFile.optional(),
    cert: pemFile.optional(),
    key: pemFile.optional(),
    /** False: any certificate is taken. For trying things out only. */
    verify: z.boolean().default(true),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    message: 'must name cert and key, or neither',
  });

const MAX_LISTENERS = 16;
const UNKNOWN_KEY = 'is not a known key';

const listOfListeners = z
  .array(listener, {
    error: ({ input }) => (input === undefined ? undefined : 'must be ADDRESS:PORT, or a list of listeners'),
  })
  .min(1, 'must hold at least one listener')
  .max(MAX_LISTENERS);
const lonePlace = hostPort.transform((at): ListenerOfList[] => [{ transport: 'udp', ...at }]);

/** One UDP place, or a list. What is wrong is said of the form that was meant: a union would only say that neither fits. */
export const sipListeners = z.unknown().transform((value, context): ListenerOfList[] => {
  const read = (typeof value === 'string' ? lonePlace : listOfListeners).safeParse(value);
  if (read.success) return read.data;
  for (const issue of read.error.issues) {
    const { path } = issue;
    if (issue.code !== 'unrecognized_keys') context.addIssue({ code: 'custom', path, message: issue.message });
    else for (const key of issue.keys) context.addIssue({ code: 'custom', path: [...path, key], message: UNKNOWN_KEY });
  }
  return z.NEVER;
});

export type SipListener = z.output<typeof sipListeners>[number];
export type TlsServerFiles = NonNullable<SipListener['tls']>;
export type TlsClientFiles = z.output<typeof tlsClient>;

/** What no two listeners of a node can have in common: UDP has ports of its own, all else shares those of TCP. */
export function socketOf({ transport, address, port }: Pick<SipListener, 'transport' | 'address' | 'port'>): string {
  return `${transport === 'udp' ? 'udp' : 'tcp'} ${address}:${port}`;
}
