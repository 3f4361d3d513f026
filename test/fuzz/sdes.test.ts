import { deepEqual, ok } from 'node:assert/strict';
import { expect, test } from 'vitest';
import { readCrypto, writeCrypto } from '../../src/protocol/sdp/sdes.ts';
import { keySaltBytes, SRTP_SUITES } from '../../src/protocol/srtp/suite.ts';
import { fuzz, fuzzTimeoutMs } from './fuzzer.ts';

const seeds = SRTP_SUITES.flatMap((suite, index) => {
  const keySalt = Buffer.alloc(keySaltBytes(suite), index + 1).toString('base64');
  return [
    `${index} ${suite} inline:${keySalt}`,
    `${index} ${suite} inline:${keySalt}|2^31|1:4 WSH=64`,
    `1 ${suite} inline:${keySalt}|1048576|18446744073709551615:8 KDR=0 -x FEC_ORDER=FEC_SRTP`,
  ];
});
const words = [
  'inline:',
  '|2^48',
  '|2^',
  '|1:4',
  ':128',
  ';',
  ' UNENCRYPTED_SRTP',
  ' UNENCRYPTED_SRTCP',
  'AEAD_',
  '=',
  '==',
];

test(
  'no crypto line makes its reader throw, tell a key in a refusal, or read what it would not write',
  { timeout: fuzzTimeoutMs },
  async () => {
    const { outcomes } = await fuzz({
      name: 'sdes',
      seeds: seeds.map((seed) => Buffer.from(seed, 'latin1')),
      words,
      maxBytes: 4096,
      check: judge,
    });

    expect(outcomes.get('usable')).toBeGreaterThan(0);
  },
);

function judge(input: Buffer): string {
  const reading = readCrypto(input.toString('latin1'));
  if (reading.kind !== 'usable') {
    deepEqual(Object.keys(reading).sort(), ['kind', 'reason']);
    ok(/^[a-z_]{1,40}$/.test(reading.reason), 'a refusal is a word');
    return `${reading.kind} ${reading.reason}`;
  }
  const { tag, key, lifetimePackets } = reading;
  ok(Buffer.from(key.keySalt, 'base64').length === keySaltBytes(key.suite), 'a key has the length of its suite');
  ok(lifetimePackets > 0 && lifetimePackets <= 2 ** 48, 'a life ends');
  for (const lifetime of [false, true]) {
    const written = writeCrypto(tag, key, { lifetime });
    ok(written.length < 800, 'what is written is bounded');
    const again = readCrypto(written.slice('crypto:'.length));
    deepEqual(again.kind === 'usable' && [again.tag, again.key], [tag, key]);
  }
  return 'usable';
}
