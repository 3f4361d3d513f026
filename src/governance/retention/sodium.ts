/**
 * The one door to libsodium. Keys pass through memory of the module, which the package's own wrappers give back without
 * wiping it; here every copy is wiped first. Primitives that seal; what opens is in `sodium-open.ts`.
 */

import sodium from 'libsodium-wrappers';
import { assert } from '../../base/assert.ts';

export const HASH_BYTES = 32;
export const KEY_BYTES = 32;
export const PUBLIC_KEY_BYTES = 32;
/** An ephemeral public key and a tag. */
export const SEAL_BYTES = 48;
export const SIGNATURE_BYTES = 64;
export const STREAM_HEADER_BYTES = 24;
/** What a chunk is longer than its message. */
export const STREAM_TAG_BYTES = 17;
export const TAG_MESSAGE = 0;
export const TAG_FINAL = 3;
const STREAM_STATE_BYTES = 52;
const KDF_CONTEXT_BYTES = 8;

await sodium.ready;
const module = readModule(sodium);

/** BLAKE2b of `message` under `key`: 32 bytes. */
export function keyedHash(message: Uint8Array, key: Uint8Array): Uint8Array {
  assert(key.length === KEY_BYTES, 'a key has 32 bytes');
  return withScratch((scratch) => {
    const hash = scratch.room(HASH_BYTES);
    const at = [scratch.put(message), message.length, 0, scratch.put(key), key.length] as const;
    must(call('crypto_generichash', hash, HASH_BYTES, ...at));
    return scratch.take(hash, HASH_BYTES);
  });
}

/** Subkey `id` of a key for one purpose, named by exactly 8 characters. */
export function deriveKey(key: Uint8Array, context: string, id: number): Uint8Array {
  const name = Buffer.from(context, 'latin1');
  assert(name.length === KDF_CONTEXT_BYTES, 'a purpose is named by exactly 8 characters');
  assert(key.length === KEY_BYTES, 'a key has 32 bytes');
  assert(Number.isInteger(id) && id >= 0 && id <= 0x7fffffff, 'a subkey id is a small whole number');
  return withScratch((scratch) => {
    const subkey = scratch.room(KEY_BYTES);
    must(call('crypto_kdf_derive_from_key', subkey, KEY_BYTES, id, 0, scratch.put(name), scratch.put(key)));
    return scratch.take(subkey, KEY_BYTES);
  });
}

/** Seals `message` to an X25519 public key: only the private half opens it, and nobody can say who sealed it. */
export function sealTo(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  assert(publicKey.length === PUBLIC_KEY_BYTES, 'a public key has 32 bytes');
  return withScratch((scratch) => {
    const sizeBytes = message.length + SEAL_BYTES;
    const sealed = scratch.room(sizeBytes);
    must(call('crypto_box_seal', sealed, scratch.put(message), message.length, 0, scratch.put(publicKey)));
    return scratch.take(sealed, sizeBytes);
  });
}

/** Whether `message` was signed (Ed25519) by the holder of the public key. */
export function isSignedBy(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== PUBLIC_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  return withScratch((scratch) => {
    const from = [scratch.put(message), message.length, 0] as const;
    return call('crypto_sign_verify_detached', scratch.put(signature), ...from, scratch.put(publicKey)) === 0;
  });
}

/**
 * Chunks sealed one after another under one key (XChaCha20-Poly1305 secretstream). The key itself is not kept: the
 * state, in the module's memory, is enough to go on and not enough to go back. `end` must be called, or it stays there.
 */
export class SealStream {
  readonly header: Uint8Array;
  #state: number | undefined;

  constructor(key: Uint8Array) {
    assert(key.length === KEY_BYTES, 'a key has 32 bytes');
    const state = allocate(STREAM_STATE_BYTES);
    this.header = withScratch((scratch) => {
      const header = scratch.room(STREAM_HEADER_BYTES);
      must(call('crypto_secretstream_xchacha20poly1305_init_push', state, header, scratch.put(key)));
      return scratch.take(header, STREAM_HEADER_BYTES);
    });
    this.#state = state;
  }

  push(message: Uint8Array, binding: Uint8Array, tag: typeof TAG_MESSAGE | typeof TAG_FINAL): Uint8Array {
    const state = this.#state;
    assert(state !== undefined, 'a stream that has ended seals nothing more');
    return withScratch((scratch) => {
      const sizeBytes = message.length + STREAM_TAG_BYTES;
      const chunk = scratch.room(sizeBytes);
      const from = [scratch.put(message), message.length, 0, scratch.put(binding), binding.length, 0] as const;
      must(call('crypto_secretstream_xchacha20poly1305_push', state, chunk, 0, ...from, tag));
      return scratch.take(chunk, sizeBytes);
    });
  }

  /** Wipes the state. Calling it again does nothing. */
  end(): void {
    if (this.#state !== undefined) release(this.#state, STREAM_STATE_BYTES);
    this.#state = undefined;
  }
}

/** Room in the module's memory for the length of one call; wiped, whatever becomes of it. */
export class Scratch {
  readonly #blocks: { readonly address: number; readonly sizeBytes: number }[] = [];

  /** Address of a copy of `bytes`. */
  put(bytes: Uint8Array): number {
    const address = this.room(bytes.length);
    memory().set(bytes, address);
    return address;
  }

  room(sizeBytes: number): number {
    const address = allocate(sizeBytes);
    this.#blocks.push({ address, sizeBytes });
    return address;
  }

  take(address: number, sizeBytes: number): Uint8Array {
    return memory().slice(address, address + sizeBytes);
  }

  wipe(): void {
    for (const { address, sizeBytes } of this.#blocks.splice(0)) release(address, sizeBytes);
  }
}

export function withScratch<Result>(work: (scratch: Scratch) => Result): Result {
  const scratch = new Scratch();
  try {
    return work(scratch);
  } finally {
    scratch.wipe();
  }
}

/** Calls one function of the module by libsodium's own name; 64-bit lengths go in two halves. 0 is success. */
export function call(name: string, ...addressesAndLengths: readonly number[]): number {
  const native: unknown = Reflect.get(module, `_${name}`);
  assert(typeof native === 'function', 'libsodium lacks a function it should have');
  return Number(Reflect.apply(native, undefined, addressesAndLengths));
}

/** For a call that fails on wrong arguments alone. */
export function must(status: number): void {
  assert(status === 0, 'libsodium refused its arguments');
}

export function allocate(sizeBytes: number): number {
  const address = call('malloc', Math.max(1, sizeBytes));
  assert(address !== 0, 'libsodium has no memory left');
  return address;
}

export function release(address: number, sizeBytes: number): void {
  memory().fill(0, address, address + sizeBytes);
  call('free', address);
}

/** The module's memory; another view after it grew, so nobody keeps it. */
function memory(): Uint8Array {
  const view: unknown = Reflect.get(module, 'HEAPU8');
  assert(view instanceof Uint8Array, 'libsodium shows no memory');
  return view;
}

/** The module behind the wrappers. The package is pinned; one that is built otherwise must not get further. */
function readModule(wrappers: unknown): object {
  const isWrapping = typeof wrappers === 'object' && wrappers !== null && 'libsodium' in wrappers;
  assert(isWrapping && typeof wrappers.libsodium === 'object', 'libsodium is not built as it is expected to be');
  assert(wrappers.libsodium !== null, 'libsodium is not ready');
  return wrappers.libsodium;
}
