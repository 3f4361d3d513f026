/** A call begins or changes: it is remembered under the configuration of its beginning, and its streams become audible. */

import type { CallFact, PayloadFact } from '../../model/call.ts';
import type { Revision } from '../../model/tenant.ts';
import { Conversation } from '../conversation/conversation.ts';
import { History } from '../conversation/history.ts';
import { grantText } from './grant-text.ts';
import { listenToStream } from './listen-to-stream.ts';
import type { LiveCall, LiveStream } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { SerialWork } from './serial-work.ts';

const MAX_PENDING_SEGMENTS = 256;

/**
 * Takes one fact, new or changed. `isResumed` says that we were not there when the call began. Resolves when every
 * question this fact raises has been answered; the caller need not wait. Never rejects.
 */
export async function followCall(
  deps: Deps,
  revision: Revision,
  fact: CallFact,
  options: { readonly isResumed: boolean },
): Promise<void> {
  const call = deps.calls.get(fact.call) ?? beginCall(deps, revision, fact, options.isResumed);
  if (call === undefined || call.endReason !== undefined) return;
  const before = new Map([...call.streams].map(([id, stream]) => [id, stream.fact.payloads]));
  deps.calls.updateStreams(call, fact);
  for (const stream of call.streams.values()) tellNewPayloads(deps, call, stream, before.get(stream.stream));
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

/** A running tap whose codecs changed must be decoded anew. */
function tellNewPayloads(
  deps: Deps,
  call: LiveCall,
  stream: LiveStream,
  before: readonly PayloadFact[] | undefined,
): void {
  const { tap, leg, fact } = stream;
  if (tap === undefined || before === undefined) return;
  if (JSON.stringify(before) === JSON.stringify(fact.payloads)) return;
  const { worker, payloads } = fact;
  deps.audio.expectStream({ tap, call: call.call, leg, stream: stream.stream, worker, payloads });
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
    textGrants: new Map(),
    isResumed,
    conversation: new Conversation({
      tenant: tenant.id,
      call: fact.call,
      detector: deps.redaction.detector,
      clock: deps.clock,
    }),
    history: new History(),
    segments: new SerialWork({ capacity: MAX_PENDING_SEGMENTS }),
    releases: new Map(),
    finishing: new Set(),
    heard: new Map(),
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
