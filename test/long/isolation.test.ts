import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { systemRandom } from '../../src/base/ids.ts';
import { silentLog } from '../../src/base/log.ts';
import { freeUdpPort, MEDIA_PORTS, type DemoDocument } from '../../src/cli/demo-node.ts';
import { createSoftphone, type Softphone } from '../../src/demo/softphone/softphone.ts';
import { entryPage } from '../../src/model/api/ledger.ts';
import type { Entry } from '../../src/model/evidence.ts';
import type { VerifyReport } from '../../src/governance/ledger/verify.ts';
import { fixtureBundle } from '../governance/policy/fixtures.ts';
import { FLOOD_WORD, startEndlessChat, startFloodingRecogniser, type Flood } from '../journeys/support/flood.ts';
import {
  accountedBytes,
  buildStage,
  drainCall,
  ofKind,
  until,
  type DialledCall,
  type Stage,
  type StageEvent,
} from '../journeys/support/stage.ts';

/** Eight seconds of packets of 20 ms. */
const CALL_PACKETS = 400;
const LOOPING_CALLS = 2;
const FLOODING_CALLS = 4;
const BYTES_PER_MS = 32;

const NUMBERS = { quiet: '+491', looper: '+492', flooder: '+493' };
/** On each stream, and how it is released. */
const LINES = [
  { text: 'hello i would like to pay my bill', startMs: 800, endMs: 1600 },
  { text: 'my card number is 4111 1111 1111 1111 thank you', startMs: 2500, endMs: 3500 },
  { text: 'that is all for today', startMs: 4200, endMs: 4800 },
].map((line) => ({ ...line, redacted: line.text.replace(/\d[\d ]+\d/, '[CARD]') }));

let stage: Stage;
let flooding: { readonly recogniser: Flood; readonly chat: Flood };
let phones: Softphone[];
let quiet: { readonly lost: number; readonly packets: number };
/** What a token of the quiet tenant alone was shown meanwhile. */
let shown: readonly StageEvent[];
let entries: readonly Entry[];
let verified: VerifyReport;

/** Three tenants on one node: one that only calls, one whose policy does not end, one whose processors flood. */
beforeAll(async () => {
  flooding = { recogniser: await startFloodingRecogniser(), chat: await startEndlessChat() };
  phones = await Promise.all(['loop-in', 'loop-out', 'flood-in', 'flood-out'].map(createPhone));
  stage = await buildStage(LINES, { rewrite: threeTenants });
  const watching = new AbortController();
  shown = await watch('quiet', watching.signal);
  const looped = await watch('looper', watching.signal);

  const [loopIn, loopOut, floodIn, floodOut] = phones as [Softphone, Softphone, Softphone, Softphone];
  const disturbing = [
    ...(await dialAll(LOOPING_CALLS, NUMBERS.looper, loopIn, loopOut, ['behave: loop'])),
    ...(await dialAll(FLOODING_CALLS, NUMBERS.flooder, floodIn, floodOut)),
  ];
  await until('the flood has begun', () => flooding.recogniser.count > 100);
  const [call] = (await dialAll(1, NUMBERS.quiet, stage.caller, stage.callee)) as [DialledCall];
  await until('the quiet call was held', () => bothHeard(call, CALL_PACKETS), 30_000);
  const atFirst = await drainCall(call);
  await until('its last turn was released', () => textOf(shown, 'release').includes('for today'));
  await until(
    'the policy is quarantined',
    () => looped.some((event) => event['code'] === 'policy_quarantined'),
    30_000,
  );
  await Promise.all(disturbing.map(({ out }) => out.hangUp()));
  // What the phones, busy with the flood as well, had not read yet.
  const lost = atFirst === 0 ? 0 : await drainCall(call);
  quiet = { lost: Math.max(0, lost - droppedAtPhones()), packets: call.out.counts.sent };
  await call.out.hangUp();
  const calls = 1 + LOOPING_CALLS + FLOODING_CALLS;
  await until('every call is closed', async () => {
    const query = { kind: 'call.close' };
    const closed = await stage.access.auditor.request({ path: '/v1/ledger/entries', query, answer: entryPage });
    return closed.items.length === calls;
  });
  entries = await stage.entries();
  watching.abort();
  verified = await stage.verify();
}, 90_000);

afterAll(async () => {
  await Promise.all(phones.map((phone) => phone.stop()));
  await stage.stop();
  await Promise.all([flooding.recogniser.stop(), flooding.chat.stop()]);
});

describe('while the policy of one tenant does not end and the processors of another flood', () => {
  test('a call of a third loses nothing, and its recogniser hears it', () => {
    const bytes = stage.recogniser.bytesReceived;

    expect(quiet.lost).toBe(0);
    expect(quiet.packets).toBeGreaterThanOrEqual(CALL_PACKETS);
    expect(accountedBytes(entries, 'quiet-scribe')).toBe(bytes);
    // Two streams; what a late answer of the policy cost at the beginning is a gap of its own.
    expect(bytes).toBeGreaterThan(0.5 * 2 * CALL_PACKETS * 20 * BYTES_PER_MS);
  });

  test('its turns are released and answered, and what is not is a gap', () => {
    const said = textOf(shown, 'release');
    const released = LINES.reduce((sum, { redacted }) => sum + said.split(redacted).length - 1, 0);
    const recognised = shown.filter((event) => event.kind === 'segment' && event['final'] === true);
    const lost = gapsOf('quiet').filter(({ reason }) => reason === 'redaction_unavailable' || reason === 'policy');
    const requests = ofKind(logOf('quiet'), 'release.request');
    const outcomes = ofKind(logOf('quiet'), 'release.outcome');

    for (const { redacted } of LINES) expect(said).toContain(redacted);
    expect(released + lost.length).toBeGreaterThanOrEqual(recognised.length);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(requests.map(() => 'answered'));
    expect(stage.chat.requests).toHaveLength(requests.length);
    expect(shown.some(({ kind }) => kind === 'insight')).toBe(true);
  });

  test('the policy that does not end is quarantined, and nobody heard or read a call under it', () => {
    const codes = ofKind(logOf('looper'), 'refusal').map(({ decision }) => decision.code);

    expect(codes).toContain('policy_quarantined');
    expect(codes).not.toContain('allowed');
    expect(ofKind(logOf('looper'), 'lease.open')).toEqual([]);
    expect(stage.refused.connections).toEqual([]);
    for (const other of ['quiet', 'flooder']) {
      expect(ofKind(logOf(other), 'refusal').map(({ decision }) => decision.code)).not.toContain('policy_quarantined');
    }
  });

  test('what the flood was too much for is recorded, in the log of its own tenant', () => {
    const reasons = new Set(gapsOf('flooder').map(({ reason }) => reason));

    expect(flooding.recogniser.count).toBeGreaterThan(1000);
    expect(flooding.chat.count).toBeGreaterThan(0);
    expect(reasons).toContain('queue_overflow');
    // Of those that said more than they may.
    expect(reasons).toContain('processor_down');
    expect(ofKind(logOf('flooder'), 'release.outcome').map(({ outcome }) => outcome)).not.toContain('answered');
  });

  test('nothing of either stands in the log of the third, or is shown to whoever watches it; every log verifies', () => {
    const log = logOf('quiet');
    const valuesOf = (key: string): unknown[] => [
      ...new Set(log.flatMap((entry) => (key in entry ? [(entry as Readonly<Record<string, unknown>>)[key]] : []))),
    ];

    expect(valuesOf('call')).toHaveLength(1);
    expect(valuesOf('processor').toSorted()).toEqual(['quiet-coach', 'quiet-scribe']);
    expect(new Set(shown.flatMap((event) => ('tenant' in event ? [event['tenant']] : [])))).toEqual(new Set(['quiet']));
    expect(shown.filter(({ kind }) => kind === 'missed')).toEqual([]);
    expect(JSON.stringify([shown, stage.chat.requests])).not.toContain(FLOOD_WORD.split('@')[1]);
    expect(verified.findings).toEqual([]);
  });
});

function logOf(tenant: string): readonly Entry[] {
  return entries.filter(({ log }) => log === tenant);
}

function gapsOf(tenant: string) {
  return ofKind(logOf(tenant), 'gap');
}

/** Each tenant with processors of its own; the node's own recogniser and chat model are the quiet one's. */
function threeTenants({ processors, tenants, ...rest }: DemoDocument): unknown {
  const [, loopOut, , floodOut] = phones as [Softphone, Softphone, Softphone, Softphone];
  const [scribe, collector, coach] = processors;
  const own = (id: string, scribeUrl: unknown, coachUrl: unknown): readonly unknown[] => [
    { ...scribe, id: `${id}-scribe`, url: scribeUrl },
    { ...coach, id: `${id}-coach`, url: coachUrl },
  ];
  const tenant = (id: string, number: string, changes: object = {}): unknown => ({
    ...tenants[0],
    id,
    match: { sources: ['127.0.0.0/8'], dids: [number], trusted: true },
    processors: [`${id}-scribe`, `${id}-coach`],
    ...changes,
  });
  const to = ({ endpoint }: Softphone): object => ({
    route: { ingress: 'local', egress: 'local', next: [`sip:127.0.0.1:${endpoint.port}`], labels: ['behave'] },
  });
  const { path: bundle, sha256 } = fixtureBundle('wayward');
  return {
    ...rest,
    processors: [
      ...own('quiet', scribe?.['url'], coach?.['url']),
      ...own('looper', collector?.['url'], coach?.['url']),
      ...own('flooder', flooding.recogniser.url, flooding.chat.url),
    ],
    tenants: [
      tenant('quiet', NUMBERS.quiet),
      tenant('looper', NUMBERS.looper, { ...to(loopOut), policy: { bundle, sha256 } }),
      tenant('flooder', NUMBERS.flooder, to(floodOut)),
    ],
  };
}

/** Events as a token of that tenant alone is shown them. */
async function watch(tenant: string, signal: AbortSignal): Promise<readonly StageEvent[]> {
  const seen: StageEvent[] = [];
  const reader = await stage.access.issue(`${tenant}-auditor`, ['auditor'], [tenant]);
  void (async () => {
    const lines = reader.lines({ path: '/v1/events', isEndless: true, signal });
    for await (const event of lines) seen.push(event as StageEvent);
  })().catch(() => undefined);
  return seen;
}

/**
 * What the kernel could not keep for a phone that did not read, as this process was given no CPU: the last column of
 * proc(5), net/udp, by local port. What the node's own ports lose counts as lost.
 */
function droppedAtPhones(): number {
  const rows = readFileSync('/proc/net/udp', 'utf8').trim().split('\n').slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local = '']) => !isNodePort(Number.parseInt(local.split(':')[1] ?? '', 16)))
    .reduce((sum, columns) => sum + Number(columns.at(-1)), 0);
}

function isNodePort(port: number): boolean {
  return (port >= MEDIA_PORTS.from && port <= MEDIA_PORTS.to) || port === stage.node.sip.port;
}

async function createPhone(user: string): Promise<Softphone> {
  return createSoftphone({
    clock: systemClock,
    log: silentLog,
    random: systemRandom,
    user,
    bind: { address: '127.0.0.1', sipPort: await freeUdpPort() },
    media: { codec: 'G722', security: 'sdes' },
  });
}

function dialAll(
  count: number,
  number: string,
  caller: Softphone,
  callee: Softphone,
  headers: readonly string[] = [],
): Promise<DialledCall[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const answered = callee.nextCall(20_000);
      const out = await caller.dial({
        to: `sip:${number}@127.0.0.1`,
        via: stage.node.sip,
        deadlineMs: 20_000,
        headers,
      });
      return { out, incoming: await answered };
    }),
  );
}

function bothHeard({ out, incoming }: DialledCall, packets: number): boolean {
  return [out, incoming].every(({ counts }) => counts.received > packets);
}

/** The texts of all events of a kind, as one. */
function textOf(events: readonly StageEvent[], kind: string): string {
  return events
    .filter((event) => event.kind === kind)
    .map((event) => String(event['text']))
    .join(' ');
}
