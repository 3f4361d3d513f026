import { expect, test } from 'vitest';
import { canonicalDocument, documentSchema, toRevision } from '../../src/config/document.ts';
import { defaultDocument } from '../../src/config/default-document.ts';
import { nodeConfigSchema } from '../../src/config/node-config.ts';

const tenant = {
  id: 'acme',
  match: { sources: ['192.0.2.0/24'] },
  route: { ingress: 'outside', egress: 'inside', next: ['sip:pbx.example:5080'] },
};

test('the same document has the same digest whatever the order of its keys', () => {
  const one = documentSchema.parse({ version: 1, tenants: [tenant] });
  const other = documentSchema.parse({
    tenants: [{ route: tenant.route, match: tenant.match, id: 'acme' }],
    version: 1,
  });

  expect(canonicalDocument(one).digest).toBe(canonicalDocument(other).digest);
});

test('a document read back from its canonical bytes has the same digest', () => {
  const document = documentSchema.parse({ version: 1, tenants: [tenant] });
  const { raw, digest } = canonicalDocument(document);

  expect(canonicalDocument(JSON.parse(raw.toString()) as typeof document).digest).toBe(digest);
});

test('consent that nobody stated is unknown, not granted', () => {
  const revision = toRevision(documentSchema.parse({ version: 1, tenants: [tenant] }), 1, 'd');

  expect(revision.tenants[0]?.consent).toEqual({ state: 'unknown', method: 'none', parties: 'one', source: 'config' });
  expect(revision.tenants[0]?.nextHops).toEqual([{ host: 'pbx.example', port: 5080, transport: 'udp' }]);
});

test.each(['10.0.0.0/33', '10.0.0', 'fe80::/129', 'example.com', '10.0.0.0/8/8'])('%s is no network', (source) => {
  const read = documentSchema.safeParse({ version: 1, tenants: [{ ...tenant, match: { sources: [source] } }] });

  expect(read.success).toBe(false);
});

test('a processor that hears audio over a text protocol is refused', () => {
  const processor = {
    id: 'odd',
    protocol: 'openai-chat',
    url: 'http://127.0.0.1:1/v1',
    hears: 'raw_audio',
    region: 'eu',
    legalEntity: 'x',
    purpose: 'y',
    terms: { training: false, retentionDays: 0, expires: '2030-01-01' },
  };

  expect(documentSchema.safeParse({ version: 1, processors: [processor] }).success).toBe(false);
});

test('the default document lets no AI hear anything', () => {
  const document = defaultDocument(nodeConfigSchema.parse({}));

  expect(document.processors).toEqual([]);
  expect(document.tenants[0]?.processors).toEqual([]);
});
