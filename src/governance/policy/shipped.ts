/**
 * The bundles that come with this release, trusted because their SHA-256 stands here, in the source.
 * The digest is over the file as it lies in `policies/bundles/`: it is checked before a single byte is unpacked.
 */

import { join } from 'node:path';

export type ShippedName = 'default' | 'guardrail';

const SHA256: Readonly<Record<ShippedName, string>> = {
  default: '8454465bc6569c26232bf4f65351ccf2de6ae120f66c24e205cb8c5b90d57008',
  guardrail: 'c68a6be1a77e7d09d14c6a0914d3701d5646b9f997b27e1884981d8bf6e88655',
};

export interface BundleFile {
  readonly path: string;
  /** SHA-256 (hex) the file must have. */
  readonly sha256: string;
}

/** Where a shipped bundle lies under the package root, and the digest it must have. */
export function shippedBundle(packageRoot: string, name: ShippedName): BundleFile {
  return { path: join(packageRoot, 'policies', 'bundles', `${name}.tar.gz`), sha256: SHA256[name] };
}
