import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packageRoot } from '../../src/base/package-root.ts';
import { routeTest, type RouteTestOptions } from '../../src/cli/route-test.ts';
import { shippedBundle } from '../../src/governance/policy/shipped.ts';
import { writtenProcessor } from '../governance/use-cases/config-world.ts';

const INVITE = [
  'INVITE sip:+49-30-1234@pbx.example SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK1',
  'Max-Forwards: 70',
  'From: <sip:alice@example.org>;tag=1',
  'To: <sip:bob@example.com>',
  'Call-ID: 1@192.0.2.10',
  'CSeq: 1 INVITE',
  'X-Queue: billing',
  'Content-Length: 0',
  '',
  '',
].join('\r\n');

const ROUTE = { ingress: 'outside', egress: 'inside', next: ['sip:10.0.0.20', 'sip:[2001:db8::1]:5080'] };
const DOCUMENT = {
  version: 1,
  processors: ['scribe', 'unused'].map((id) => writtenProcessor(id)),
  tenants: [
    { id: 'wide', match: { sources: ['192.0.2.0/24'] }, route: ROUTE },
    {
      id: 'berlin',
      match: { sources: ['192.0.2.0/24'], dids: ['+4930'], trusted: true },
      route: { ...ROUTE, labels: ['X-Queue'] },
      media: { caller: 'sdes', callee: 'rtp', onUnavailable: 'reject' },
      processors: ['scribe'],
    },
    { id: 'own', match: { sources: ['10.0.0.0/8'] }, route: ROUTE, policy: { sha256: 'a'.repeat(64) } },
  ],
};

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-route-'));
  file = write('invite.sip', INVITE);
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function run(changes: Partial<RouteTestOptions> = {}, current: unknown = DOCUMENT) {
  let printed = '';
  let code = 0;
  const terminal = {
    print: (text: string) => {
      printed += text;
      return Promise.resolve(true);
    },
    exitWith: (given: number) => (code = given),
  };
  const options = { file, source: '192.0.2.10:5060', ...changes };
  await routeTest(terminal, options, () => Promise.resolve(current));
  return { printed, code };
}

test('it says whose call it is and why, where it goes, and who might hear it under which policy', async () => {
  const { printed, code } = await run();

  expect(code).toBe(0);
  expect(printed.split('\n').map((line) => line.replace(/ {2,}/g, ': '))).toEqual([
    'berlin takes this call',
    'source: 192.0.2.10 in 192.0.2.0/24, on interface outside',
    'number: +49301234 begins with +4930',
    'also matching: wide; berlin wins because it names a longer beginning of the number',
    'next hops: 1. sip:10.0.0.20:5060: 2. sip:[2001:db8::1]:5080',
    'egress: inside',
    'media: caller sdes, callee rtp',
    'no media: refused',
    'roles: caller customer, callee agent (inbound)',
    'labels: X-Queue=billing',
    'processors: scribe (raw_audio)',
    `policy: ${shippedBundle(packageRoot, 'default').sha256} (the shipped default)`,
    `guardrail: ${shippedBundle(packageRoot, 'guardrail').sha256}`,
    '',
  ]);
});

test('programs get the same as one object', async () => {
  const { printed } = await run({ json: true, source: '10.1.1.1' });

  expect(JSON.parse(printed)).toMatchObject({
    tenant: 'own',
    query: { source: '10.1.1.1', interface: 'outside', domain: 'pbx.example', number: '+49301234' },
    matched: { source: '10.0.0.0/8', headers: [] },
    others: [],
    near: [
      { tenant: 'wide', lacks: ['source'] },
      { tenant: 'berlin', lacks: ['source'] },
    ],
    route: { media: { on_unavailable: 'bypass' }, labels: {} },
    ai: { processors: [], policy: { origin: 'file', bundle: 'a'.repeat(64) } },
  });
});

test('a call that nobody takes says what each of the nearest lacks, and fails', async () => {
  const elsewhere = { ...DOCUMENT, tenants: DOCUMENT.tenants.slice(1, 2) };
  const other = write('other.sip', INVITE.replace('+49-30-1234', '+49-40-1'));

  const stranger = await run({ source: '203.0.113.1' });
  const peer = await run({ file: other }, elsewhere);

  expect(stranger.code).toBe(1);
  expect(stranger.printed).toContain('nobody takes this call: the node would answer 403 Forbidden');
  expect(stranger.printed).toMatch(/berlin +does not know the source\n/);
  expect(peer.code).toBe(1);
  expect(peer.printed).toContain('404 Not Found');
  expect(peer.printed).toMatch(/berlin +names other numbers\n/);
});

test('a document in a file is used instead of the one that stands, and its problems have lines', async () => {
  const document = write('tenants.yaml', JSON.stringify({ ...DOCUMENT, tenants: DOCUMENT.tenants.slice(0, 1) }));
  const broken = write('broken.yaml', 'version: 1\ntenants: [{id: a}]\n');

  expect((await run({ document }, undefined)).printed).toContain('wide takes this call');
  await expect(run({ document: broken })).rejects.toThrow('broken.yaml:2:11: tenants[0].match: is missing');
});

test('a file saved by an editor, with LF alone at every line, is read as it would be sent', async () => {
  const { printed } = await run({ file: write('typed.sip', INVITE.replaceAll('\r\n', '\n')) });

  expect(printed).toContain('takes this call');
});

test.each([
  ['one line that ends in LF alone', INVITE.replace('\r\n', '\n'), 'every line ends in CR LF'],
  ['no end of the headers', INVITE.trimEnd(), 'malformed (no_head_end)'],
  ['two Call-IDs', INVITE.replace('CSeq', 'Call-ID: 2\r\nCSeq'), 'malformed (repeated_header)'],
  ['a body that is cut off', INVITE.replace('Length: 0', 'Length: 9'), 'malformed (truncated_body)'],
  ['a response', INVITE.replace(/^INVITE.*$/m, 'SIP/2.0 200 OK'), 'is a response'],
  ['another request', INVITE.replaceAll('INVITE', 'OPTIONS'), 'is a request, but no INVITE: OPTIONS'],
  ['a request in a dialog', INVITE.replace('bob@example.com>', 'bob@example.com>;tag=2'), 'is inside a dialog'],
  ['no hop left', INVITE.replace('Max-Forwards: 70', 'Max-Forwards: 0'), 'too_many_hops'],
  ['nothing', '', 'is empty'],
  ['too much', 'x'.repeat(100_000), 'is larger than a message may be'],
])('what the node would refuse is refused here, and why: %s', async (_what, text, refusal) => {
  await expect(run({ file: write('bad.sip', text) })).rejects.toThrow(refusal);
});

test('a source that is none and an interface that is not known are asked for', async () => {
  const two = {
    ...DOCUMENT,
    tenants: [...DOCUMENT.tenants, { ...DOCUMENT.tenants[0], id: 'in', route: { ...ROUTE, ingress: 'inside' } }],
  };

  await expect(run({ source: 'pbx.example' })).rejects.toThrow('the source must be an IP address');
  await expect(run({}, two)).rejects.toThrow('with --interface: one of inside, outside');
  expect((await run({ interface: 'inside' }, two)).printed).toContain('in takes this call');
  expect((await run({ source: '[2001:db8::1]:5060' })).code).toBe(1);
});

test('what somebody wrote into the message cannot write to the terminal', async () => {
  const hostile = write('hostile.sip', INVITE.replace('billing', '\u001b[2Jbilling'));

  expect((await run({ file: hostile })).printed).not.toContain('\u001b');
  expect((await run({ file: hostile, json: true })).printed).not.toContain('\u001b');
});
