/** Test vectors of RFC 5769 by number. Behaviour is tested beside this file. */

import { expect, test } from 'vitest';
import { readMappedAddress, writeMappedAddress } from '../../../src/protocol/ice/mapped-address.ts';
import {
  checkFingerprint,
  findIntegrity,
  fingerprintOf,
  integrityOf,
  isIntact,
  shortTermKey,
} from '../../../src/protocol/ice/stun-integrity.ts';
import { findAttribute, readStun, STUN_ATTRIBUTE, type StunMessage } from '../../../src/protocol/ice/stun-message.ts';
import {
  RFC5769_PASSWORD,
  RFC5769_TRANSACTION_ID,
  RFC5769_USERNAME,
  SECTION_2_1_REQUEST,
  SECTION_2_2_IPV4_RESPONSE,
  SECTION_2_3_IPV6_RESPONSE,
} from '../../vectors/stun/rfc5769.ts';

const key = shortTermKey(RFC5769_PASSWORD);
const transactionId = Buffer.from(RFC5769_TRANSACTION_ID, 'hex');

test('§2.1: the request is read, its integrity and its fingerprint are right', () => {
  const message = read(SECTION_2_1_REQUEST);

  expect(message).toMatchObject({ class: 'request', method: 1 });
  expect(message.transactionId).toEqual(transactionId);
  expect(message.attributes.map(({ type }) => type)).toEqual([0x8022, 0x0024, 0x8029, 0x0006, 0x0008, 0x8028]);
  expect(findAttribute(message, STUN_ATTRIBUTE.username)?.value.toString()).toBe(RFC5769_USERNAME);
  expect(isGenuine(message)).toBe(true);
});

test('§2.2: the IPv4 response says where its request came from', () => {
  const message = read(SECTION_2_2_IPV4_RESPONSE);
  const value = findAttribute(message, STUN_ATTRIBUTE.xorMappedAddress)!.value;

  expect(message).toMatchObject({ class: 'success', method: 1 });
  expect(readMappedAddress(value, transactionId)).toEqual({ address: Buffer.from([192, 0, 2, 1]), port: 32_853 });
  expect(writeMappedAddress({ address: '192.0.2.1', port: 32_853 }, transactionId)).toEqual(value);
  expect(isGenuine(message)).toBe(true);
});

test('§2.3: the IPv6 response says where its request came from', () => {
  const message = read(SECTION_2_3_IPV6_RESPONSE);
  const value = findAttribute(message, STUN_ATTRIBUTE.xorMappedAddress)!.value;
  const from = { address: '2001:db8:1234:5678:11:2233:4455:6677', port: 32_853 };

  expect(readMappedAddress(value, transactionId)?.address.toString('hex')).toBe('20010db8123456780011223344556677');
  expect(writeMappedAddress(from, transactionId)).toEqual(value);
  expect(isGenuine(message)).toBe(true);
});

test('no byte of a vector may change unnoticed, and another password fits none', () => {
  for (const vector of [SECTION_2_1_REQUEST, SECTION_2_2_IPV4_RESPONSE, SECTION_2_3_IPV6_RESPONSE]) {
    const original = Buffer.from(vector, 'hex');
    for (let at = 0; at < original.length; at++) {
      const altered = Buffer.from(original);
      altered[at]! ^= 0x01;
      const message = readStun(altered);

      expect(typeof message === 'string' || !isGenuine(message)).toBe(true);
    }
    const message = read(vector);
    expect(isIntact(message, findIntegrity(message)!, shortTermKey(`${RFC5769_PASSWORD}x`))).toBe(false);
  }
});

test('what is written over a vector is the vector', () => {
  const original = Buffer.from(SECTION_2_1_REQUEST, 'hex');
  const message = read(SECTION_2_1_REQUEST);
  const integrityAt = findAttribute(message, STUN_ATTRIBUTE.messageIntegrity)!.at;
  const fingerprintAt = findAttribute(message, STUN_ATTRIBUTE.fingerprint)!.at;

  expect(integrityOf(original, integrityAt, 'sha1', key)).toEqual(original.subarray(integrityAt + 4, fingerprintAt));
  expect(fingerprintOf(original, fingerprintAt)).toBe(0xe57a3bcf);
});

function read(vector: string): StunMessage {
  const message = readStun(Buffer.from(vector, 'hex'));
  if (typeof message === 'string') throw new Error(message);
  return message;
}

function isGenuine(message: StunMessage): boolean {
  const integrity = findIntegrity(message);
  return integrity !== undefined && isIntact(message, integrity, key) && checkFingerprint(message) === 'right';
}
