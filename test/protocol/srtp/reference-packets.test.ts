/** One RTP and one RTCP packet under the master key of RFC 3711 B.3, as other implementations publish them sealed. */

import { expect, test } from 'vitest';
import { SrtpReceiver } from '../../../src/protocol/srtp/receiver.ts';
import { SrtpSender } from '../../../src/protocol/srtp/sender.ts';
import { createTransform } from '../../../src/protocol/srtp/suites.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const keySalt = hex('e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6');
const suite = () => createTransform('AES_CM_128_HMAC_SHA1_80', keySalt);

const plainRtp = hex('800f1234decafbadcafebabe' + 'ab'.repeat(16));
const sealedRtp = hex('800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb');
const plainRtcp = hex('81c8000bcafebabe' + 'ab'.repeat(16));
const sealedRtcp = hex('81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798');

test('sealing gives the published SRTP packet', () => {
  expect(new SrtpSender(suite()).protectRtp(plainRtp)).toEqual(sealedRtp);
});

test('opening the published SRTP packet gives its plain form', () => {
  expect(new SrtpReceiver(suite()).unprotectRtp(Buffer.from(sealedRtp))).toEqual(plainRtp);
});

test('the second SRTCP packet, index 1, is the published one', () => {
  const sender = new SrtpSender(suite());

  sender.protectRtcp(plainRtcp);

  expect(sender.protectRtcp(plainRtcp)).toEqual(sealedRtcp);
});

test('opening the published SRTCP packet gives its plain form', () => {
  expect(new SrtpReceiver(suite()).unprotectRtcp(Buffer.from(sealedRtcp))).toEqual(plainRtcp);
});
