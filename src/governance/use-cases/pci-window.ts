/** Card data is being taken: nobody hears the customer until it is over. */

import type { LegId } from '../../base/ids.ts';
import type { RedactionSignal } from '../../model/transcript.ts';
import type { LiveCall } from './live-calls.ts';
import type { Deps } from './ports.ts';

/** Acts on what redaction noticed in one leg's words. Never waits and never throws. */
export function heedSignals(_deps: Deps, _call: LiveCall, _leg: LegId, _signals: readonly RedactionSignal[]): void {
  return;
}
