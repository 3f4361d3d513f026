/** RFC 6188 §7: AES-CM with keys of 256 bits (§7.1, §7.2). Those of 192 bits (§7.3, §7.4) are no suite of ours. All hex. */

/** §7.1. */
export const AES_256_CM = {
  sessionKey: '57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98',
  sessionSalt: 'f0f1f2f3f4f5f6f7f8f9fafbfcfd',
  blocks: new Map([
    [0x0000, '92bdd28a93c3f52511c677d08b5515a4'],
    [0x0001, '9da71b2378a854f67050756ded165bac'],
    [0x0002, '63c4868b7096d88421b563b8c94c9a31'],
    [0xfeff, 'cea518c90fd91ced9cbb18c078a54711'],
    [0xff00, '3dbc4814f4da5f00a08772b63c6a046d'],
    [0xff01, '6eb246913062a16891433e97dd01a57f'],
  ]),
} as const;

/** §7.2. */
export const AES_256_CM_PRF = {
  masterKey: 'f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6',
  masterSalt: '3b04803de51ee7c96423ab5b78d2',
  cipherKey: '5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4',
  cipherSalt: 'fa31791685ca444a9e07c6c64e93',
  authKey: 'fd9c32d39ed5fbb5a9dc96b30818454d1313dc05',
} as const;
