import { nativeTransforms, NativeTransform, type SrtpExports } from '../../src/native/srtp-transforms.ts';
import { SRTP_SUITES, suiteShape } from '../../src/protocol/srtp/suite.ts';
import { NO_MKI } from '../../src/protocol/srtp/mki.ts';
import { testRfc7714Vectors } from '../protocol/srtp/rfc7714-vectors.ts';
import { testTenRules } from '../protocol/srtp/ten-rules.ts';
import { requirePeer } from '../peers/require-peer.ts';
import { addonUnderTest } from './addon-under-test.ts';

const loaded = addonUnderTest<SrtpExports>();
const addon = loaded.kind === 'loaded' ? loaded.exports : undefined;
/** Built by bootstrap where there is a compiler. */
const isMissing = requirePeer('c++') === undefined || addon === undefined;

for (const suite of SRTP_SUITES) {
  testTenRules(suite, { isMissing, by: 'by the addon', create: () => nativeTransforms(addon!) });
}

testRfc7714Vectors(
  { isMissing, by: 'by the addon' },
  (suite, keys) => new NativeTransform(addon!, suiteShape(suite), keys, NO_MKI),
);
