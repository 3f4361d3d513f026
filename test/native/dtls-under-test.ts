/** DTLS of the addon that tests load: the build's, or the one `EARSHOT_TEST_ADDON` names, as a sanitizer's run does. */

import { createRequire } from 'node:module';
import { loadAddon } from '../../src/native/addon.ts';
import type { DtlsExports } from '../../src/native/dtls.ts';

/** Undefined when there is no addon; throws instead when `EARSHOT_REQUIRE_PEERS` is 1. */
export function dtlsUnderTest(): DtlsExports | undefined {
  const path = process.env['EARSHOT_TEST_ADDON'];
  if (path !== undefined) return createRequire(import.meta.url)(path) as DtlsExports;
  const addon = loadAddon<DtlsExports>();
  if (addon.kind === 'loaded') return addon.exports;
  if (process.env['EARSHOT_REQUIRE_PEERS'] === '1') throw new Error(`the addon is required: ${addon.reason}`);
  return undefined;
}
