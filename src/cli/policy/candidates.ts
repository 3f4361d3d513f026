/** Bundles somebody may want asked: a file of his own, or one that comes with the release. */

import { packageRoot } from '../../base/package-root.ts';
import { shippedBundle, type BundleFile } from '../../governance/policy/shipped.ts';
import { digestOf, readBundleFile } from '../bundle-files.ts';

/** `isShipped` for those whose digest is in the source. */
export interface Candidate extends BundleFile {
  readonly name: string;
  readonly isShipped: boolean;
}

/** A file as it is now, under the digest it has. */
export function candidateOf(file: string): Candidate {
  return { path: file, sha256: digestOf(readBundleFile(file)), name: file, isShipped: false };
}

export function shipped(name: 'default' | 'guardrail'): Candidate {
  const title = name === 'default' ? 'the shipped default' : 'the guardrail';
  return { ...shippedBundle(packageRoot, name), name: title, isShipped: true };
}
