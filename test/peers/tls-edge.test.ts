/**
 * Kamailio ends TLS between sipp and a whole node: UDP to Kamailio, mutual TLS to the node, and out again by TLS through
 * Kamailio or by UDP at once. Both sides of a call change it, and either may end it.
 */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { freeTcpPort, freeUdpPort } from '../../src/cli/demo-node.ts';
import { until } from '../journeys/support/stage.ts';
import { throughEdge } from './flows/call-flows.ts';
import { FlowRun } from './flows/flow-run.ts';
import { KamailioEdge } from './kamailio-edge.ts';
import { requirePeer } from './require-peer.ts';
import { TlsFiles } from './tls-files.ts';
import { NODE_MEDIA, WholeNode } from './whole-node.ts';

const CALLS = 100;
const CALLS_PER_SECOND = 50;
/** Kamailio's to the node, and the node's to Kamailio. */
const MOST_CONNECTIONS = 2;
const LIMIT_MS = 30_000;
const NUMBERS = { tls: '+491', udp: '+492' } as const;

const sipp = requirePeer('sipp');
const kamailio = requirePeer('kamailio');
const openssl = requirePeer('openssl');
const isMissing = sipp === undefined || kamailio === undefined || openssl === undefined;

let files: TlsFiles | undefined;
let edge: KamailioEdge;
let node: WholeNode;
/** Everything that runs, in the order it was started. */
const started: { stop(): Promise<void> }[] = [];
let [phonesPort, calleePort] = [0, 0];
const running: FlowRun[] = [];

beforeAll(async () => {
  if (isMissing) return;
  const made = new TlsFiles(openssl);
  files = made;
  [phonesPort, calleePort] = [await freeUdpPort(), await freeUdpPort()];
  const [nodePort, edgePort] = [await freeTcpPort(), await freeTcpPort()];
  const own = made.issue('node');
  const media = { caller: 'rtp', callee: 'rtp' } as const;
  node = await WholeNode.startWith({
    tenants: [
      { id: 'by-tls', number: NUMBERS.tls, next: [`sip:127.0.0.1:${edgePort};transport=tls`], media },
      { id: 'by-udp', number: NUMBERS.udp, next: [`sip:127.0.0.1:${calleePort}`], media },
    ],
    listeners: [{ transport: 'tls', listen: `127.0.0.1:${nodePort}`, tls: { ...own, requireClientCertificate: true } }],
    tlsClient: own,
    call: { reservePairs: 512 },
  });
  started.push(node);
  const ports = { phones: phonesPort, node: edgePort };
  const next = { node: nodePort, callee: calleePort };
  edge = await KamailioEdge.start({ program: kamailio, ports, next, pem: made.issue('edge') });
  started.push(edge);
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((run) => run.stop()));
});

afterAll(async () => {
  for (const each of started.reverse()) await each.stop();
  files?.remove();
});

test.skipIf(isMissing).each([
  ['by TLS, through Kamailio again', 'tls', 3],
  ['by UDP', 'udp', 2],
] as const)(
  'calls that come by TLS and leave %s are changed and ended from the other side, over few connections',
  async (_way, tenant, proxies) => {
    const callers = [{ user: `${NUMBERS[tenant]}55`, callsPerSecond: CALLS_PER_SECOND, calls: CALLS }];
    const run = await FlowRun.start(sipp!, throughEdge, { nodePort: phonesPort, calleePort, callers });
    running.push(run);
    const outcome = await run.finished(LIMIT_MS);
    expect(edge.complaints).toEqual([]);
    expect(outcome, outcome.complaints).toMatchObject({ surprises: [], codes: [0, 0], succeeded: [CALLS, CALLS] });
    await nothingIsLeft();
    const { compared, flaws } = run.compare(0, { mode: 'anchored', media: NODE_MEDIA, proxies });
    expect(flaws.slice(0, 5)).toEqual([]);
    expect(compared).toBe(CALLS);
    expect(await node.metric('earshot_sip_connections')).toBeLessThanOrEqual(MOST_CONNECTIONS);
  },
);

async function nothingIsLeft(): Promise<void> {
  await until('every call is over', async () => (await node.metric('earshot_calls')) === 0);
  expect(await node.metric('earshot_media_pairs_taken')).toBe(0);
  for (const what of ['refused', 'failures', 'dropped', 'events', 'socket_errors']) {
    expect([what, await node.metric(`earshot_sip_${what}_total`)]).toEqual([what, 0]);
  }
}
