import { ok } from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { IceLiteAgent } from '../../src/protocol/ice/lite-agent.ts';
import { readMappedAddress } from '../../src/protocol/ice/mapped-address.ts';
import { checkFingerprint, findIntegrity, isIntact, shortTermKey } from '../../src/protocol/ice/stun-integrity.ts';
import {
  findAttribute,
  MAGIC_COOKIE,
  MAX_STUN_ATTRIBUTES,
  MAX_STUN_BYTES,
  readStun,
  STUN_ATTRIBUTE,
} from '../../src/protocol/ice/stun-message.ts';
import { writeStun } from '../../src/protocol/ice/write-stun.ts';
import { check, FROM, LOCAL, PEER_UFRAG } from '../protocol/ice/checks.ts';
import { SECTION_2_1_REQUEST, SECTION_2_2_IPV4_RESPONSE, SECTION_2_3_IPV6_RESPONSE } from '../vectors/stun/rfc5769.ts';
import { fuzz, fuzzTimeoutMs } from './fuzzer.ts';

const key = shortTermKey(LOCAL.password);
const agent = new IceLiteAgent(LOCAL);
agent.usePeers([PEER_UFRAG]);

test(
  'no datagram makes the ICE agent throw, talk too much, or believe what our password did not make',
  { timeout: fuzzTimeoutMs },
  async () => {
    const vectors = [SECTION_2_1_REQUEST, SECTION_2_2_IPV4_RESPONSE, SECTION_2_3_IPV6_RESPONSE];
    const checks = [check(), check({ nominates: true }), check({ hash: 'sha256' }), check({ role: 'controlled' })];
    const seeds = [...vectors.map((vector) => Buffer.from(vector, 'hex')), ...checks];

    const { outcomes } = await fuzz({ name: 'stun', seeds, maxBytes: 1600, repair: withLength, check: judge });

    expect(outcomes.get('sealed checked')).toBeGreaterThan(0);
  },
);

/** A length that fits: what one changed byte in a hundred would have otherwise. */
function withLength(input: Buffer): Buffer {
  const whole = input.subarray(0, Math.min(input.length & ~3, MAX_STUN_BYTES));
  if (whole.length < 20) return input;
  whole.writeUInt16BE(whole.length - 20, 2);
  whole.writeUInt32BE(MAGIC_COOKIE, 4);
  return whole;
}

/** The input as it is, and, where it reads as STUN, once more under our password: else a change ends at the checksum. */
function judge(input: Buffer): string {
  const original = Buffer.from(input);
  const plain = receive(input);
  ok(input.equals(original), 'reading changes nothing');
  const sealed = seal(input);
  return sealed ? `sealed ${receive(sealed)}` : plain;
}

function receive(datagram: Buffer): string {
  const verdict = agent.receive(datagram, FROM);
  if (verdict.kind === 'checked') {
    ok(isMadeWithOurPassword(datagram), 'who is believed knows our password');
    ok(verdict.peerUfrag === PEER_UFRAG, 'who is believed is known');
  }
  if (verdict.reply) checkReply(datagram, verdict.reply);
  return verdict.kind === 'checked' ? 'checked' : verdict.reason;
}

function checkReply(request: Buffer, reply: Buffer): void {
  const message = readStun(reply);
  if (typeof message === 'string') throw new Error(message);
  ok(checkFingerprint(message) === 'right', 'an answer has its fingerprint');
  ok(message.transactionId.equals(request.subarray(8, 20)), 'an answer is to its request');
  const integrity = findIntegrity(message);
  if (integrity) ok(isIntact(message, integrity, key), 'what vouches for an answer is right');
  else ok(reply.length <= request.length, 'a stranger gets no more than it sent');
  // The largest: 32 types that were not understood.
  ok(reply.length <= 20 + 8 + 4 + 2 * MAX_STUN_ATTRIBUTES + 36 + 8, 'an answer is short');
  const mapped = findAttribute(message, STUN_ATTRIBUTE.xorMappedAddress);
  if (mapped)
    ok(readMappedAddress(mapped.value, message.transactionId)?.port === FROM.port, 'an answer says where from');
}

/** Told apart from the code under test: it takes the bytes as they lie. */
function isMadeWithOurPassword(datagram: Buffer): boolean {
  for (const [type, hash, sizeBytes] of [
    ['0008', 'sha1', 20],
    ['001c', 'sha256', 32],
  ] as const) {
    const head = Buffer.concat([Buffer.from(type, 'hex'), Buffer.from([0, sizeBytes])]);
    for (let at = datagram.indexOf(head, 20); at >= 0; at = datagram.indexOf(head, at + 1)) {
      const covered = Buffer.from(datagram.subarray(0, at));
      covered.writeUInt16BE(at - 20 + 4 + sizeBytes, 2);
      const digest = createHmac(hash, LOCAL.password).update(covered).digest();
      if (digest.equals(datagram.subarray(at + 4, at + 4 + sizeBytes))) return true;
    }
  }
  return false;
}

function seal(input: Buffer): Buffer | undefined {
  const message = readStun(input);
  if (typeof message === 'string') return undefined;
  const attributes = message.attributes.filter(({ type }) => !SEALS.has(type));
  if (input.length > MAX_STUN_BYTES - 44 || attributes.length > MAX_STUN_ATTRIBUTES - 2) return undefined;
  const { class: stunClass, method, transactionId } = message;
  return writeStun({ class: stunClass, method, transactionId, attributes, integrity: { key, hash: 'sha1' } });
}

const SEALS: ReadonlySet<number> = new Set([
  STUN_ATTRIBUTE.messageIntegrity,
  STUN_ATTRIBUTE.messageIntegritySha256,
  STUN_ATTRIBUTE.fingerprint,
]);
