import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { nodeConfigSchema } from '../../src/config/node-config.ts';
import type { NodeInterface } from '../../src/config/node-config.ts';
import { ConfigError } from '../../src/config/problem.ts';
import { checkSipFiles, settleSipFiles, withPem } from '../../src/config/sip-files.ts';
import { readYaml } from '../../src/config/yaml-file.ts';

const TLS = join(import.meta.dirname, '../vectors/tls');
const MEDIA = 'media: {bind: 127.0.0.1, ports: {from: 1000, to: 2000}}';

const made: string[] = [];

afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

function interfaces(...texts: string[]): NodeInterface[] {
  const list = texts.map((text, index) => `{name: i${index}, ${MEDIA}, ${text}}`);
  return readYaml('e.yaml', `interfaces: [${list.join(', ')}]\n`, nodeConfigSchema).interfaces;
}

/** Every refusal as `key message`. */
function refusals(act: () => unknown): string[] {
  try {
    act();
    return [];
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    return thrown.problems.map(({ key, message }) => `${key}: ${message}`);
  }
}

test('a lone place is UDP, as it always was', () => {
  expect(interfaces('sip: "[::1]:5060"')[0]?.sip).toEqual([{ transport: 'udp', address: '::1', port: 5060 }]);
});

test('a list holds listeners of every transport, with what each may say', () => {
  const [read] = interfaces(
    `sip: [
      {transport: udp, listen: "10.0.0.1:5060", advertised: sbc.example},
      {transport: tcp, listen: "10.0.0.1:5060", advertised: "sbc.example:6060"},
      {transport: tls, listen: "[2001:db8::1]:5061", advertised: "2001:db8::99", tls: {cert: c.pem, key: k.pem}},
      {transport: wss, listen: "10.0.0.1:8443", advertised: "[2001:db8::9]:443", path: /sip, origins: [https://a.example],
       tls: {cert: c.pem, key: k.pem, ca: ca.pem, requireClientCertificate: true}}
    ], tlsClient: {ca: ca.pem, verify: false}`,
  );

  expect(read?.sip).toEqual([
    { transport: 'udp', address: '10.0.0.1', port: 5060, advertised: { host: 'sbc.example' } },
    { transport: 'tcp', address: '10.0.0.1', port: 5060, advertised: { host: 'sbc.example', port: 6060 } },
    {
      transport: 'tls',
      address: '2001:db8::1',
      port: 5061,
      advertised: { host: '2001:db8::99' },
      tls: { cert: 'c.pem', key: 'k.pem', requireClientCertificate: false },
    },
    {
      transport: 'wss',
      address: '10.0.0.1',
      port: 8443,
      advertised: { host: '2001:db8::9', port: 443 },
      path: '/sip',
      origins: ['https://a.example'],
      tls: { cert: 'c.pem', key: 'k.pem', ca: 'ca.pem', requireClientCertificate: true },
    },
  ]);
  expect(read?.tlsClient).toEqual({ ca: 'ca.pem', verify: false });
});

test.each([
  ['sip: 127.0.0.1', 'interfaces[0].sip: must be ADDRESS:PORT'],
  ['sip: []', 'interfaces[0].sip: must hold at least one listener'],
  ['sip: 5060', 'interfaces[0].sip: must be ADDRESS:PORT, or a list of listeners'],
  ['sip: [{transport: sctp, listen: "127.0.0.1:5060"}]', 'interfaces[0].sip[0].transport: '],
  ['sip: [{transport: tcp, listen: "localhost:5060"}]', 'interfaces[0].sip[0].listen: must start with an IP address'],
  ['sip: [{transport: tcp, listen: "127.0.0.1:5060", speed: 3}]', 'interfaces[0].sip[0].speed: is not a known key'],
  ['sip: [{transport: tls, listen: "127.0.0.1:5061"}]', 'interfaces[0].sip[0].tls: is missing: tls needs {cert, key}'],
  [
    'sip: [{transport: tcp, listen: "127.0.0.1:5060", tls: {cert: a, key: b}}]',
    'interfaces[0].sip[0].tls: has no meaning with transport tcp',
  ],
  [
    'sip: [{transport: tls, listen: "127.0.0.1:5061", path: /x, tls: {cert: a, key: b}}]',
    'interfaces[0].sip[0].path: has no meaning with transport tls',
  ],
  [
    'sip: [{transport: udp, listen: "127.0.0.1:5061", origins: [x]}]',
    'interfaces[0].sip[0].origins: has no meaning with transport udp',
  ],
  ['sip: [{transport: ws, listen: "127.0.0.1:80", path: sip}]', 'interfaces[0].sip[0].path: must begin with a slash'],
  [
    'sip: [{transport: tls, listen: "127.0.0.1:1", tls: {cert: a, key: b, requireClientCertificate: true}}]',
    'interfaces[0].sip[0].tls.ca: is missing: without it nobody could say whose client certificates are required',
  ],
  [
    'sip: [{transport: tcp, listen: "127.0.0.1:1", advertised: "a:99999"}]',
    'interfaces[0].sip[0].advertised: must end with a port from 1 to 65535',
  ],
  ['sip: "127.0.0.1:5060", tlsClient: {cert: a}', 'interfaces[0].tlsClient: must name cert and key, or neither'],
])('%s is refused where it stands', (text, refusal) => {
  expect(refusals(() => interfaces(text))).toEqual([expect.stringContaining(refusal)]);
});

test('an interface that listens nowhere is refused', () => {
  expect(refusals(() => interfaces('advertised: x'))).toEqual(['interfaces[0].sip: is missing']);
});

test('two listeners cannot have one place; UDP and TCP have places of their own', () => {
  const at = (transport: string): string => `{transport: ${transport}, listen: "127.0.0.1:5060"}`;

  expect(refusals(() => interfaces(`sip: [${at('udp')}, ${at('tcp')}]`))).toEqual([]);
  expect(refusals(() => interfaces(`sip: [${at('tcp')}, ${at('ws')}]`))).toEqual([
    'interfaces[0].sip[1]: is used twice',
  ]);
  expect(refusals(() => interfaces('sip: "127.0.0.1:5060"', `sip: [${at('tcp')}, ${at('udp')}]`))).toEqual([
    'interfaces[1].sip[1]: is used twice',
  ]);
});

function secure(tls: string, more = ''): NodeInterface[] {
  return interfaces(`sip: [{transport: tls, listen: "127.0.0.1:5061", tls: ${tls}}]${more}`).map((each) =>
    settleSipFiles(each, (path) => (path.startsWith('/') ? path : join(TLS, path))),
  );
}

test('files are read relative to where they were named, and handed on as text', () => {
  const [read] = secure('{cert: node.pem, key: node.key, ca: test-ca.pem}', ', tlsClient: {ca: test-ca.pem}');
  const [listener] = read?.sip ?? [];
  if (!listener) throw new Error('nothing was read');

  const { tls } = withPem(listener, { origin: 'e.yaml', key: 'x' });

  expect(refusals(() => checkSipFiles(read ? [read] : [], 'e.yaml'))).toEqual([]);
  expect(tls?.key).toContain('BEGIN PRIVATE KEY');
  expect(tls?.ca).toContain('BEGIN CERTIFICATE');
});

test.each([
  ['{cert: nowhere.pem, key: node.key}', 'cert: the file it names does not exist'],
  ['{cert: node.key, key: node.key}', 'cert: the file it names holds no certificate in PEM, or a broken one'],
  ['{cert: node.pem, key: node.pem}', 'key: the file it names holds no private key in PEM, or a broken one'],
  ['{cert: node.pem, key: peer.key}', 'key: is not the key of the certificate beside it'],
  [
    '{cert: node.pem, key: node.key, ca: peer.key}',
    'ca: the file it names holds no certificate in PEM, or a broken one',
  ],
])('%s is refused by what is wrong with it', (tls, refusal) => {
  const [problem, ...others] = refusals(() => checkSipFiles(secure(tls), 'e.yaml'));

  expect(problem).toContain(`interfaces[0].sip[0].tls.${refusal}`);
  expect(others).toEqual([]);
  expect(problem).not.toContain('BEGIN');
});

test('a broken certificate anywhere in a bundle is found, and so is a key that is encrypted', () => {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-pem-'));
  made.push(folder);
  const broken = join(folder, 'bundle.pem');
  const encrypted = join(folder, 'encrypted.key');
  const block = '-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n';
  writeFileSync(broken, block);
  writeFileSync(
    encrypted,
    '-----BEGIN ENCRYPTED PRIVATE KEY-----\nbm9uc2Vuc2U=\n-----END ENCRYPTED PRIVATE KEY-----\n',
  );

  const [bundle] = refusals(() => checkSipFiles(secure(`{cert: node.pem, key: node.key, ca: ${broken}}`), 'e.yaml'));
  const [key] = refusals(() => checkSipFiles(secure(`{cert: node.pem, key: ${encrypted}}`), 'e.yaml'));

  expect(bundle).toContain('tls.ca: the file it names holds no certificate');
  expect(key).toContain('tls.key: the key is encrypted: Earshot asks nobody for a passphrase');
});

test('the files of a TLS client are looked at as well', () => {
  const client = (text: string): string[] =>
    refusals(() => checkSipFiles(secure('{cert: node.pem, key: node.key}', `, tlsClient: ${text}`), 'e.yaml'));

  expect(client('{cert: peer.pem, key: node.key}')).toEqual([
    'interfaces[0].tlsClient.key: is not the key of the certificate beside it',
  ]);
  expect(client('{ca: nowhere.pem}')).toEqual([
    expect.stringContaining('interfaces[0].tlsClient.ca: the file it names'),
  ]);
  expect(client('{cert: peer.pem, key: peer.key, ca: test-ca.pem}')).toEqual([]);
});
