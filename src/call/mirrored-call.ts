/**
 * What one call needs to outlive the process that carries it: its signaling, its anchor and its media sessions, put
 * together for the mirror and taken apart again. It holds keys: nothing of it is ever logged.
 */

import type { CallId } from '../base/ids.ts';
import { packageVersion } from '../base/package-root.ts';
import type { MirroredCall } from '../link/mirror.ts';
import type { SessionState } from './media/session-state.ts';

export interface CallParts {
  readonly signaling: unknown;
  readonly anchor: unknown;
  readonly sessions: readonly SessionState[];
}

/** Raised whenever a record of signaling or anchor comes to mean something else. */
const FORM = 1;

export function writeMirrored(parts: CallParts): unknown {
  return { build: packageVersion, form: FORM, ...parts };
}

/** The call's parts; undefined when another build wrote them, whose records may mean something else. */
export function readMirrored({ call, state }: MirroredCall): (CallParts & { readonly call: CallId }) | undefined {
  if (typeof state !== 'object' || state === null) return undefined;
  const { build, form, signaling, anchor, sessions } = state as Readonly<Record<string, unknown>>;
  if (build !== packageVersion || form !== FORM || signaling === undefined || !Array.isArray(sessions))
    return undefined;
  return { call, signaling, anchor, sessions: sessions as SessionState[] };
}
