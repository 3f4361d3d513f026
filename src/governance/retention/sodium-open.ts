/**
 * What opens, and what makes pairs of keys: for the reader process alone, and nobody else may import it. An answer of
 * undefined says that what was given was not made under this key, or was changed since.
 */

import { assert } from '../../base/assert.ts';
import {
  allocate,
  call,
  KEY_BYTES,
  must,
  PUBLIC_KEY_BYTES,
  release,
  SEAL_BYTES,
  SIGNATURE_BYTES,
  STREAM_HEADER_BYTES,
  STREAM_TAG_BYTES,
  TAG_FINAL,
  TAG_MESSAGE,
  withScratch,
} from './sodium.ts';

export interface KeyPair {
  readonly publicKey: Uint8Array;
  /** Whoever was given it wipes it. */
  readonly privateKey: Uint8Array;
}

export const NONCE_BYTES = 24;
const SIGNING_KEY_BYTES = 64;
const AEAD_TAG_BYTES = 16;
const STREAM_STATE_BYTES = 52;

/** A fresh X25519 pair, by libsodium's own randomness. */
export function makeKeyPair(): KeyPair {
  return withScratch((scratch) => {
    const [publicKey, privateKey] = [scratch.room(PUBLIC_KEY_BYTES), scratch.room(KEY_BYTES)];
    must(call('crypto_box_keypair', publicKey, privateKey));
    return { publicKey: scratch.take(publicKey, PUBLIC_KEY_BYTES), privateKey: scratch.take(privateKey, KEY_BYTES) };
  });
}

/** The Ed25519 pair that follows from 32 secret bytes; always the same one. */
export function makeSigningPair(seed: Uint8Array): KeyPair {
  assert(seed.length === KEY_BYTES, 'a key has 32 bytes');
  return withScratch((scratch) => {
    const [publicKey, privateKey] = [scratch.room(PUBLIC_KEY_BYTES), scratch.room(SIGNING_KEY_BYTES)];
    must(call('crypto_sign_seed_keypair', publicKey, privateKey, scratch.put(seed)));
    return {
      publicKey: scratch.take(publicKey, PUBLIC_KEY_BYTES),
      privateKey: scratch.take(privateKey, SIGNING_KEY_BYTES),
    };
  });
}

export function sign(privateKey: Uint8Array, message: Uint8Array): Uint8Array {
  assert(privateKey.length === SIGNING_KEY_BYTES, 'a signing key has 64 bytes');
  return withScratch((scratch) => {
    const signature = scratch.room(SIGNATURE_BYTES);
    const from = [scratch.put(message), message.length, 0, scratch.put(privateKey)] as const;
    must(call('crypto_sign_detached', signature, 0, ...from));
    return scratch.take(signature, SIGNATURE_BYTES);
  });
}

/** Opens what was sealed to the public half. */
export function openSealed(sealed: Uint8Array, pair: KeyPair): Uint8Array | undefined {
  assert(pair.publicKey.length === PUBLIC_KEY_BYTES && pair.privateKey.length === KEY_BYTES, 'keys have 32 bytes');
  const sizeBytes = sealed.length - SEAL_BYTES;
  if (sizeBytes < 0) return undefined;
  return withScratch((scratch) => {
    const message = scratch.room(sizeBytes);
    const keys = [scratch.put(pair.publicKey), scratch.put(pair.privateKey)] as const;
    const status = call('crypto_box_seal_open', message, scratch.put(sealed), sealed.length, 0, ...keys);
    return status === 0 ? scratch.take(message, sizeBytes) : undefined;
  });
}

/** XChaCha20-Poly1305 under a nonce that is used once. */
export function encryptBound(
  message: Uint8Array,
  under: { readonly key: Uint8Array; readonly nonce: Uint8Array; readonly binding: Uint8Array },
): Uint8Array {
  const { key, nonce, binding } = under;
  assert(key.length === KEY_BYTES && nonce.length === NONCE_BYTES, 'a key has 32 bytes, a nonce 24');
  return withScratch((scratch) => {
    const sizeBytes = message.length + AEAD_TAG_BYTES;
    const sealed = scratch.room(sizeBytes);
    const from = [scratch.put(message), message.length, 0, scratch.put(binding), binding.length, 0] as const;
    const keys = [0, scratch.put(nonce), scratch.put(key)] as const;
    must(call('crypto_aead_xchacha20poly1305_ietf_encrypt', sealed, 0, ...from, ...keys));
    return scratch.take(sealed, sizeBytes);
  });
}

export function decryptBound(
  sealed: Uint8Array,
  under: { readonly key: Uint8Array; readonly nonce: Uint8Array; readonly binding: Uint8Array },
): Uint8Array | undefined {
  const { key, nonce, binding } = under;
  assert(key.length === KEY_BYTES && nonce.length === NONCE_BYTES, 'a key has 32 bytes, a nonce 24');
  const sizeBytes = sealed.length - AEAD_TAG_BYTES;
  if (sizeBytes < 0) return undefined;
  return withScratch((scratch) => {
    const message = scratch.room(sizeBytes);
    const from = [scratch.put(sealed), sealed.length, 0, scratch.put(binding), binding.length, 0] as const;
    const keys = [scratch.put(nonce), scratch.put(key)] as const;
    const status = call('crypto_aead_xchacha20poly1305_ietf_decrypt', message, 0, 0, ...from, ...keys);
    return status === 0 ? scratch.take(message, sizeBytes) : undefined;
  });
}

/** Opens the chunks of a `SealStream` in their order. After one that does not open, none does. `end` wipes the state. */
export class OpenStream {
  #state: number | undefined;

  constructor(key: Uint8Array, header: Uint8Array) {
    assert(key.length === KEY_BYTES, 'a key has 32 bytes');
    assert(header.length === STREAM_HEADER_BYTES, 'a stream header has 24 bytes');
    const state = allocate(STREAM_STATE_BYTES);
    withScratch((scratch) => {
      const from = [scratch.put(header), scratch.put(key)] as const;
      must(call('crypto_secretstream_xchacha20poly1305_init_pull', state, ...from));
    });
    this.#state = state;
  }

  /** The message and whether it was sealed as the last one. */
  pull(
    chunk: Uint8Array,
    binding: Uint8Array,
  ): { readonly message: Uint8Array; readonly isFinal: boolean } | undefined {
    const state = this.#state;
    const sizeBytes = chunk.length - STREAM_TAG_BYTES;
    if (state === undefined || sizeBytes < 0) return undefined;
    const opened = withScratch((scratch) => {
      const [message, tag] = [scratch.room(sizeBytes), scratch.room(1)];
      const from = [scratch.put(chunk), chunk.length, 0, scratch.put(binding), binding.length, 0] as const;
      const status = call('crypto_secretstream_xchacha20poly1305_pull', state, message, 0, tag, ...from);
      return status === 0 ? { message: scratch.take(message, sizeBytes), tag: scratch.take(tag, 1)[0] } : undefined;
    });
    const isKnown = opened?.tag === TAG_MESSAGE || opened?.tag === TAG_FINAL;
    if (opened !== undefined && isKnown) return { message: opened.message, isFinal: opened.tag === TAG_FINAL };
    this.end();
    return undefined;
  }

  end(): void {
    if (this.#state !== undefined) release(this.#state, STREAM_STATE_BYTES);
    this.#state = undefined;
  }
}
