/** The addon's transforms against those on node:crypto: the same bytes from the same packets, whatever they are. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nativeTransforms, type SrtpExports } from '../../src/native/srtp-transforms.ts';
import { SRTP_SUITES, keySaltBytes, type SrtpSuite } from '../../src/protocol/srtp/suite.ts';
import { createTransform } from '../../src/protocol/srtp/suites.ts';
import type { SrtpTransform } from '../../src/protocol/srtp/transform.ts';
import { requirePeer } from '../peers/require-peer.ts';
import { addonUnderTest } from './addon-under-test.ts';
import { sealRtp } from '../protocol/srtp/seal-rtp.ts';

const loaded = addonUnderTest<SrtpExports>();
const addon = loaded.kind === 'loaded' ? loaded.exports : undefined;
/** Built by bootstrap where there is a compiler. */
const isMissing = requirePeer('c++') === undefined || addon === undefined;

const bytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((array) => Buffer.from(array));
const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const headerBytes = fc.integer({ min: 12, max: 40 });
const mki = fc.option(bytes(1, 128), { nil: undefined });

/** Runs a check on both transforms of one key, and puts the contexts away again. */
function withBoth(
  suite: SrtpSuite,
  keySalt: Buffer,
  identifier: Buffer | undefined,
  check: (native: SrtpTransform, typescript: SrtpTransform) => void,
): void {
  const native = nativeTransforms(addon!)(suite, keySalt, identifier);
  const typescript = createTransform(suite, keySalt, identifier);
  check(native, typescript);
  native.wipe();
  typescript.wipe();
}

for (const suite of SRTP_SUITES) {
  const keySalt = bytes(keySaltBytes(suite), keySaltBytes(suite));

  test.skipIf(isMissing)(`${suite}: both seal RTP to the same bytes, and each opens it to what it was`, () => {
    fc.assert(
      fc.property(keySalt, mki, bytes(40, 400), headerBytes, word, (key, identifier, packet, header, roc) => {
        withBoth(suite, key, identifier, (native, typescript) => {
          const original = Buffer.from(packet);
          const sealed = sealRtp(native, packet, header, roc);

          expect(sealed).toEqual(sealRtp(typescript, packet, header, roc));
          expect(native.rtpOverheadBytes).toBe(typescript.rtpOverheadBytes);
          expect(native.openRtp(Buffer.from(sealed), header, roc)).toEqual(original);
          expect(typescript.openRtp(Buffer.from(sealed), header, roc)).toEqual(original);
        });
      }),
    );
  });

  test.skipIf(isMissing)(`${suite}: both seal RTCP to the same bytes, and each opens it to what it was`, () => {
    const index = fc.integer({ min: 0, max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(keySalt, mki, bytes(8, 300), index, (key, identifier, packet, at) => {
        withBoth(suite, key, identifier, (native, typescript) => {
          const sealed = native.sealRtcp(packet, at);

          expect(sealed).toEqual(typescript.sealRtcp(packet, at));
          expect(native.readRtcpIndexWord(sealed)).toBe(2 ** 31 + at);
          expect(typescript.readRtcpIndexWord(sealed)).toBe(2 ** 31 + at);
          expect(native.openRtcp(Buffer.from(sealed))).toEqual(packet);
          expect(typescript.openRtcp(Buffer.from(sealed))).toEqual(packet);
        });
      }),
    );
  });

  test.skipIf(isMissing)(`${suite}: neither opens what was changed anywhere, nor touches it`, () => {
    const flip = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(keySalt, mki, bytes(40, 200), flip, (key, identifier, packet, [at, mask]) => {
        withBoth(suite, key, identifier, (native, typescript) => {
          const [rtp, rtcp] = [sealRtp(typescript, packet, 12, 1), typescript.sealRtcp(packet, 5)];
          rtp[at % rtp.length]! ^= mask;
          rtcp[at % rtcp.length]! ^= mask;
          const before = [Buffer.from(rtp), Buffer.from(rtcp)];

          for (const transform of [native, typescript]) {
            expect(transform.openRtp(rtp, 12, 1)).toBeUndefined();
            expect(transform.openRtcp(rtcp)).toBeUndefined();
          }
          expect([rtp, rtcp]).toEqual(before);
        });
      }),
    );
  });

  test.skipIf(isMissing)(`${suite}: another counter, another header length or another key opens nothing`, () => {
    const keys = [Buffer.alloc(keySaltBytes(suite), 1), Buffer.alloc(keySaltBytes(suite), 2)] as const;
    withBoth(suite, keys[0], undefined, (native, typescript) => {
      const sealed = sealRtp(native, Buffer.alloc(100, 0x80), 12, 7);
      const stranger = nativeTransforms(addon!)(suite, keys[1]);

      for (const transform of [native, typescript]) expect(transform.openRtp(sealed, 12, 8)).toBeUndefined();
      expect(stranger.openRtp(sealed, 12, 7)).toBeUndefined();
      stranger.wipe();
    });
  });
}
