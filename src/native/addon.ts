/**
 * Finds the native addon beside the build and says why it is not there. Without it Earshot runs: DTLS is refused, SRTP
 * goes through node:crypto and UDP through node:dgram, and the metrics say so.
 */

import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorCode } from '../base/error.ts';

export type LoadedAddon<Exports> =
  { readonly kind: 'loaded'; readonly exports: Exports } | { readonly kind: 'absent'; readonly reason: string };

const FROM_SOURCES = extname(fileURLToPath(import.meta.url)) === '.ts';
const PATH = fileURLToPath(
  new URL(FROM_SOURCES ? '../../dist/native/earshot.node' : './earshot.node', import.meta.url),
);

/** What the addon exports, or a closed word for why there is none. Never throws. */
export function loadAddon<Exports>(): LoadedAddon<Exports> {
  try {
    return { kind: 'loaded', exports: createRequire(import.meta.url)(PATH) as Exports };
  } catch (thrown) {
    return { kind: 'absent', reason: errorCode(thrown) };
  }
}
