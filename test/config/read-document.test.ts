import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalDocument, toRevision } from '../../src/config/document.ts';
import { ConfigError, type Problem } from '../../src/config/problem.ts';
import {
  MAX_DOCUMENT_BYTES,
  readDocumentText,
  readDocumentValue,
  readStoredDocument,
} from '../../src/config/read-document.ts';

const acme = {
  id: 'acme',
  match: { sources: ['192.0.2.0/24'] },
  route: { ingress: 'outside', egress: 'inside', next: ['sip:pbx.example', 'sip:[2001:db8::1]:5080'] },
};

const JSON_TEXT = `{
  "version": 1,
  "tenants": [
    { "id": "acme", "match": { "sources": ["192.0.2.0/24"] },
      "route": { "ingress": "outside", "egress": "inside", "next": ["sip:pbx"], "labels": [] },
      "media": { "caller": "loud" }, "processors": ["ghost"], "oops": [] }
  ]
}`;

test('YAML and JSON say the same document', () => {
  const yaml = [
    'version: 1',
    'tenants:',
    '  - id: acme',
    '    match: {sources: [192.0.2.0/24]}',
    '    route: {ingress: outside, egress: inside, next: ["sip:pbx.example", "sip:[2001:db8::1]:5080"]}',
  ].join('\n');

  const documents = [
    readDocumentText(yaml, 'a.yaml'),
    readDocumentText(JSON.stringify({ version: 1, tenants: [acme] }), 'a.json'),
    readDocumentValue({ version: 1, tenants: [acme] }),
  ];

  expect(new Set(documents.map((document) => canonicalDocument(document).digest)).size).toBe(1);
});

test('problems of JSON text have the line and column of their place', () => {
  expect(problemsOf(() => readDocumentText(JSON_TEXT, 'a.json'))).toEqual([
    {
      file: 'a.json',
      line: 6,
      column: 28,
      key: 'tenants[0].media.caller',
      message: 'must be rtp, sdes, dtls, osrtp, as-offered, or {profile, suites, floor, ice, rtcpMux, nat, lifetime}',
    },
    { file: 'a.json', line: 6, column: 63, key: 'tenants[0].oops', message: 'is not a known key' },
  ]);
  expect(problemsOf(() => readDocumentValue(JSON.parse(JSON_TEXT)))).toMatchObject([
    { key: 'tenants[0].media.caller' },
    { key: 'tenants[0].oops' },
  ]);
});

test('a key that is said twice is refused in either language', () => {
  const json = '{"version": 1,\n "tenants": [],\n "tenants": [{"id": "x"}]}';
  const yaml = 'version: 1\ntenants: []\ntenants: []\n';

  expect(problemsOf(() => readDocumentText(json, 'a'))).toEqual([
    { file: 'a', line: 3, column: 2, key: 'tenants', message: 'is said twice' },
  ]);
  expect(problemsOf(() => readDocumentText(yaml, 'a'))).toMatchObject([{ line: 3 }]);
});

test('every place of a JSON text is found where it stands, whatever is around it', () => {
  const leaf = fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), fc.string());
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.array(leaf)), fc.constantFrom(0, 2), (noise, indent) => {
      const text = JSON.stringify({ ...noise, version: 'here', z: [[], {}, { a: [] }] }, undefined, indent);

      const place = problemsOf(() => readDocumentText(text, 'a')).find(({ key }) => key === 'version');

      const lines = text.split('\n');
      expect(lines[(place?.line ?? 0) - 1]?.slice((place?.column ?? 0) - 1).startsWith('"here"')).toBe(true);
    }),
  );
});

test('what is known around the document is held against it, in its place', () => {
  const text = JSON.stringify({
    version: 1,
    tenants: [{ ...acme, policy: { sha256: 'a'.repeat(64), bundle: './acme.tar.gz' } }],
  });
  const read = (surroundings: Parameters<typeof readDocumentText>[2]) => () =>
    readDocumentText(text, 'a', surroundings);

  const problems = problemsOf(read({ interfaces: [{ name: 'outside' }], bundles: new Set(['b'.repeat(64)]) }));

  expect(problems.map(({ key, message }) => `${key} ${message}`)).toEqual([
    'tenants[0].route.egress names no interface of this node: inside',
    'tenants[0].policy.sha256 names a bundle that is not stored: deliver it first',
  ]);
  expect(problemsOf(read({ bundles: new Set(['a'.repeat(64)]) }))).toEqual([]);
});

test('a large document is read as JSON, a larger one not at all, and YAML only while that takes no time', () => {
  const filler = (sizeBytes: number): string => 'x'.repeat(sizeBytes);

  const problems = [filler(MAX_DOCUMENT_BYTES + 1), `a: ${filler(1024 * 1024)}`, `{"a": "${filler(1024 * 1024)}"}`].map(
    (text) => problemsOf(() => readDocumentText(text, 'a')).map(({ message }) => message),
  );

  expect(problems).toEqual([
    ['is larger than 4194304 bytes'],
    ['is larger than 1048576 bytes and no JSON: write so large a document as JSON'],
    ['must be 1', 'is not a known key'],
  ]);
});

test('JSON nested beyond reason says so in one line', () => {
  const problems = problemsOf(() => readDocumentText('['.repeat(100_000) + ']'.repeat(100_000), 'a'));

  expect(problems).toHaveLength(1);
});

test('where somebody keeps a bundle is no part of the document’s identity, nor of what is stored', () => {
  const policy = { sha256: 'a'.repeat(64) };
  const documents = [policy, { ...policy, bundle: '/a' }, { ...policy, bundle: '/b' }].map((one) =>
    canonicalDocument(readDocumentValue({ version: 1, tenants: [{ ...acme, policy: one }] })),
  );

  expect(new Set(documents.map(({ digest }) => digest)).size).toBe(1);
  expect(documents[1]?.raw.toString()).not.toContain('bundle');
});

test('what is stored reads back as the same document, and in the language people write', () => {
  const document = readDocumentValue({ version: 1, tenants: [acme] });
  const { raw, digest } = canonicalDocument(document);

  expect(canonicalDocument(readStoredDocument(raw)).digest).toBe(digest);
  expect(canonicalDocument(readDocumentText(raw.toString(), 'a')).digest).toBe(digest);
  expect(document.tenants[0]?.route.next).toEqual(['sip:pbx.example', 'sip:[2001:db8::1]:5080']);
  expect(toRevision(document, 1, digest).tenants[0]?.nextHops[1]).toMatchObject({ host: '2001:db8::1', port: 5080 });
});

test('a document stored by the first release is read, with what it did not know yet', () => {
  const stored = {
    version: 1,
    processors: [],
    tenants: [
      {
        ...acme,
        match: { sources: ['192.0.2.0/24'], trusted: true },
        route: { ingress: 'outside', egress: 'inside', next: [{ host: '10.0.0.20', port: 5060, transport: 'udp' }] },
        policy: { bundle: '/etc/acme.tar.gz', sha256: 'a'.repeat(64) },
      },
    ],
  };

  const revision = toRevision(readStoredDocument(Buffer.from(JSON.stringify(stored))), 3, 'd');

  expect(revision.tenants[0]).toMatchObject({
    nextHops: [{ host: '10.0.0.20', port: 5060 }],
    match: { domains: [], dids: [], headers: [] },
    labels: [],
    policy: { sha256: 'a'.repeat(64) },
  });
});

test('bytes that are no document of ours are unreadable, without a word of what they say', () => {
  const read = (): unknown => readStoredDocument(Buffer.from('{"version": 2, "secret": "hunter2"}'));

  expect(read).toThrow(ConfigError);
  expect(read).not.toThrow('hunter2');
});

function problemsOf(read: () => unknown): readonly Problem[] {
  try {
    read();
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.problems;
    throw thrown;
  }
  return [];
}
