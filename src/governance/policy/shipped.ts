/**
 * The bundles that come with this release, trusted because their SHA-256 stands here, in the source.
 * The digest is over the file as it lies in `policies/bundles/`: it is checked before a single byte is unpacked.
 */

import { join } from 'node:path';

export type ShippedName = 'default' | 'guardrail';

const SHA256: Readonly<Record<ShippedName, string>> = {
  default: '97f7c136288b67316296151844051c0e8b17f0d97abac66d3db48e50d0bda85c',
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
