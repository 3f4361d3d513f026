/** `earshot.yaml`: this node only. Tenants, routes and processors are in the declarative document. */

import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { z } from 'zod';

const port = z.int().min(1).max(65535);
const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and hyphens');
const address = z.string().refine((text) => isIP(text) !== 0, 'must be an IP address');
const hostPort = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'must be ADDRESS:PORT')
  .transform((text) => {
    const colon = text.lastIndexOf(':');
    return { address: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
  })
  .refine((at) => isIP(at.address) !== 0, 'must start with an IP address')
  .refine((at) => at.port >= 1 && at.port <= 65535, 'must end with a port from 1 to 65535');

/** A secret by reference, so that the file itself may be read by anybody; or, for trying things out, as it is. */
const secret = z.union(
  [z.string().min(1), z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })],
  { error: 'must be a URL, {env: VARIABLE} or {file: PATH}' },
);

/** A key is never written into the file itself. */
const keyReference = z.union(
  [z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })],
  {
    error: 'must be {env: VARIABLE} or {file: PATH}',
  },
);

const interfaceSchema = z.strictObject({
  name,
  /** Where SIP is listened for, `ADDRESS:PORT`, over UDP. */
  sip: hostPort,
  /** Host written into Via and Record-Route; the bound address when absent. */
  advertised: z.string().min(1).max(253).optional(),
  media: z.strictObject({
    bind: address,
    /** Address written into SDP; the bound one when absent. */
    advertised: address.optional(),
    ports: z
      .strictObject({ from: port, to: port })
      .refine((range) => range.to - range.from >= 3, 'must hold at least four ports'),
  }),
});

const defaultInterface = {
  name: 'local',
  sip: '127.0.0.1:5060',
  media: { bind: '127.0.0.1', ports: { from: 20_000, to: 23_999 } },
} as const;

export const nodeConfigSchema = z
  .strictObject({
    /** Name of this node in every ledger entry. */
    node: name.default(() => defaultNodeName()),
    /** Where this node keeps its sockets, keys and, on trial, its database. */
    stateDir: z.string().min(1).optional(),
    interfaces: z
      .array(interfaceSchema)
      .min(1)
      .max(32)
      .default(() => [interfaceSchema.parse(defaultInterface)]),
    call: z
      .strictObject({
        mediaWorkers: z.int().min(1).max(64).default(1),
        /** Bound RTP/RTCP pairs kept ready per interface and media worker. */
        reservePairs: z.int().min(2).max(512).default(32),
        maxCalls: z.int().min(1).max(100_000).default(2000),
        /** A dialog without SIP or media for this long is taken for dead. */
        sweepIdleMs: z.int().min(1000).default(1_800_000),
      })
      .prefault({}),
    governance: z.strictObject({ audioWorkers: z.int().min(1).max(64).default(1) }).prefault({}),
    supervisor: z
      .strictObject({
        /** Health, metrics and status over HTTP. */
        http: hostPort.prefault('127.0.0.1:9464'),
        /** A governance process silent for this long is killed and started again. */
        hangMs: z.int().min(1000).default(10_000),
        /** Ask the kernel to run the call plane before, and governance after, everything else. */
        scheduling: z.boolean().default(true),
      })
      .prefault({}),
    /** The API over TCP, for whoever has a token; the node's own socket is always there. */
    api: z
      .strictObject({
        http: hostPort.prefault('127.0.0.1:9465'),
        /** PEM files. Anything but a loopback address takes them. */
        tls: z.strictObject({ cert: z.string().min(1), key: z.string().min(1) }).optional(),
      })
      .prefault({}),
    /** Where `root-read` comes from, 32 bytes in hex; absent: made once in the state directory. */
    keys: z.strictObject({ rootRead: keyReference }).optional(),
    /** Absent: an embedded Postgres for trial. Otherwise one URL per role. */
    database: z.strictObject({ owner: secret, writer: secret, query: secret, app: secret, reader: secret }).optional(),
    /** JSON lines on stderr. Ordinary running says nothing at `warn`. */
    log: z.strictObject({ level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('warn') }).prefault({}),
    /** Declarative document an empty database is given, once. From then on `earshot apply` changes it. */
    seed: z.string().min(1).optional(),
  })
  .superRefine((config, context) => {
    if (config.api.tls === undefined && !isLoopback(config.api.http.address)) {
      const message = 'must be a loopback address unless api.tls is set';
      context.addIssue({ code: 'custom', path: ['api', 'http'], message });
    }
    const seen = new Set<string>();
    config.interfaces.forEach((item, index) => {
      const { name, sip } = item;
      for (const [key, value] of [
        ['name', name],
        ['sip', `${sip.address}:${sip.port}`],
      ] as const) {
        const message = 'is used twice';
        if (seen.has(`${key} ${value}`))
          context.addIssue({ code: 'custom', path: ['interfaces', index, key], message });
        seen.add(`${key} ${value}`);
      }
    });
  });

export type NodeConfig = z.output<typeof nodeConfigSchema>;
export type NodeInterface = NodeConfig['interfaces'][number];
export type SecretReference = z.output<typeof secret>;

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

function defaultNodeName(): string {
  const plain = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63);
  return plain === '' ? 'node' : plain;
}
