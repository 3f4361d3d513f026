import { expect, test } from 'vitest';
import { readDocumentValue } from '../../../src/config/read-document.ts';
import { compareDocuments } from '../../../src/governance/use-cases/compare-config.ts';
import { documentOf, writtenProcessor, writtenTenant } from './config-world.ts';

function changes(before: Record<string, unknown>, after: Record<string, unknown>): readonly string[] {
  return compareDocuments(readDocumentValue(before), readDocumentValue(after)).map(
    ({ aspect, action, path, tenant, processor }) => `${aspect} ${action} ${path} ${tenant ?? processor ?? '-'}`,
  );
}

const SCRIBE = writtenProcessor('scribe');
const SHA = { sha256: 'a'.repeat(64) };

test.each<[string, object, string]>([
  ['match', { match: { sources: ['10.9.0.0/16'], trusted: true } }, 'routing change tenants.acme.match.sources'],
  ['trust', { match: { sources: ['10.1.0.0/16'] } }, 'policy change tenants.acme.match.trusted'],
  ['hops', { route: { ingress: 'a', egress: 'b', next: ['sip:x'] } }, 'routing change tenants.acme.route.next'],
  [
    'labels',
    { route: { ingress: 'a', egress: 'b', next: ['sip:127.0.0.1:5070'], labels: ['X-Queue'] } },
    'policy change tenants.acme.route.labels',
  ],
  ['media', { media: { caller: 'sdes' } }, 'routing change tenants.acme.media.caller'],
  ['roles', { roles: { caller: 'ivr' } }, 'policy change tenants.acme.roles.caller'],
  ['direction', { direction: 'outbound' }, 'routing change tenants.acme.direction'],
  ['policy', { policy: SHA }, 'policy add tenants.acme.policy'],
  [
    'consent',
    { consent: { state: 'granted', method: 'none', parties: 'one' } },
    'policy change tenants.acme.consent.state',
  ],
  ['disclosure', { disclosure: { played: true } }, 'policy change tenants.acme.disclosure.played'],
  ['jurisdictions', { jurisdictions: ['EU'] }, 'policy change tenants.acme.jurisdictions'],
  [
    'retention',
    { retention: { transcripts: { keep: true } } },
    'policy change tenants.acme.retention.transcripts.keep',
  ],
  ['redaction', { redaction: { deny: ['project falcon'] } }, 'policy add tenants.acme.redaction'],
  ['processors', { processors: ['scribe'] }, 'processors change tenants.acme.processors'],
])('each part of a tenant takes the role it is of: %s', (_part, change, expected) => {
  const before = documentOf([writtenTenant('acme', 1)], [SCRIBE]);
  const after = documentOf([writtenTenant('acme', 1, change)], [SCRIBE]);

  expect(changes(before, after)).toEqual([`${expected} acme`]);
});

test('what processors are and under which terms is a matter of processors', () => {
  const before = documentOf([], [SCRIBE, writtenProcessor('gone')]);
  const renegotiated = writtenProcessor('scribe', {
    url: 'ws://127.0.0.1:2/',
    terms: { training: true, retentionDays: 0, expires: '2035-01-01' },
  });

  expect(changes(before, documentOf([], [renegotiated, writtenProcessor('new')]))).toEqual([
    'processors change processors.scribe.url scribe',
    'processors change processors.scribe.terms.training scribe',
    'processors remove processors.gone gone',
    'processors add processors.new new',
  ]);
});

test('a tenant that is added brings its calls, and whatever AI it brings is judged by itself', () => {
  const bare = writtenTenant('acme', 1);
  const whole = writtenTenant('acme', 1, {
    policy: SHA,
    consent: { state: 'granted', method: 'x', parties: 'all' },
    processors: ['scribe'],
  });

  expect(changes(documentOf([]), documentOf([bare]))).toEqual(['tenants add tenants.acme acme']);
  expect(changes(documentOf([], [SCRIBE]), documentOf([whole], [SCRIBE]))).toEqual([
    'tenants add tenants.acme acme',
    'policy add tenants.acme.policy acme',
    'policy add tenants.acme.consent acme',
    'processors add tenants.acme.processors acme',
  ]);
  expect(changes(documentOf([whole], [SCRIBE]), documentOf([], [SCRIBE]))).toEqual([
    'tenants remove tenants.acme acme',
  ]);
});

test('an order that decides between tenants is routing, and nobody’s alone', () => {
  const [acme, globex, third] = [writtenTenant('acme', 1), writtenTenant('globex', 2), writtenTenant('third', 3)];

  expect(changes(documentOf([acme, globex]), documentOf([globex, acme]))).toEqual(['routing change tenants -']);
  expect(changes(documentOf([acme, globex]), documentOf([third, acme, globex]))).toEqual([
    'tenants add tenants.third third',
  ]);
});

test('the same document, written otherwise, does not differ', () => {
  const written = documentOf([writtenTenant('acme', 1, { policy: { ...SHA, bundle: './a.tar.gz' } })], [SCRIBE]);
  const otherwise = documentOf(
    [writtenTenant('acme', 1, { policy: SHA, jurisdictions: [], direction: 'inbound' })],
    [{ ...SCRIBE, sampleRateHz: 16_000 }],
  );

  expect(changes(written, otherwise)).toEqual([]);
});

test('values are shown as they are written, and cut short where they are long', () => {
  const many = Array.from({ length: 200 }, (_each, at) => `10.1.${at}.0/24`);
  const after = documentOf([writtenTenant('acme', 1, { match: { sources: many, trusted: true } })]);

  const [change] = compareDocuments(
    readDocumentValue(documentOf([writtenTenant('acme', 1)])),
    readDocumentValue(after),
  );

  expect(change?.before).toBe('["10.1.0.0/16"]');
  expect(change?.after).toHaveLength(401);
});
