import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readPrefix, networkKey } from '../../src/call/signaling/router/prefix.ts';
import { documentSchema } from '../../src/config/document.ts';
import { canonicalNetwork } from '../../src/config/network.ts';

interface Written {
  readonly sources?: readonly string[];
  readonly domains?: readonly string[];
  readonly dids?: readonly string[];
  readonly headers?: readonly { readonly name: string; readonly value: string }[];
  readonly ingress?: string;
}

/** What is refused of tenants t0, t1 …, as `key message`. */
function refusals(...tenants: readonly Written[]): readonly string[] {
  const read = documentSchema.safeParse({
    version: 1,
    tenants: tenants.map(({ ingress = 'a', sources = ['10.0.0.0/8'], ...match }, at) => ({
      id: `t${at}`,
      match: { sources, ...match },
      route: { ingress, egress: 'a', next: ['sip:127.0.0.1'] },
    })),
  });
  return read.error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`) ?? [];
}

const HEADER = { name: 'X-Tenant', value: 'a' };

test.each<[string, Written, Written]>([
  ['the same network', {}, {}],
  ['the same network in another spelling', { sources: ['10.0.0.0/8'] }, { sources: ['10.9.9.9/8'] }],
  ['an IPv6 network in another spelling', { sources: ['2001:db8::/32'] }, { sources: ['2001:0DB8:0::1/32'] }],
  ['an IPv4 network written as IPv6', { sources: ['10.0.0.0/8'] }, { sources: ['::ffff:10.0.0.0/104'] }],
  ['some of the networks', { sources: ['10.0.0.0/8', '192.0.2.1'] }, { sources: ['192.0.2.1'] }],
  ['the same in another order', { dids: ['1', '2'], domains: ['a', 'b'] }, { dids: ['2', '1'], domains: ['b'] }],
  ['a domain in another case', { domains: ['A.example'] }, { domains: ['a.EXAMPLE.'] }],
  ['the same header in another case', { headers: [HEADER] }, { headers: [{ ...HEADER, name: 'x-tenant' }] }],
])('a tenant whose calls an earlier one takes is refused: %s', (_what, first, second) => {
  expect(refusals(first, second)).toEqual([
    'tenants.1.match is never reached: tenants[0] comes first and matches the same calls',
  ]);
});

test.each<[string, Written, Written]>([
  ['more networks', { sources: ['10.0.0.0/8'] }, { sources: ['10.0.0.0/8', '192.0.2.1'] }],
  ['a smaller network', { sources: ['10.0.0.0/8'] }, { sources: ['10.0.0.0/9'] }],
  ['another interface', {}, { ingress: 'b' }],
  ['a number where the other names none', {}, { dids: ['1'] }],
  ['no number where the other names one', { dids: ['1'] }, {}],
  ['a longer number', { dids: ['1'] }, { dids: ['12'] }],
  ['another header', { headers: [HEADER] }, { headers: [{ ...HEADER, value: 'b' }] }],
  ['a header more', { headers: [HEADER] }, { headers: [HEADER, { name: 'X-Env', value: '1' }] }],
  ['another family', { sources: ['0.0.0.0/0'] }, { sources: ['::/0'] }],
])('a tenant with calls of its own is not: %s', (_what, first, second) => {
  expect(refusals(first, second)).toEqual([]);
});

test('two thousand tenants on one network are checked, and the one that is never reached is found', () => {
  const many = Array.from({ length: 1_999 }, (_each, at): Written => ({ dids: [`+49${10_000 + at}`] }));

  const found = refusals(...many, { dids: ['+4911345'] });

  expect(found).toEqual(['tenants.1999.match is never reached: tenants[1345] comes first and matches the same calls']);
});

test.each([
  [{ headers: [HEADER, { name: 'x-tenant', value: 'b' }] }, 'tenants.0.match.headers names a header twice'],
  [{ headers: [{ name: 'X', value: ' a' }] }, 'tenants.0.match.headers.0.value must be printable ASCII'],
  [{ headers: [{ name: 'X', value: 'ä' }] }, 'tenants.0.match.headers.0.value must be printable ASCII'],
  [{ headers: [{ name: 'Authorization', value: 'a' }] }, 'tenants.0.match.headers.0.name carries credentials'],
  [{ dids: ['+49 30'] }, 'tenants.0.match.dids.0 must be the beginning of a number'],
  [{ domains: ['a/b'] }, 'tenants.0.match.domains.0 must be a host name'],
  [{ sources: [] }, 'tenants.0.match.sources'],
  [{ sources: ['10.0.0.0/08'] }, 'tenants.0.match.sources.0 must be an IP address or a network'],
  [{ sources: ['::ffff:10.0.0.0/90'] }, 'tenants.0.match.sources.0 must be an IP address or a network'],
  [{ sources: ['fe80::1%eth0'] }, 'tenants.0.match.sources.0 must be an IP address or a network'],
])('what could never match is refused: %j', (written, refusal) => {
  const [found = '', ...more] = refusals(written);

  expect(found.startsWith(refusal)).toBe(true);
  expect(more).toEqual([]);
});

test('every network a document may name is one the router reads, as the same network', () => {
  const address = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.ipV4().map((quad) => `::ffff:${quad}`),
    fc.string(),
  );
  const length = fc.oneof(
    fc.constant(''),
    fc.integer({ min: -1, max: 130 }).map((bits) => `/${bits}`),
  );
  fc.assert(
    fc.property(address, length, (literal, bits) => {
      const canonical = canonicalNetwork(`${literal}${bits}`);
      const prefix = readPrefix(`${literal}${bits}`);

      if (canonical === undefined) return;
      const key =
        prefix && `${Buffer.from(networkKey(prefix.address, prefix.bits), 'latin1').toString('hex')}/${prefix.bits}`;
      expect(key).toBe(canonical);
    }),
  );
});
