import fc from 'fast-check';
import { expect, test } from 'vitest';
import { namedTargets, orderByWeight, servicesOf, srvNameOf } from '../../../src/protocol/sip/locating.ts';
import type { NaptrRecord, SrvRecord } from '../../../src/protocol/sip/locating.ts';

function naptr(service: string, changes: Partial<NaptrRecord> = {}): NaptrRecord {
  return { order: 10, preference: 10, flags: 's', service, regexp: '', replacement: `${service}.example`, ...changes };
}

function srv(name: string, changes: Partial<SrvRecord> = {}): SrvRecord {
  return { priority: 10, weight: 10, port: 5060, name, ...changes };
}

test('services are tried by order, then by preference (RFC 3263 §4.1)', () => {
  const services = servicesOf([
    naptr('SIP+D2U', { order: 90 }),
    naptr('SIP+D2T', { order: 50, preference: 20 }),
    naptr('SIPS+D2T', { order: 50, preference: 10 }),
    naptr('sip+d2w', { order: 100 }),
    naptr('SIPS+D2W', { order: 100, preference: 11 }),
  ]);

  expect(services.map(({ transport }) => transport)).toEqual(['tls', 'tcp', 'udp', 'ws', 'wss']);
  expect(services[0]).toEqual({ transport: 'tls', srvName: 'SIPS+D2T.example' });
});

test.each([
  ['another protocol', naptr('E2U+sip')],
  ['a transport we have not', naptr('SIP+D2S')],
  ['a rule that ends in a URI', naptr('SIP+D2U', { flags: 'u' })],
  ['a rule with a regular expression', naptr('SIP+D2U', { regexp: '!.*!sip:evil@example!' })],
  ['a rule that leads nowhere', naptr('SIP+D2U', { replacement: '' })],
])('%s is no service for us', (_name, record) => {
  expect(servicesOf([record])).toEqual([]);
});

test('a flood of services is cut short', () => {
  expect(servicesOf(Array<NaptrRecord>(100).fill(naptr('SIP+D2U')))).toHaveLength(5);
});

test('SRV names are those of RFC 3263, and a WebSocket has none', () => {
  const names = (['udp', 'tcp', 'tls', 'ws', 'wss'] as const).map((transport) => srvNameOf('example.com', transport));

  expect(names).toEqual([
    '_sip._udp.example.com',
    '_sip._tcp.example.com',
    '_sips._tcp.example.com',
    undefined,
    undefined,
  ]);
});

test('a lone dot says that there is no such service, and port 0 that there is no door', () => {
  expect(namedTargets([srv('.'), srv(''), srv('a', { port: 0 }), srv('b', { port: 70_000 }), srv('c')])).toEqual([
    srv('c'),
  ]);
});

test('a lower priority always comes first', () => {
  const records = [srv('c', { priority: 3 }), srv('a', { priority: 1, weight: 0 }), srv('b', { priority: 2 })];

  expect(orderByWeight(records, (limit) => limit - 1).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
});

test('within a priority each is first as often as its weight says (RFC 2782)', () => {
  const records = [
    srv('a', { weight: 60 }),
    srv('b', { weight: 30 }),
    srv('c', { weight: 10 }),
    srv('d', { weight: 0 }),
  ];
  const first = new Map<string, number>();

  // Every value chance can have, once.
  for (let value = 0; value <= 100; value += 1) {
    const name = orderByWeight(records, (limit) => (limit === 101 ? value : 0))[0]?.name ?? '';
    first.set(name, (first.get(name) ?? 0) + 1);
  }

  expect(Object.fromEntries(first)).toEqual({ d: 1, c: 10, b: 30, a: 60 });
});

test('whatever the records and chance, each record is tried once and none is invented', () => {
  const record = fc.record({
    priority: fc.integer({ min: 0, max: 3 }),
    weight: fc.integer({ min: 0, max: 65_535 }),
    port: fc.constant(5060),
    name: fc.string(),
  });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 16 }), fc.infiniteStream(fc.nat()), (records, chance) => {
      const ordered = orderByWeight(records, (limit) => (chance.next().value as number) % limit);

      expect(new Set(ordered)).toEqual(new Set(records));
      expect(ordered).toHaveLength(records.length);
      expect(ordered.map(({ priority }) => priority)).toEqual(records.map(({ priority }) => priority).sort());
    }),
  );
});
