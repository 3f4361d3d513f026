import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { DEFAULT_LIMITS } from '../../../src/call/signaling/limits.ts';
import { Locator } from '../../../src/call/signaling/locate.ts';
import type { Lookups } from '../../../src/call/signaling/locate.ts';
import type { NaptrRecord, SrvRecord } from '../../../src/protocol/sip/locating.ts';
import type { HopTarget } from '../../../src/protocol/sip/loose-route.ts';

/** A zone in memory: what is not in it does not exist, and what is an error cannot be said. */
class Zone implements Lookups {
  readonly asked: string[] = [];
  readonly #records: Readonly<Record<string, unknown>>;

  constructor(records: Readonly<Record<string, unknown>>) {
    this.#records = records;
  }

  readonly addresses = async (
    name: string,
  ): Promise<{ readonly addresses: readonly string[]; readonly ttlMs?: number }> => {
    return { addresses: await this.#ask<string>('A', name) };
  };

  readonly srv = (name: string): Promise<readonly SrvRecord[]> => this.#ask('SRV', name);
  readonly naptr = (name: string): Promise<readonly NaptrRecord[]> => this.#ask('NAPTR', name);

  #ask<Found>(kind: string, name: string): Promise<readonly Found[]> {
    this.asked.push(`${kind} ${name}`);
    const found = this.#records[`${kind} ${name}`] ?? [];
    return found instanceof Error ? Promise.reject(found) : Promise.resolve(found as readonly Found[]);
  }
}

function srv(name: string, changes: Partial<SrvRecord> = {}): SrvRecord {
  return { priority: 10, weight: 0, port: 5070, name, ...changes };
}

function naptr(service: string, replacement: string, order = 10): NaptrRecord {
  return { order, preference: 10, flags: 'S', service, regexp: '', replacement };
}

async function locate(
  records: Readonly<Record<string, unknown>>,
  hop: HopTarget,
): Promise<{ readonly found: string[]; readonly asked: string[]; readonly targets: readonly HopTarget[] }> {
  const zone = new Zone(records);
  const locator = new Locator({
    clock: new ManualClock(),
    random: (size) => Buffer.alloc(size),
    lookups: zone,
    limits: DEFAULT_LIMITS,
  });
  const targets = await new Promise<readonly HopTarget[]>((resolve) => locator.locate(hop, resolve));
  const found = targets.map(({ host, port, transport }) => `${transport ?? '-'} ${host} ${port ?? '-'}`);
  return { found, asked: zone.asked, targets };
}

test('an address is its own place, and nobody is asked', async () => {
  const { found, asked } = await locate({}, { host: '[2001:db8::1]', transport: 'tcp' });

  expect(found).toEqual(['tcp 2001:db8::1 -']);
  expect(asked).toEqual([]);
});

test('a port says that no record is to be asked for but addresses (RFC 3263 §4.2)', async () => {
  const { found, asked } = await locate(
    { 'A pbx': ['10.0.0.1', '2001:db8::1'] },
    { host: 'PBX', port: 5080, transport: 'tls' },
  );

  expect(found).toEqual(['tls 10.0.0.1 5080', 'tls 2001:db8::1 5080']);
  expect(asked).toEqual(['A pbx']);
});

test('a transport without a port is found by SRV', async () => {
  const zone = {
    'SRV _sips._tcp.pbx': [srv('two', { priority: 20 }), srv('one', { port: 5061 })],
    'A one': ['10.0.0.1'],
    'A two': ['10.0.0.2'],
  };

  const { found, asked, targets } = await locate(zone, { host: 'pbx', transport: 'tls' });

  expect(found).toEqual(['tls 10.0.0.1 5061', 'tls 10.0.0.2 5070']);
  expect(asked).not.toContain('NAPTR pbx');
  // RFC 5922 §4: a certificate is checked against the name that was asked for.
  expect(targets.map(({ domain }) => domain)).toEqual(['pbx', 'pbx']);
});

test('without a transport NAPTR says which, best first, and SRV where', async () => {
  const zone = {
    'NAPTR pbx': [naptr('SIP+D2U', '_sip._udp.other', 20), naptr('SIPS+D2T', '_sips._tcp.other', 10)],
    'SRV _sips._tcp.other': [srv('one', { port: 5061 })],
    'SRV _sip._udp.other': [srv('one', { port: 5060 })],
    'A one': ['10.0.0.1'],
  };

  const { found } = await locate(zone, { host: 'pbx' });

  expect(found).toEqual(['tls 10.0.0.1 5061', 'udp 10.0.0.1 5060']);
});

test('without NAPTR the usual transports are asked for, and encrypted ones are not guessed', async () => {
  const zone = { 'SRV _sip._tcp.pbx': [srv('one')], 'A one': ['10.0.0.1'] };

  const { found, asked } = await locate(zone, { host: 'pbx' });

  expect(found).toEqual(['tcp 10.0.0.1 5070']);
  expect(asked).toEqual(['NAPTR pbx', 'SRV _sip._udp.pbx', 'SRV _sip._tcp.pbx', 'A one']);
});

test('without any record the name itself is the place, and port and transport are left to the listener', async () => {
  const { found } = await locate({ 'A pbx': ['10.0.0.1'] }, { host: 'pbx' });

  expect(found).toEqual(['- 10.0.0.1 -']);
});

test('a WebSocket has no SRV records', async () => {
  const { found, asked } = await locate({ 'A pbx': ['10.0.0.1'] }, { host: 'pbx', transport: 'wss' });

  expect(found).toEqual(['wss 10.0.0.1 -']);
  expect(asked).toEqual(['A pbx']);
});

test('a server whose own name does not resolve is skipped', async () => {
  const zone = {
    'SRV _sip._udp.pbx': [srv('gone'), srv('bad'), srv('one')],
    'A one': ['10.0.0.1'],
    'A bad': new Error('SERVFAIL'),
  };

  expect((await locate(zone, { host: 'pbx', transport: 'udp' })).found).toEqual(['udp 10.0.0.1 5070']);
});

test('when nobody can say whether there are SRV records, the name itself will do', async () => {
  const zone = { 'SRV _sip._udp.pbx': new Error('ETIMEOUT'), 'A pbx': ['10.0.0.1'] };

  expect((await locate(zone, { host: 'pbx', transport: 'udp' })).found).toEqual(['udp 10.0.0.1 -']);
});

test('a zone that floods us is asked and tried within bounds', async () => {
  const flood = Array.from({ length: 500 }, (_, index) => srv(`s${index}`));
  const addresses = Object.fromEntries(flood.map(({ name }) => [`A ${name}`, Array<string>(500).fill('10.0.0.1')]));

  const { found, asked } = await locate(
    { 'SRV _sip._udp.pbx': flood, ...addresses },
    { host: 'pbx', transport: 'udp' },
  );

  expect(found).toHaveLength(6);
  expect(asked).toHaveLength(17);
});

test('a name that nobody knows is nowhere', async () => {
  const { targets } = await locate({}, { host: 'nowhere', port: 5060 });

  expect(targets).toEqual([]);
});
