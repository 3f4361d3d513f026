import { createPrivateKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isClientHello, isHelloVerifyRequest } from '../../src/protocol/dtls/client-hello.ts';
import type { DtlsAssociation, DtlsCertificate, DtlsPeer } from '../../src/protocol/dtls/association.ts';
import { requirePeer } from '../peers/require-peer.ts';
import {
  ACTIVE_AT,
  PASSIVE_AT,
  addon,
  chanceOf,
  createPair,
  exchange,
  twoCertificates,
  type Direction,
  type Pair,
} from './dtls-pair.ts';

const ELSEWHERE: DtlsPeer = { address: '203.0.113.9', port: 40_000 };
const MUTATIONS = 2000;
/** The alert for a signature that is wrong (RFC 5246 §7.2.2). */
const DECRYPT_ERROR = 51;
/** The use_srtp extension's list: four bytes, AEAD_AES_256_GCM and AES128_CM_SHA1_80 (RFC 5764 §4.1.1). */
const OFFERED_PROFILES = Buffer.from('000400080001', 'hex');

const isMissing = requirePeer('c++') === undefined || addon === undefined;

describe.skipIf(isMissing)('an impostor', () => {
  test('that shows the certificate of another without its key is refused by a passive end', () => {
    const pair = createPair({ active: { certificate: impostorOf(twoCertificates()) } });

    expect(alertsOf(pair, 'to_active')).toEqual([DECRYPT_ERROR]);

    expectNoKeys(pair.passive, 'handshake_failed');
    expect(pair.active.keys()).toBeUndefined();
  });

  test('that shows the certificate of another without its key is refused by an active end', () => {
    const [one, other] = twoCertificates();
    const pair = createPair({ passive: { certificate: impostorOf([other, one]) } });

    expect(alertsOf(pair, 'to_passive')).toEqual([DECRYPT_ERROR]);

    expectNoKeys(pair.active, 'handshake_failed');
    expect(pair.passive.keys()).toBeUndefined();
  });

  test('in the middle that takes the better profile out of an offer gets a handshake that nobody finishes', () => {
    const suites = ['AEAD_AES_256_GCM', 'AES_CM_128_HMAC_SHA1_80'] as const;
    const pair = createPair({ active: { suites }, passive: { suites, cookies: false } });
    let changed = 0;

    exchange(pair, (datagrams) =>
      datagrams.map((datagram) => {
        const at = isClientHello(datagram) ? datagram.indexOf(OFFERED_PROFILES) : -1;
        if (at === -1) return datagram;
        changed += 1;
        const lesser = Buffer.from(datagram);
        lesser.writeUInt16BE(0x0099, at + 2);
        return lesser;
      }),
    );

    expect(changed).toBe(1);
    expectNoKeys(pair.passive, 'handshake_failed');
    expect(pair.active.keys()).toBeUndefined();
  });
});

describe.skipIf(isMissing)('a peer that has not proved its address', () => {
  test('gets a cookie request and no more, and nothing of it is kept', () => {
    const { active, passive } = createPair();
    const [hello] = active.start();
    const bytes = hello ?? Buffer.alloc(0);

    for (let again = 0; again < 50; again += 1) {
      const replies = passive.receive(bytes, ELSEWHERE);
      expect(replies.map(isHelloVerifyRequest)).toEqual([true]);
      expect(totalBytes(replies)).toBeLessThanOrEqual(3 * bytes.length);
    }

    expect(passive.wakeInMs()).toBeUndefined();
    exchange({ active, passive }, undefined, [bytes]);
    expect(passive.state).toBe('done');
  });

  test('gets no further with a cookie made for another address, port or association', () => {
    const { active, passive } = createPair();
    const stranger = createPair();
    const verify = active.start().flatMap((datagram) => passive.receive(datagram, ACTIVE_AT));
    const [withCookie = Buffer.alloc(0)] = verify.flatMap((datagram) => active.receive(datagram, PASSIVE_AT));
    const refused = [
      passive.receive(withCookie, ELSEWHERE),
      passive.receive(withCookie, { ...ACTIVE_AT, port: 1 }),
      stranger.passive.receive(withCookie, ACTIVE_AT),
    ];

    expect(refused.map((replies) => replies.map(isHelloVerifyRequest))).toEqual([[true], [true], [true]]);
    expect(passive.receive(withCookie, ACTIVE_AT).map(isHelloVerifyRequest)).toEqual([false]);
  });

  test('is not heard at all once another has brought its cookie back', () => {
    const { active, passive } = createPair();
    const verify = active.start().flatMap((datagram) => passive.receive(datagram, ACTIVE_AT));
    const hello = verify.flatMap((datagram) => active.receive(datagram, PASSIVE_AT));
    const flight = hello.flatMap((datagram) => passive.receive(datagram, ACTIVE_AT));
    const intruder = createPair().active.start();

    expect(intruder.flatMap((datagram) => passive.receive(datagram, ELSEWHERE))).toEqual([]);
    const rest = flight.flatMap((datagram) => active.receive(datagram, PASSIVE_AT));
    expect(rest.flatMap((datagram) => passive.receive(datagram, ELSEWHERE))).toEqual([]);
    exchange({ active, passive }, undefined, rest);
    expect([active.state, passive.state]).toEqual(['done', 'done']);
  });

  test('gets from an active end at most three times what it sent, and the few ClientHellos it has anyway', () => {
    const { active, passive } = createPair();
    const sent = active.start();
    let heardBytes = 0;
    const [hello = Buffer.alloc(0)] = sent;
    for (let message = 0; message < 200; message += 1) {
      for (const verify of passive.receive(hello, ACTIVE_AT)) {
        const numbered = Buffer.from(verify);
        numbered.writeUInt16BE(message, 9);
        numbered.writeUInt16BE(message, 17);
        heardBytes += numbered.length;
        sent.push(...active.receive(numbered, PASSIVE_AT));
      }
    }

    expect(sent.length).toBeGreaterThan(1);
    expect(totalBytes(sent)).toBeLessThanOrEqual(3 * heardBytes + 4800);
  });
});

describe.skipIf(isMissing)('datagrams that are not what they should be', () => {
  test('are dropped without a word: garbage, cut, too long, other protocols', () => {
    const { active, passive } = createPair({ passive: { cookies: false } });
    const [hello = Buffer.alloc(0)] = active.start();
    const chance = chanceOf(7);
    const junk = [
      Buffer.alloc(0),
      Buffer.alloc(1, 22),
      Buffer.alloc(13),
      Buffer.from('GET / HTTP/1.0\r\n\r\n'),
      Buffer.alloc(65_507, 22),
      Buffer.concat([hello, Buffer.alloc(9000)]),
      Buffer.concat([hello, Buffer.from([22])]),
      ...Array.from({ length: 500 }, () => randomBytes(chance, 1 + Math.floor(chance() * 300))),
      ...Array.from({ length: hello.length - 1 }, (_, length) => hello.subarray(0, length)),
    ];

    for (const datagram of junk) expect(passive.receive(datagram, ACTIVE_AT)).toEqual([]);

    expect(passive.state).toBe('handshaking');
    exchange({ active, passive }, undefined, [hello]);
    expect([active.state, passive.state]).toEqual(['done', 'done']);
    for (const datagram of [...junk, hello]) expect(passive.receive(datagram, ACTIVE_AT)).toEqual([]);
    expect(passive.state).toBe('done');
  });

  test('do nothing to an association that is done when they are forged, of whatever length', () => {
    const pair = createPair();
    exchange(pair);
    const keys = pair.passive.keys();

    for (let bytes = 0; bytes < 64; bytes += 1) {
      for (const type of [20, 21, 22, 23]) {
        const forged = Buffer.alloc(13 + bytes, 1);
        forged.set([type, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 6, bytes, 0, bytes]);
        expect(pair.passive.receive(forged, ACTIVE_AT)).toEqual([]);
        expect(pair.active.receive(forged, PASSIVE_AT)).toEqual([]);
      }
    }

    expect(pair.passive.keys()).toEqual(keys);
    const goodbye = pair.active.close();
    goodbye.forEach((datagram) => pair.passive.receive(datagram, ACTIVE_AT));
    expect(pair.passive.failure).toBe('closed_by_peer');
  });

  test('that ask for DTLS 1.0 are refused', () => {
    const { active, passive } = createPair({ passive: { cookies: false } });
    const [hello = Buffer.alloc(0)] = active.start();
    const older = Buffer.from(hello);
    older.writeUInt16BE(0xfeff, 25);

    const replies = passive.receive(older, ACTIVE_AT);

    expect(replies.map(([type]) => type)).toEqual([21]);
    expectNoKeys(passive, 'handshake_failed');
  });

  test('never make an association throw, keep more than its limits or give keys, whatever is changed in them', () => {
    const chance = chanceOf(4711);
    const recorded = recordHandshake();
    for (let round = 0; round < MUTATIONS / 20; round += 1) {
      const { active, passive } = createPair({ passive: { cookies: round % 3 === 0 } });
      active.start();
      let sentBytes = 0;
      for (let step = 0; step < 20; step += 1) {
        const picked = recorded[Math.floor(chance() * recorded.length)] ?? Buffer.alloc(0);
        const mutant = mutate(picked, chance);
        sentBytes += totalBytes(passive.receive(mutant, ACTIVE_AT)) + totalBytes(active.receive(mutant, PASSIVE_AT));
      }
      expect(sentBytes).toBeLessThan(40_000);
      expect(active.keys()).toBeUndefined();
      expect(passive.keys()).toBeUndefined();
      active.close();
      passive.close();
    }
  });

  test('are taken no further than a handshake can need', () => {
    const { active, passive } = createPair({ passive: { cookies: false } });
    const [hello = Buffer.alloc(0)] = active.start();
    const flight = passive.receive(hello, ACTIVE_AT);
    const last = flight.flatMap((datagram) => active.receive(datagram, PASSIVE_AT));
    const flood = Buffer.concat(Array.from({ length: 40 }, (_, sequence) => recordOfNextEpoch(sequence)));

    for (let again = 0; again < 300; again += 1) expect(passive.receive(flood, ACTIVE_AT)).toEqual([]);

    // Its budget is spent: not even what is good is taken now, and the timer will end it.
    expect(last.flatMap((datagram) => passive.receive(datagram, ACTIVE_AT))).toEqual([]);
    expect(passive.state).toBe('handshaking');
    expect(passive.wakeInMs()).toBeDefined();
  });
});

/** The certificate of the first, with a private key that claims to belong to it and is the second's. */
function impostorOf([victim, own]: readonly [DtlsCertificate, DtlsCertificate]): DtlsCertificate {
  const theirs = createPrivateKey(victim.privateKeyPem).export({ format: 'jwk' });
  const ours = createPrivateKey(own.privateKeyPem).export({ format: 'jwk' });
  const forged = createPrivateKey({ format: 'jwk', key: { ...theirs, d: ours.d ?? '' } });
  return { ...victim, privateKeyPem: forged.export({ format: 'pem', type: 'pkcs8' }).toString() };
}

/** Exchanges, and gives the descriptions of the alerts sent in the clear. */
function alertsOf(pair: Pair, towards: Direction): number[] {
  const alerts: number[] = [];
  exchange(pair, (datagrams, direction) => {
    const heard = direction === towards ? datagrams.filter(([type]) => type === 21) : [];
    alerts.push(...heard.map((datagram) => datagram.readUInt8(14)));
    return datagrams;
  });
  return alerts;
}

function expectNoKeys(association: DtlsAssociation, failure: string): void {
  expect(association).toMatchObject({ state: 'failed', failure });
  expect(association.keys()).toBeUndefined();
}

function totalBytes(datagrams: readonly Buffer[]): number {
  return datagrams.reduce((sum, { length }) => sum + length, 0);
}

/** Every datagram of a whole handshake, of both ends. */
function recordHandshake(): Buffer[] {
  const recorded: Buffer[] = [];
  exchange(createPair(), (datagrams) => {
    recorded.push(...datagrams);
    return datagrams;
  });
  return recorded;
}

function mutate(original: Buffer, chance: () => number): Buffer {
  const mutant = Buffer.from(original);
  for (let change = 0; change <= chance() * 4; change += 1) {
    mutant[Math.floor(chance() * mutant.length)] = Math.floor(chance() * 256);
  }
  const cut = chance();
  if (cut < 0.1) return mutant.subarray(0, Math.floor(chance() * mutant.length));
  return cut < 0.2 ? Buffer.concat([mutant, original]) : mutant;
}

function randomBytes(chance: () => number, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(chance() * 256)));
}

/** An encrypted record that comes before the keys. */
function recordOfNextEpoch(sequence: number): Buffer {
  const record = Buffer.alloc(13 + 40, 0xa5);
  record.set([22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, sequence, 0, 40]);
  return record;
}
