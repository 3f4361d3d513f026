/** A whole Earshot node for one demo: free ports, a state directory of its own, one tenant with a policy that matters. */

import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { nodeConfigSchema } from '../config/node-config.ts';
import { Supervisor } from '../supervisor/supervisor.ts';

export interface DemoNode {
  readonly supervisor: Supervisor;
  readonly sip: { readonly address: string; readonly port: number };
  readonly stateDir: string;
  start(): Promise<void>;
  /** Stops everything and, unless it is to be kept, removes the state directory. */
  stop(keep: boolean): Promise<void>;
}

/** What the demo's tenant is set up with. */
export interface DemoPeers {
  /** Port of the callee's phone. */
  readonly calleePort: number;
  /** A recogniser the policy allows, and one whose terms it does not. */
  readonly recogniserUrl: string;
  readonly trainingRecogniserUrl: string;
  readonly chatUrl: string;
}

/** What a test may want otherwise. */
export interface DemoNodeChanges {
  readonly hangMs?: number;
  /** Policy of the tenant instead of the shipped default. */
  readonly policy?: { readonly bundle: string; readonly sha256: string };
  /** What the tenant keeps; nothing unless told. */
  readonly retention?: { readonly transcripts: { readonly keep: boolean; readonly days: number } };
  /** How the tenant wants speech redacted, where not as anybody does. */
  readonly redaction?: Readonly<Record<string, unknown>>;
  /** Another document made of the demo's own. */
  readonly rewrite?: (document: DemoDocument) => unknown;
}

/** What a node begins with, as it is written. */
export interface DemoDocument {
  readonly processors: readonly Readonly<Record<string, unknown>>[];
  readonly tenants: readonly Readonly<Record<string, unknown>>[];
}

const LOOPBACK = '127.0.0.1';
/** Away from the embedded defaults, so that a demo runs beside a node. */
export const MEDIA_PORTS = { from: 24_000, to: 27_999 };

/** A demo node that runs; when it cannot start, nothing of it is left. */
export async function startDemoNode(peers: DemoPeers, log: Log, changes: DemoNodeChanges = {}): Promise<DemoNode> {
  const node = await createDemoNode(peers, log, changes);
  try {
    await node.start();
  } catch (cause) {
    await node.stop(false);
    throw cause;
  }
  return node;
}

/** A demo node yet to be started. */
export async function createDemoNode(peers: DemoPeers, log: Log, changes: DemoNodeChanges = {}): Promise<DemoNode> {
  const stateDir = mkdtempSync(join(tmpdir(), 'earshot-demo-'));
  const sip = { address: LOOPBACK, port: await freeUdpPort() };
  const seed = join(stateDir, 'tenants.yaml');
  const document = demoDocument(peers, changes);
  writeFileSync(seed, JSON.stringify(changes.rewrite?.(document) ?? document), { mode: 0o600 });
  const config = nodeConfigSchema.parse({
    node: 'demo',
    stateDir,
    interfaces: [{ name: 'local', sip: `${LOOPBACK}:${sip.port}`, media: { bind: LOOPBACK, ports: MEDIA_PORTS } }],
    supervisor: { http: `${LOOPBACK}:${await freeTcpPort()}`, hangMs: changes.hangMs ?? 10_000 },
    api: { http: `${LOOPBACK}:${await freeTcpPort()}` },
    log: { level: 'error' },
    seed,
  });
  const supervisor = new Supervisor({
    loaded: { origin: 'the demo', config: { ...config, stateDir } },
    clock: systemClock,
    log,
  });
  return {
    supervisor,
    sip,
    stateDir,
    start: () => supervisor.start(),
    async stop(keep) {
      try {
        await supervisor.stop();
      } finally {
        if (!keep) rmSync(stateDir, { recursive: true, force: true });
      }
    },
  };
}

/** JSON is YAML: the same file could have been written by hand. */
function demoDocument(
  peers: DemoPeers,
  { policy, retention, redaction }: DemoNodeChanges,
): DemoDocument & { readonly version: 1 } {
  const terms = { training: false, retentionDays: 0, expires: '2035-01-01' };
  return {
    version: 1,
    processors: [
      {
        id: 'scribe',
        protocol: 'vosk',
        url: peers.recogniserUrl,
        hears: 'raw_audio',
        region: 'eu-central',
        legalEntity: 'Scribe GmbH',
        purpose: 'transcription',
        terms,
      },
      {
        id: 'collector',
        protocol: 'vosk',
        url: peers.trainingRecogniserUrl,
        hears: 'raw_audio',
        region: 'us-east',
        legalEntity: 'Collector Inc',
        purpose: 'transcription',
        terms: { training: true, retentionDays: 365, expires: '2035-01-01' },
      },
      {
        id: 'coach',
        protocol: 'openai-chat',
        url: peers.chatUrl,
        hears: 'text',
        region: 'eu-west',
        legalEntity: 'Coach SAS',
        purpose: 'agent assist',
        model: 'scripted',
        instructions: 'You assist a contact-centre agent. Answer with one short suggestion.',
        terms,
      },
    ],
    tenants: [
      {
        id: 'acme',
        match: { sources: ['127.0.0.0/8'], trusted: true },
        route: { ingress: 'local', egress: 'local', next: [`sip:${LOOPBACK}:${peers.calleePort}`] },
        media: { caller: 'sdes', callee: 'sdes', onUnavailable: 'reject' },
        roles: { caller: 'customer', callee: 'agent' },
        jurisdictions: ['EU'],
        consent: { state: 'granted', method: 'announcement', parties: 'all' },
        disclosure: { played: true },
        processors: ['scribe', 'collector', 'coach'],
        ...(policy === undefined ? {} : { policy }),
        ...(retention === undefined ? {} : { retention }),
        ...(redaction === undefined ? {} : { redaction }),
      },
    ],
  };
}

/** A port that was free a moment ago. */
export function freeUdpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(0, LOOPBACK, () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

export function freeTcpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, LOOPBACK, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
