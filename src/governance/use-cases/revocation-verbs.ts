/**
 * The kill switch as the node holds it: the list with its file and its way into the ledger, and the verbs over it. It is
 * built before anything may hear, because what was silenced before a restart is silent from its first moment on.
 */

import type { CallId } from '../../base/ids.ts';
import type { RevocationPage } from '../../model/api/revocations.ts';
import type { Principal } from '../../model/access.ts';
import type { Revision } from '../../model/tenant.ts';
import { can } from '../access/ability.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { AskError, type RevocationVerbs } from './administration.ts';
import { lift } from './lift.ts';
import type { Deps } from './ports.ts';
import { RevocationRecorder } from './record-revocations.ts';
import { RevocationFile } from './revocation-file.ts';
import { RevocationList, viewRevocation } from './revocation-list.ts';
import { silence, type Switchboard } from './revoke.ts';

/** How long whoever turns the switch is kept waiting for the disk. */
const STORE_LIMIT_MS = 1000;

export interface KillSwitch extends RevocationVerbs {
  readonly list: RevocationList;
  /** Begins to record what an earlier life could not. */
  start(): void;
  /** The call plane said which calls live: what was silenced about others alone is over. */
  onSnapshot(living: readonly CallId[]): void;
}

export interface KillSwitchOptions {
  /** In the state directory. */
  readonly path: string;
  /** Where it is recorded: also where nothing may be granted any more. */
  readonly ledger: Pick<Ledger, 'append'>;
  revision(): Revision | undefined;
}

export function killSwitchOf(deps: Deps, options: KillSwitchOptions): KillSwitch {
  const { clock, log } = deps;
  // While it is raised, a restart could forget some of what is silenced now.
  const onOutcome = (isStored: boolean): void => deps.conditions.set('revocations.not_stored', !isStored);
  const file = new RevocationFile({ path: options.path, clock, log, onOutcome });
  const stored = file.read();
  const list = new RevocationList(deps.calls.silenced, stored === 'unreadable' ? [] : stored);
  const recorder = new RevocationRecorder({ ledger: options.ledger, list, clock, log });
  let writing = Promise.resolve();
  if (stored === 'unreadable') {
    // What it held is lost to us, so everything is silent, and it is left as it is for somebody to look at.
    deps.calls.silenced.addEverything();
    deps.conditions.set('revocations.unreadable', true);
  } else {
    list.whenChanged(() => {
      writing = file.store(list.all);
    });
  }
  const board: Switchboard = {
    list,
    kept: () => Promise.race([writing, new Promise<void>((resolve) => void clock.after(STORE_LIMIT_MS, resolve))]),
    record: () => recorder.record(),
    revision: () => options.revision(),
  };
  return {
    list,
    start: () => recorder.record(),
    onSnapshot: (living) => list.keepCalls(living),
    silence: (principal, body) => silence(deps, board, principal, body),
    lift: (principal, revocation) => lift(deps, board, principal, revocation),
    listRevocations: (principal) => Promise.resolve().then(() => listRevocations(list, principal)),
  };
}

/** What the principal could have silenced. It needs no database: it must be known what is silent when all else is down. */
function listRevocations(list: RevocationList, principal: Principal): RevocationPage {
  if (!can(principal, 'read', 'Hearing')) throw new AskError('FORBIDDEN', 'this token may not see what is silenced');
  const shown = list.inForce.filter(({ tenant }) => can(principal, 'read', 'Hearing', { tenant }));
  return { items: shown.map(viewRevocation) };
}
