import { describe, expect, test } from 'vitest';
import { createDtls } from '../../src/native/dtls.ts';
import { requirePeer } from '../peers/require-peer.ts';
import {
  ACTIVE_AT,
  IMPATIENT,
  PASSIVE_AT,
  addon,
  chanceOf,
  createPair,
  dtlsAddon,
  exchange,
  exchangeWithTimers,
  type Wire,
} from './dtls-pair.ts';

const SEEDS = Array.from({ length: 25 }, (_, seed) => seed);

describe.skipIf(requirePeer('c++') === undefined || addon === undefined)('over a wire that is not perfect', () => {
  test('a handshake is done whatever is lost, repeated and reordered', () => {
    for (const seed of SEEDS) {
      const pair = createPair({ passive: { cookies: seed % 2 === 0 } }, createDtls(dtlsAddon(), IMPATIENT));

      exchangeWithTimers(pair, imperfect(seed));

      expect([seed, pair.active.state, pair.passive.state]).toEqual([seed, 'done', 'done']);
      expect(pair.active.keys()?.send).toEqual(pair.passive.keys()?.receive);
    }
  });

  test('each single datagram may be lost once', () => {
    for (let lost = 0; lost < 6; lost += 1) {
      const pair = createPair({}, createDtls(dtlsAddon(), IMPATIENT));
      let sent = 0;

      exchangeWithTimers(pair, (datagrams) => datagrams.filter(() => sent++ !== lost));

      expect([lost, pair.active.state, pair.passive.state]).toEqual([lost, 'done', 'done']);
    }
  });

  test('each single datagram may come twice, at once or much later', () => {
    const pair = createPair();
    const seen: Buffer[] = [];
    const twice: Wire = (datagrams, direction) => {
      if (direction === 'to_passive') seen.push(...datagrams);
      return datagrams.flatMap((datagram) => [datagram, datagram]);
    };

    exchange(pair, twice);
    const keys = pair.passive.keys();
    const replies = seen.flatMap((datagram) => pair.passive.receive(datagram, ACTIVE_AT));

    expect([pair.active.state, pair.passive.state]).toEqual(['done', 'done']);
    expect(replies).toEqual([]);
    expect(pair.passive.keys()).toEqual(keys);
  });

  test('a damaged datagram of the last flight is as one that was lost', () => {
    const pair = createPair({ passive: { cookies: false } }, createDtls(dtlsAddon(), IMPATIENT));
    let damaged = 0;
    const damagesFinished: Wire = (datagrams) =>
      datagrams.map((datagram) => {
        // ChangeCipherSpec, then what is encrypted: only the server's last flight begins with one.
        if (datagram[0] !== 20 || damaged > 0) return datagram;
        damaged += 1;
        const broken = Buffer.from(datagram);
        broken[broken.length - 1]! ^= 1;
        return broken;
      });

    exchange(pair, damagesFinished);
    expect(damaged).toBe(1);
    expect([pair.active.state, pair.passive.state]).toEqual(['handshaking', 'done']);
    exchangeWithTimers(pair, (datagrams) => datagrams);

    expect(pair.active.state).toBe('done');
    expect(pair.active.keys()?.send).toEqual(pair.passive.keys()?.receive);
  });

  test('an active end that nobody answers sends five ClientHellos and gives up', () => {
    const { active } = createPair({}, createDtls(dtlsAddon(), { ...IMPATIENT, transmissions: 5 }));
    const hellos = active.start();

    for (let waited = 0; active.state === 'handshaking' && waited < 1e6;) {
      if (active.wakeInMs() === 0) hellos.push(...active.wake());
      else waited += 1;
    }

    expect(hellos).toHaveLength(5);
    expect(active).toMatchObject({ state: 'failed', failure: 'timeout' });
    expect(active.wakeInMs()).toBeUndefined();
    expect(active.wake()).toEqual([]);
  });

  test('a passive end that is left alone after a cookie gives up too', () => {
    const { active, passive } = createPair({}, createDtls(dtlsAddon(), { ...IMPATIENT, transmissions: 3 }));
    const verify = active.start().flatMap((datagram) => passive.receive(datagram, ACTIVE_AT));
    const again = verify.flatMap((datagram) => active.receive(datagram, PASSIVE_AT));
    const flights = [again.flatMap((datagram) => passive.receive(datagram, ACTIVE_AT))];

    for (let waited = 0; passive.state === 'handshaking' && waited < 1e6;) {
      if (passive.wakeInMs() === 0) flights.push(passive.wake());
      else waited += 1;
    }

    expect(flights.map((flight) => flight.length > 0)).toEqual([true, true, true, false]);
    expect(passive).toMatchObject({ state: 'failed', failure: 'timeout' });
  });

  test('the first timeout is a second, and waking before it does nothing', () => {
    const { active, passive } = createPair();
    expect(active.wakeInMs()).toBeUndefined();
    expect(passive.wakeInMs()).toBeUndefined();
    active.start();

    expect(active.wakeInMs()).toBeGreaterThan(0);
    expect(active.wakeInMs()).toBeLessThanOrEqual(1000);
    expect(active.wake()).toEqual([]);
    expect(active.state).toBe('handshaking');
  });

  test('no datagram is longer than 1200 bytes', () => {
    const sizes: number[] = [];
    const measured: Wire = (datagrams) => {
      sizes.push(...datagrams.map((datagram) => datagram.length));
      return datagrams;
    };

    exchange(createPair(), measured);

    expect(Math.max(...sizes)).toBeLessThanOrEqual(1200);
  });
});

/** Loses a quarter, repeats an eighth, and turns the order round. */
function imperfect(seed: number): Wire {
  const chance = chanceOf(seed);
  return (datagrams) => {
    const kept = datagrams.flatMap((datagram) => {
      const luck = chance();
      if (luck < 0.25) return [];
      return luck < 0.375 ? [datagram, datagram] : [datagram];
    });
    return kept
      .map((datagram) => ({ datagram, order: chance() }))
      .sort((a, b) => a.order - b.order)
      .map(({ datagram }) => datagram);
  };
}
