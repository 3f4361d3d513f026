/** The policy bundles a document names: found beside it, and only sent when they are the files its digests mean. */

import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { CodedError, errorCode } from '../base/error.ts';
import { MAX_PACKED_BYTES } from '../governance/policy/bundle.ts';
import { bundleStored, type BundleStored } from '../model/api/config.ts';
import type { ApiClient } from './api-client.ts';
import { readJsonOrYaml } from './json-or-yaml.ts';

export class BundleFileError extends CodedError<'UNREADABLE' | 'TOO_LARGE' | 'DIGEST'> {}

export interface NamedBundle {
  readonly tenant: string;
  readonly sha256: string;
  readonly bytes: Buffer;
}

/** As much of a document as names bundles; everything else about it is the node's to judge. */
const named = z.looseObject({
  tenants: z
    .array(
      z.looseObject({
        id: z.unknown().optional(),
        policy: z.looseObject({ bundle: z.string().optional(), sha256: z.unknown().optional() }).optional(),
      }),
    )
    .catch([]),
});

/** Bundles that `text` (the document in `file`) names, by paths relative to `folder`. */
export function readNamedBundles(file: string, text: string, folder: string): NamedBundle[] {
  const { tenants } = readJsonOrYaml(file, text, named);
  return tenants.flatMap(({ id, policy }, index) => {
    if (policy?.bundle === undefined) return [];
    const bytes = readBundleFile(resolve(folder, policy.bundle));
    const sha256 = digestOf(bytes);
    const key = `${file}: tenants[${index}].policy.sha256`;
    // Pinned by hand: what a review of the document saw is what comes into force.
    if (policy.sha256 === undefined || policy.sha256 === null) {
      throw new BundleFileError('DIGEST', `${key}: is missing; of ${policy.bundle} it is ${sha256}`);
    }
    if (policy.sha256 === sha256) return [{ tenant: String(id), sha256, bytes }];
    throw new BundleFileError('DIGEST', `${key}: is not that of ${policy.bundle}, which is ${sha256}`);
  });
}

/** Stores a bundle under its digest; nothing is in force by that. */
export function deliverBundle(
  client: ApiClient,
  { sha256, bytes }: Omit<NamedBundle, 'tenant'>,
): Promise<BundleStored> {
  return client.request({ method: 'PUT', path: `/v1/bundles/${sha256}`, body: bytes, answer: bundleStored });
}

/** A regular file of at most the size a bundle may have. */
export function readBundleFile(path: string): Buffer {
  try {
    const descriptor = openSync(path, 'r');
    try {
      const stat = fstatSync(descriptor);
      if (!stat.isFile()) throw new BundleFileError('UNREADABLE', `${path}: is not a regular file`);
      if (stat.size > MAX_PACKED_BYTES) {
        throw new BundleFileError('TOO_LARGE', `${path}: is larger than a bundle may be (${MAX_PACKED_BYTES} bytes)`);
      }
      const bytes = Buffer.alloc(stat.size);
      return bytes.subarray(0, readSync(descriptor, bytes));
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    if (cause instanceof CodedError) throw cause;
    throw new BundleFileError('UNREADABLE', `${path}: cannot be read (${errorCode(cause)})`, { cause });
  }
}

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
