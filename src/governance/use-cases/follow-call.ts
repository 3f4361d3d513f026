/** A call begins or changes: it is remembered under the configuration of its beginning, and its streams become audible. */

import type { CallFact } from '../../model/call.ts';
import type { Grant } from '../../model/grant.ts';
import type { Processor, Revision } from '../../model/tenant.ts';
import { grantText } from './grant-text.ts';
import { listenToStream } from './listen-to-stream.ts';
import type { LiveCall, LiveStream } from './live-calls.ts';
import type { Deps } from './ports.ts';

/**
 * Takes one fact, new or changed. `isResumed` says that we were not there when the call began. Returns when every
 * question this fact raises has been answered; the caller need not wait.
 */
export async function followCall(
  deps: Deps,
  revision: Revision,
  fact: CallFact,
  options: { readonly isResumed: boolean },
): Promise<void> {
  const call = deps.calls.get(fact.call) ?? beginCall(deps, revision, fact, options.isResumed);
  if (call === undefined || call.endReason !== undefined) return;
  deps.calls.updateStreams(call, fact);
  await Promise.all([...call.streams.values()].map((stream) => attend(deps, call, stream)));
}

/** Asks whatever has not been asked of a stream: who may read its text, and who may hear it once it can be heard. */
async function attend(deps: Deps, call: LiveCall, stream: LiveStream): Promise<void> {
  if (!call.textGrants.has(stream.leg)) await grantText(deps, call, stream);
  if (isAudible(stream)) await listenToStream(deps, call, stream);
}

/** Listening starts with the stream's first packet: a timeline without an origin could not be granted a window of. */
function isAudible(stream: LiveStream): boolean {
  return stream.fact.active && stream.fact.startedUs !== undefined;
}

function beginCall(deps: Deps, revision: Revision, fact: CallFact, isResumed: boolean): LiveCall | undefined {
  const tenant = revision.tenants.find(({ id }) => id === fact.tenant);
  if (tenant === undefined) {
    deps.log.warn({ tenant: fact.tenant }, 'a call of a tenant that this configuration does not know');
    return undefined;
  }
  const call: LiveCall = {
    call: fact.call,
    tenant,
    revision,
    fact,
    streams: new Map(),
    textGrants: new Map<never, readonly Grant[]>(),
    isResumed,
    heard: new Map<Processor['id'], { leases: number; bytes: number }>(),
    endReason: undefined,
  };
  deps.calls.add(call);
  deps.publish({ kind: 'call', call: call.call, tenant: tenant.id, state: 'started' });
  if (!isResumed) {
    deps.ledger.note(tenant.id, {
      kind: 'call.open',
      call: call.call,
      direction: fact.direction,
      ingress: fact.ingress,
      media: fact.media,
      jurisdictions: [...tenant.jurisdictions],
      config_revision: revision.revision,
    });
  }
  return call;
}
