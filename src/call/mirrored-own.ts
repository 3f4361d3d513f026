/**
 * What a call plane is towards all its peers, as it outlives the process: its DTLS certificate, whose fingerprint stands
 * in the descriptions they hold, and whether it takes new calls. It holds the private key: nothing of it is ever logged.
 */

import { packageVersion } from '../base/package-root.ts';
import type { DtlsCertificate } from '../protocol/dtls/association.ts';

export interface Own {
  /** Null without the addon that speaks DTLS. */
  readonly certificate: DtlsCertificate | null;
  readonly isDraining: boolean;
}

/** Raised whenever it comes to mean something else. */
const FORM = 1;

export function writeOwn(own: Own): unknown {
  return { build: packageVersion, form: FORM, ...own };
}

/** Nothing when there was no life before, or another build wrote it. */
export function readOwn(state: unknown): Own {
  const nothing: Own = { certificate: null, isDraining: false };
  if (typeof state !== 'object' || state === null) return nothing;
  const { build, form, certificate, isDraining } = state as Readonly<Record<string, unknown>>;
  if (build !== packageVersion || form !== FORM || typeof certificate !== 'object') return nothing;
  return { certificate: certificate as DtlsCertificate | null, isDraining: isDraining === true };
}
