/**
 * A revocation is lifted: its end is durable in every log first, and only then may policy be asked anew. Nothing that was
 * decided before it is taken up again.
 */

import type { Principal } from '../../model/access.ts';
import type { RevocationView } from '../../model/api/revocations.ts';
import { can } from '../access/ability.ts';
import { AskError } from './administration.ts';
import { listenAgain } from './follow-tap.ts';
import type { Deps } from './ports.ts';
import { liftEntry } from './record-revocations.ts';
import { viewRevocation, type Revocation } from './revocation-list.ts';
import { publishSwitch, type Switchboard } from './revoke.ts';

/**
 * Resolves when hearing is being taken up again. Throws NOT_FOUND, FORBIDDEN, CONFLICT when it was silenced again
 * meanwhile, or the ledger's own error: then it stands.
 */
export async function lift(
  deps: Deps,
  board: Switchboard,
  principal: Principal,
  revocation: string,
): Promise<RevocationView> {
  const found = board.list.get(revocation);
  if (found === undefined || !can(principal, 'read', 'Hearing', { tenant: found.tenant })) {
    throw new AskError('NOT_FOUND', 'no such revocation is in force');
  }
  if (!can(principal, 'change', 'Hearing', { tenant: found.tenant })) {
    throw new AskError('FORBIDDEN', 'this token may not lift a revocation');
  }
  const renewals = board.list.renewalsOf(found.revocation);
  await recordEnd(deps, board, found, principal);
  if (board.list.get(revocation) === undefined) throw new AskError('NOT_FOUND', 'it was lifted meanwhile');
  if (board.list.renewalsOf(found.revocation) !== renewals) {
    board.list.doubt(found.revocation, found.logs);
    board.record();
    throw new AskError('CONFLICT', 'it was silenced again meanwhile, and stays so');
  }
  board.list.remove(found.revocation);
  publishSwitch(deps, found, 'lift');
  listenAgain(deps);
  await board.kept();
  return viewRevocation({ ...found, unrecorded: [] });
}

/** All logs or none: one that holds the end of what goes on is told once more that it does. */
async function recordEnd(deps: Deps, board: Switchboard, found: Revocation, principal: Principal): Promise<void> {
  const body = liftEntry(found, { actor: principal.token, atMs: Math.trunc(deps.clock.wallMs()) });
  const attempts = await Promise.allSettled(
    found.logs.map((log) => deps.ledger.append(log, body, { urgent: true }).then(() => log)),
  );
  const failed = attempts.find((attempt) => attempt.status === 'rejected');
  if (failed === undefined) return;
  board.list.doubt(
    found.revocation,
    attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : [])),
  );
  board.record();
  throw failed.reason;
}
