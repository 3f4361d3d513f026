/** RFC 3711 Appendix B: what AES-CM makes of given keys. Numbers only; all hex. */

/** B.2. The counter begins at 0 for SSRC 0 and index 0; blocks by their number. */
export const B2 = {
  sessionKey: '2b7e151628aed2a6abf7158809cf4f3c',
  sessionSalt: 'f0f1f2f3f4f5f6f7f8f9fafbfcfd',
  blocks: new Map([
    [0x0000, 'e03ead0935c95e80e166b16dd92b4eb4'],
    [0x0001, 'd23513162b02d0f72a43a2fe4a5f97ab'],
    [0x0002, '41e95b3bb0a2e8dd477901e4fca894c0'],
    [0xfeff, 'ec8cdf7398607cb0f2d21675ea9ea1e4'],
    [0xff00, '362b7c3c6773516318a077d7fc5073ae'],
    [0xff01, '6a2cc3787889374fbeb4c81b17ba6c44'],
  ]),
} as const;

/** B.3. The RFC prints 94 octets of authentication key to show the keystream; n_a takes the first 160 bits. */
export const B3 = {
  masterKey: 'e1f97a0d3e018be0d64fa32c06de4139',
  masterSalt: '0ec675ad498afeebb6960b3aabe6',
  cipherKey: 'c61e7a93744f39ee10734afe3ff7a087',
  cipherSalt: '30cbbc08863d8c85d49db34a9ae1',
  authKeyStream:
    'cebe321f6ff7716b6fd4ab49af256a156d38baa48f0a0acf3c34e2359e6cdbce' +
    'e049646c43d9327ad175578ef72270986371c10c9a369ac2f94a8c5fbcdddc25' +
    '6d6e919a48b610ef17c2041e474035766b68642c59bbfc2f34db60dbdfb2',
  authKeyBytes: 20,
} as const;
