import { ok } from 'node:assert/strict';
import { expect, test } from 'vitest';
import type { DtlsAssociation } from '../../src/protocol/dtls/association.ts';
import { ACTIVE_AT, PASSIVE_AT, addon, createPair, exchange, type Pair } from '../native/dtls-pair.ts';
import { requirePeer } from '../peers/require-peer.ts';
import { fuzz, fuzzTimeoutMs } from './fuzzer.ts';

test.skipIf(requirePeer('c++') === undefined || addon === undefined)(
  'no datagram makes an association throw, talk too much, give keys or lose them',
  { timeout: fuzzTimeoutMs },
  async () => {
    const seeds: Buffer[] = [];
    exchange(createPair(), (datagrams) => {
      seeds.push(...datagrams);
      return datagrams;
    });
    const done = createPair();
    exchange(done);
    const judge = judgeWith(createPair().passive, done);

    const { outcomes } = await fuzz({ name: 'dtls', seeds, maxBytes: 4000, check: judge });

    expect(outcomes.size).toBeGreaterThan(1);
  },
);

/** `listening` and `done` live through the whole run: nothing they get may leave a trace. */
function judgeWith(listening: DtlsAssociation, done: Pair): (input: Buffer) => string {
  const kept = done.passive.keys();
  return (input) => {
    const original = Buffer.from(input);
    const asked = listening.receive(input, ACTIVE_AT);
    ok(sizeOf(asked) <= 3 * input.length, 'who has not proved its address gets three times as much at most');
    ok(listening.wakeInMs() === undefined, 'nothing is kept of who has not proved its address');

    ok(done.passive.receive(input, ACTIVE_AT).length === 0, 'a stranger is not answered once an association is done');
    ok(done.passive.state === 'done' && done.passive.keys()?.send.equals(kept?.send ?? input), 'its keys stay');

    const fresh = createPair({ passive: { cookies: false } });
    const answered = fresh.passive.receive(input, ACTIVE_AT);
    fresh.active.start();
    const followed = fresh.active.receive(input, PASSIVE_AT);
    ok(sizeOf([...answered, ...followed]) < 10_000, 'one datagram has a short answer');
    for (const end of [fresh.active, fresh.passive]) {
      ok(end.keys() === undefined, 'one datagram is no handshake');
      end.close();
    }
    ok(input.equals(original), 'reading changes nothing');
    return [asked, answered, followed].map((flight) => flight.map(([type]) => type).join('+') || 'nothing').join(', ');
  };
}

function sizeOf(datagrams: readonly Buffer[]): number {
  return datagrams.reduce((sum, { length }) => sum + length, 0);
}
