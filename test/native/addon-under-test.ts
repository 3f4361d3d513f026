/**
 * The addon that native tests load: the build's, or the one that `EARSHOT_TEST_ADDON` names, which is how a run under a
 * sanitizer brings its own. Where peers are required a missing addon is a failure, not a skip.
 */

import { createRequire } from 'node:module';
import { loadAddon, type LoadedAddon } from '../../src/native/addon.ts';

export function addonUnderTest<Exports>(): LoadedAddon<Exports> {
  const path = process.env['EARSHOT_TEST_ADDON'];
  if (path !== undefined) return { kind: 'loaded', exports: createRequire(import.meta.url)(path) as Exports };
  const addon = loadAddon<Exports>();
  if (addon.kind === 'absent' && process.env['EARSHOT_REQUIRE_PEERS'] === '1') {
    throw new Error(`the addon is required: ${addon.reason}`);
  }
  return addon;
}
