import sodium from 'libsodium-wrappers';
import { expect, test } from 'vitest';
import { systemRandom } from '../../../src/base/ids.ts';
import {
  decryptBound,
  encryptBound,
  makeKeyPair,
  makeSigningPair,
  openSealed,
  OpenStream,
  sign,
} from '../../../src/governance/retention/sodium-open.ts';
import {
  deriveKey,
  isSignedBy,
  keyedHash,
  SealStream,
  sealTo,
  TAG_FINAL,
  TAG_MESSAGE,
} from '../../../src/governance/retention/sodium.ts';
import { turn } from './sealed.ts';
import { SealedTurns } from '../../../src/governance/retention/sealing.ts';
import { asTenantId, newId } from '../../../src/base/ids.ts';

const NOTHING = new Uint8Array(0);
const BINDING = Buffer.from('bound to this');

/** The memory of the module, where keys pass through. */
function memory(): Buffer {
  const module: unknown = Reflect.get(sodium, 'libsodium');
  const view = Reflect.get(module as object, 'HEAPU8') as Uint8Array;
  return Buffer.from(view.buffer);
}

/** Whether half a key or more lies anywhere in it: what frees memory writes its own marks over the first bytes. */
function holds(key: Uint8Array): boolean {
  return memory().includes(Buffer.from(key.subarray(12)));
}

test('what is called here by addresses is what the package calls by its own name', () => {
  const key = systemRandom(32);
  const pair = sodium.crypto_box_keypair();
  const message = Buffer.from('message');

  expect(keyedHash(message, key)).toEqual(sodium.crypto_generichash(32, message, key));
  expect(deriveKey(key, 'ear-turn', 7)).toEqual(sodium.crypto_kdf_derive_from_key(32, 7, 'ear-turn', key));
  expect(sodium.crypto_box_seal_open(sealTo(pair.publicKey, message), pair.publicKey, pair.privateKey)).toEqual(
    new Uint8Array(message),
  );
  const stream = new SealStream(key);
  const chunk = stream.push(message, BINDING, TAG_FINAL);
  stream.end();
  const state = sodium.crypto_secretstream_xchacha20poly1305_init_pull(stream.header, key);
  expect(sodium.crypto_secretstream_xchacha20poly1305_pull(state, chunk, BINDING)).toEqual({
    message: new Uint8Array(message),
    tag: TAG_FINAL,
  });
});

test('a purpose is named by exactly eight characters', () => {
  expect(() => deriveKey(systemRandom(32), 'short', 1)).toThrow('exactly 8');
  expect(() => deriveKey(systemRandom(32), 'much too long', 1)).toThrow('exactly 8');
});

test('subkeys of other purposes and numbers are other keys', () => {
  const key = systemRandom(32);
  const subkeys = [deriveKey(key, 'ear-turn', 1), deriveKey(key, 'ear-turn', 2), deriveKey(key, 'ear-pair', 1), key];

  expect(new Set(subkeys.map((subkey) => Buffer.from(subkey).toString('hex'))).size).toBe(4);
});

test('only the private half opens what was sealed to the public one', () => {
  const [pair, other] = [makeKeyPair(), makeKeyPair()];
  const sealed = sealTo(pair.publicKey, Buffer.from('secret'));

  expect(Buffer.from(openSealed(sealed, pair)!).toString()).toBe('secret');
  expect(openSealed(sealed, other)).toBeUndefined();
  expect(openSealed(sealed.subarray(0, 40), pair)).toBeUndefined();
});

test('a bound message opens under its key, nonce and binding alone', () => {
  const [key, nonce] = [systemRandom(32), systemRandom(24)];
  const sealed = encryptBound(Buffer.from('secret'), { key, nonce, binding: BINDING });

  expect(Buffer.from(decryptBound(sealed, { key, nonce, binding: BINDING })!).toString()).toBe('secret');
  expect(decryptBound(sealed, { key, nonce, binding: Buffer.from('bound to that') })).toBeUndefined();
  expect(decryptBound(sealed, { key, nonce: systemRandom(24), binding: BINDING })).toBeUndefined();
  expect(decryptBound(sealed, { key: systemRandom(32), nonce, binding: BINDING })).toBeUndefined();
  expect(decryptBound(NOTHING, { key, nonce, binding: BINDING })).toBeUndefined();
});

test('a signature is its signer’s and its message’s', () => {
  const [pair, other] = [makeSigningPair(systemRandom(32)), makeSigningPair(systemRandom(32))];
  const message = Buffer.from('message');
  const signature = sign(pair.privateKey, message);

  expect(isSignedBy(pair.publicKey, message, signature)).toBe(true);
  expect(isSignedBy(other.publicKey, message, signature)).toBe(false);
  expect(isSignedBy(pair.publicKey, Buffer.from('massage'), signature)).toBe(false);
  expect(isSignedBy(pair.publicKey, message, signature.subarray(1))).toBe(false);
  expect(isSignedBy(NOTHING, message, signature)).toBe(false);
});

test('after a chunk that does not open nothing of the stream does', () => {
  const key = systemRandom(32);
  const stream = new SealStream(key);
  const chunks = ['a', 'b'].map((text) => stream.push(Buffer.from(text), BINDING, TAG_MESSAGE));
  stream.end();
  const opening = new OpenStream(key, stream.header);

  expect(opening.pull(chunks[1]!, BINDING)).toBeUndefined();
  expect(opening.pull(chunks[0]!, BINDING)).toBeUndefined();
});

test('a stream that has ended seals nothing more, and ending it twice is harmless', () => {
  const stream = new SealStream(systemRandom(32));
  stream.end();
  stream.end();

  expect(() => stream.push(NOTHING, BINDING, TAG_MESSAGE)).toThrow('ended');
});

test('no key stays in the module’s memory after it was used', () => {
  const keys = Array.from({ length: 6 }, () => systemRandom(32));
  const [root, sealing, hashing, bound, streaming, seed] = keys as [Uint8Array, ...Uint8Array[]] & { 5: Uint8Array };
  const pair = makeKeyPair();

  const subkey = deriveKey(root, 'ear-turn', 1);
  const sealed = sealTo(pair.publicKey, sealing!);
  const opened = openSealed(sealed, pair)!;
  keyedHash(BINDING, hashing!);
  encryptBound(BINDING, { key: bound!, nonce: systemRandom(24), binding: BINDING });
  const stream = new SealStream(streaming!);
  stream.push(BINDING, BINDING, TAG_MESSAGE);
  const opening = new OpenStream(streaming!, stream.header);
  const signing = makeSigningPair(seed);
  sign(signing.privateKey, BINDING);
  stream.end();
  opening.end();

  expect(Buffer.from(opened)).toEqual(Buffer.from(sealing!));
  expect([...keys, subkey, pair.privateKey, signing.privateKey].map(holds)).toEqual(
    Array.from({ length: 9 }, () => false),
  );
});

test('the data key is wiped where it was made, and what is left cannot open what was sealed', () => {
  const made: Uint8Array[] = [];
  const random = (sizeBytes: number): Uint8Array => {
    const bytes = Uint8Array.from(systemRandom(sizeBytes));
    if (sizeBytes === 32) made.push(bytes);
    return bytes;
  };
  const publicKey = makeKeyPair().publicKey;
  const key = { tenant: asTenantId('acme'), version: 1, publicKey };
  const options = { key, call: newId('call'), class: 'transcript', openedMs: 1, keepUntilMs: 2, random };

  const sealed = new SealedTurns(options);
  sealed.sealTurn(turn('hello'));

  expect(made).toHaveLength(1);
  expect([...made[0]!]).toEqual(Array.from({ length: 32 }, () => 0));
  sealed.drop();
});

test('streams leave no memory behind: the next one finds the place of the first', () => {
  const key = systemRandom(32);
  const seal = (): void => {
    const stream = new SealStream(key);
    stream.push(BINDING, BINDING, TAG_MESSAGE);
    stream.end();
    const opening = new OpenStream(key, stream.header);
    opening.end();
  };
  seal();
  const free = freePlace();

  for (let n = 0; n < 500; n += 1) seal();

  expect(freePlace()).toBe(free);
});

/** Where the module would put the state of the next stream. */
function freePlace(): number {
  const module = Reflect.get(sodium, 'libsodium') as { _malloc(size: number): number; _free(address: number): void };
  const address = module._malloc(52);
  module._free(address);
  return address;
}
