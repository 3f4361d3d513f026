/** Why a bundle would not be used, and what its author can do about it. */

import type { BundleErrorCode } from '../../governance/policy/bundle.ts';
import type { AdmitFault } from '../../governance/policy/policy-pool.ts';

export type RefusalCode = BundleErrorCode | AdmitFault;

const WORDS: Readonly<Record<RefusalCode, string>> = {
  UNREADABLE: 'cannot be read',
  TOO_LARGE: 'is larger than a bundle may be',
  DIGEST_MISMATCH: 'changed while it was being read',
  ARCHIVE_REFUSED: 'is not a bundle: it must be the tar.gz that `earshot policy build` makes',
  FILE_MISSING: 'lacks its module, data or manifest: build it with `earshot policy build`',
  FILE_UNEXPECTED: 'holds a file that a bundle does not have',
  MANIFEST_INVALID: 'does not list its entrypoints: build it with `earshot policy build`',
  ENTRYPOINT_MISSING: 'does not answer all four questions: stream, release, retain and emit, each by a rule `decision`',
  MODULE_INVALID: 'holds no module of the OPA compiler',
  IMPORT_FORBIDDEN: 'wants something of its host that is not lent',
  BUILTIN_FORBIDDEN: 'uses a built-in function outside of policies/capabilities.json',
  DATA_INVALID: 'holds a data document that is no object',
  GOLDEN_INPUT_FAILED:
    'gives no decision on an ordinary question of each kind: give every `decision` an else or a default',
  LOAD_ENDLESS: 'did not end when it was asked an ordinary question',
  LOAD_UNAVAILABLE: 'could not be loaded in time: try again',
  LOAD_QUARANTINED: 'ended its worker three times',
  LOAD_TOO_MANY: 'is one bundle too many',
};

export function explainRefusal(code: RefusalCode): string {
  return WORDS[code];
}
