/**
 * RFC 7714 §16 and §17: packets under AES-GCM. They name session keys, so no key derivation is in them. All hex. The
 * packet at the head of §17 is not the one its sections use; the sections agree with each other, and stand here.
 */

/** "Quid pro quo". */
export const SESSION_SALT = '517569642070726f2071756f';
export const SESSION_KEYS = {
  AEAD_AES_128_GCM: '000102030405060708090a0b0c0d0e0f',
  AEAD_AES_256_GCM: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
} as const;

/** §16: "Gallia est omnis divisa in partes tres", sequence f17b, roll-over counter 0. */
export const RTP_HEADER = '8040f17b8041f8d35501a0b2';
export const RTP = `${RTP_HEADER}47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573`;
export const RTP_IV = '51753c6580c2726f20718414';

/** §16.1.1 and §16.1.2, §16.2.1 and §16.2.2: encrypted and authenticated. */
export const SRTP = {
  AEAD_AES_128_GCM:
    `${RTP_HEADER}f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833` +
    '899d7f27beb16a9152cf765ee4390cce',
  AEAD_AES_256_GCM:
    `${RTP_HEADER}32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b` +
    '7aa3db36dfffd6b0f9bb7878d7a76c13',
} as const;

/** §16.1.3 and §16.1.4, §16.2.3 and §16.2.4: the whole packet as associated data, and the tag alone. */
export const RTP_TAG_ONLY = {
  AEAD_AES_128_GCM: '22493f82d2bce397e9d79e3b19aa4216',
  AEAD_AES_256_GCM: 'a866d5910f887463067ceefec45215d4',
} as const;

/** §17: a sender report of "Mars", SRTCP index 5d4. */
export const RTCP_HEADER = '81c8000d4d617273';
export const RTCP = `${RTCP_HEADER}4e5450314e545032525450200000042a0000e9304c756e61${'deadbeef'.repeat(5)}`;
export const RTCP_INDEX = 0x5d4;
export const RTCP_IV = '517524055203726f207170bb';

/** §17.1 and §17.2: encrypted. */
export const SRTCP = {
  AEAD_AES_128_GCM:
    `${RTCP_HEADER}63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b` +
    'c84aa45896cf4d2fc5abf87245d9eade800005d4',
  AEAD_AES_256_GCM:
    `${RTCP_HEADER}d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad` +
    '1d1eb30c4446839f57ff6f6cb26ac3be800005d4',
} as const;

/** §17.3 and §17.4: E bit clear, so authenticated only. */
export const SRTCP_TAG_ONLY = {
  AEAD_AES_128_GCM: `${RTCP}841dd9683dd78ec92ae58790125f62b3000005d4`,
  AEAD_AES_256_GCM: `${RTCP}91db4afbfeee5a978fab4393ed2615fe000005d4`,
} as const;
