/** `earshot.yaml`: this node only. Tenants, routes and processors are in the declarative document. */

import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { z } from 'zod';
import { hostPort, sipListeners, socketOf, tlsClient } from './sip-listeners.ts';

const port = z.int().min(1).max(65535);
const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and hyphens');
const address = z.string().refine((text) => isIP(text) !== 0, 'must be an IP address');
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
  /** Where SIP is listened for: `ADDRESS:PORT` over UDP, or a list of listeners. */
  sip: sipListeners,
  /** Host written into Via and Record-Route where a listener says nothing; the bound address when absent. */
  advertised: z.string().min(1).max(253).optional(),
  /** How this interface presents itself to TLS servers, and whom it believes. */
  tlsClient: tlsClient.optional(),
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
        /** New calls a second, and at once, before the rest are answered 503; 0 for as many as come. */
        newCallsPerSecond: z.int().min(0).max(100_000).default(2000),
        newCallBurst: z.int().min(1).max(100_000).default(2000),
        /** An event loop later than this sends new calls elsewhere; 0 for however late. */
        maxLoopLagMs: z.int().min(0).max(60_000).default(200),
        /** How often each next hop is asked by OPTIONS whether it lives, and one that failed; 0 asks nobody. */
        probeEveryMs: z.union([z.literal(0), z.int().min(1000).max(3_600_000)]).default(30_000),
        probeFailedEveryMs: z.int().min(1000).max(3_600_000).default(5000),
        /** How long a next hop may be silent before the one after it is tried. */
        hopPatienceMs: z.int().min(500).max(30_000).default(4000),
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
    /** Where `root-read` and `root-ops` come from, 32 bytes in hex; absent: made once in the state directory. */
    keys: z.strictObject({ rootRead: keyReference.optional(), rootOps: keyReference.optional() }).optional(),
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
    const once = (value: string, path: (string | number)[]): void => {
      if (seen.has(value)) context.addIssue({ code: 'custom', path, message: 'is used twice' });
      seen.add(value);
    };
    config.interfaces.forEach(({ name, sip }, index) => {
      once(name, ['interfaces', index, 'name']);
      sip.forEach((listener, order) => {
        // A lone place may have been written without a list around it.
        const path = sip.length === 1 ? [] : [order];
        once(socketOf(listener), ['interfaces', index, 'sip', ...path]);
      });
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
