/**
 * One policy bundle as it was delivered: the right bytes (SHA-256), well-formed, and answering all four questions.
 * What its module does is not judged here: that takes running it, and only a worker may do so.
 */

import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { z } from 'zod';
import { CodedError } from '../../base/error.ts';
import { ENTRYPOINT_PATH, type PolicyDigest } from '../../model/decision.ts';
import type { BundleFile } from './shipped.ts';
import { unpackBundle, UnpackError } from './unpack-bundle.ts';

export interface Bundle {
  readonly digest: PolicyDigest;
  /** The WebAssembly module, unchecked. */
  readonly wasm: Uint8Array;
  /** The data document, JSON text, unchecked. */
  readonly data: Uint8Array;
}

export type BundleErrorCode =
  | 'UNREADABLE'
  | 'TOO_LARGE'
  | 'DIGEST_MISMATCH'
  | 'ARCHIVE_REFUSED'
  | 'FILE_MISSING'
  | 'FILE_UNEXPECTED'
  | 'MANIFEST_INVALID'
  | 'ENTRYPOINT_MISSING';

export class BundleError extends CodedError<BundleErrorCode> {}

export const MAX_PACKED_BYTES = 2 * 1024 * 1024;
export const MAX_WASM_BYTES = 8 * 1024 * 1024;
export const MAX_DATA_BYTES = 1024 * 1024;

const MODULE = 'policy.wasm';
const DATA = 'data.json';
const MANIFEST = '.manifest';
const SIGNATURES = '.signatures.json';

const manifestSchema = z.looseObject({
  wasm: z.array(z.looseObject({ entrypoint: z.string(), module: z.string() })).max(64),
});

/** A bundle as it is delivered and stored: tar.gz, under its name. */
export interface PackedBundle {
  readonly bytes: Uint8Array;
  /** SHA-256 (hex) the bytes must have. */
  readonly sha256: string;
}

/** Reads the bundle at `path` if it is the one meant by `sha256`. Throws `BundleError` otherwise. */
export async function readBundle({ path, sha256 }: BundleFile): Promise<Bundle> {
  return openBundle({ bytes: await readPacked(path), sha256 });
}

/** The same for bytes already in hand. Throws `BundleError`. */
export async function openBundle({ bytes: packed, sha256 }: PackedBundle): Promise<Bundle> {
  if (packed.length > MAX_PACKED_BYTES) throw tooLarge();
  if (sha256Hex(packed) !== sha256) throw new BundleError('DIGEST_MISMATCH', 'not the bundle that was named');
  const files = await unpack(packed);
  const wasm = required(files, MODULE, MAX_WASM_BYTES);
  const data = required(files, DATA, MAX_DATA_BYTES);
  checkManifest(required(files, MANIFEST, MAX_DATA_BYTES));
  checkOthers(files);
  // Copies with memory of their own: views would take the whole of a shared buffer along to every worker.
  return { digest: { bundle: sha256, data: sha256Hex(data) }, wasm: new Uint8Array(wasm), data: new Uint8Array(data) };
}

/** Only a regular file, and only as much of it as a bundle may be: the path may lead anywhere by the time we open it. */
export async function readPacked(path: string): Promise<Buffer> {
  try {
    const file = await open(path, 'r');
    try {
      const stat = await file.stat();
      if (!stat.isFile()) throw new BundleError('UNREADABLE', 'not a regular file');
      if (stat.size > MAX_PACKED_BYTES) throw tooLarge();
      const bytes = Buffer.alloc(stat.size);
      const { bytesRead } = await file.read(bytes, 0, stat.size, 0);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof BundleError) throw cause;
    throw new BundleError('UNREADABLE', 'cannot be read', { cause });
  }
}

function tooLarge(): BundleError {
  return new BundleError('TOO_LARGE', `larger than ${MAX_PACKED_BYTES} bytes`);
}

async function unpack(packed: Uint8Array): Promise<ReadonlyMap<string, Buffer>> {
  try {
    return await unpackBundle(packed);
  } catch (cause) {
    if (!(cause instanceof UnpackError)) throw cause;
    throw new BundleError('ARCHIVE_REFUSED', cause.message, { cause });
  }
}

function required(files: ReadonlyMap<string, Buffer>, name: string, maxBytes: number): Buffer {
  const file = files.get(name);
  if (file === undefined) throw new BundleError('FILE_MISSING', `holds no /${name}`);
  if (file.length > maxBytes) throw new BundleError('TOO_LARGE', `/${name} is larger than ${maxBytes} bytes`);
  return file;
}

function checkManifest(text: Buffer): void {
  const manifest = manifestSchema.safeParse(parseJson(text));
  if (!manifest.success)
    throw new BundleError('MANIFEST_INVALID', 'its manifest does not list WebAssembly entrypoints');
  const answered = manifest.data.wasm.filter((one) => one.module === `/${MODULE}`).map((one) => one.entrypoint);
  const missing = Object.values(ENTRYPOINT_PATH).find((path) => !answered.includes(path));
  if (missing !== undefined) throw new BundleError('ENTRYPOINT_MISSING', `does not answer ${missing}`);
}

/** Sources may lie beside the module, for readers. A second module or data document would be silently ignored: refuse. */
function checkOthers(files: ReadonlyMap<string, Buffer>): void {
  for (const name of files.keys()) {
    const isKnown = [MODULE, DATA, MANIFEST, SIGNATURES].includes(name) || name.endsWith('.rego');
    if (!isKnown) throw new BundleError('FILE_UNEXPECTED', 'holds a file that no bundle of ours would');
  }
}

function parseJson(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8'));
  } catch {
    return undefined;
  }
}

function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
