/** A call begins or changes: it is remembered under the configuration of its beginning, and its streams become audible. */

import { isDeepStrictEqual } from 'node:util';
import type { CallFact, StreamFact } from '../../model/call.ts';
import type { Revision } from '../../model/tenant.ts';
import { Conversation } from '../conversation/conversation.ts';
import { History } from '../conversation/history.ts';
import { grantText } from './grant-text.ts';
import { listenToStream } from './listen-to-stream.ts';
import type { LiveCall, LiveStream } from './live-calls.ts';
import { reopenWindow } from './pci-window.ts';
import { noWindows } from './pci-state.ts';
import { viewOf } from './policy-input.ts';
import type { Deps } from './ports.ts';
import { redactToKeep } from './redact-to-keep.ts';
import { recordSignedSdp } from './record-signed-sdp.ts';
import { refuseOpaque } from './refuse-opaque.ts';
import { RefusalTally } from './refusal-tally.ts';
import { SerialWork } from './serial-work.ts';
import { silenceStream } from './silence-stream.ts';

const MAX_PENDING_SEGMENTS = 256;

/** Takes one fact, new or changed, and asks what it raises. The caller need not wait. Never rejects. */
export async function followCall(
  deps: Deps,
  revision: Revision,
  fact: CallFact,
  options: { readonly isResumed: boolean },
): Promise<void> {
  const call = noteCall(deps, revision, fact, options);
  if (call !== undefined) await attendCall(deps, call);
}

/** Remembers what a fact says, and asks nothing. `isResumed` says that we were not there when the call began. */
export function noteCall(
  deps: Deps,
  revision: Revision,
  fact: CallFact,
  options: { readonly isResumed: boolean },
): LiveCall | undefined {
  const known = deps.calls.get(fact.call);
  const call = known ?? beginCall(deps, revision, fact, options.isResumed);
  if (call === undefined || call.end !== undefined) return undefined;
  const before = new Map([...call.streams].map(([id, stream]) => [id, stream.fact]));
  deps.calls.updateStreams(call, fact);
  for (const stream of call.streams.values()) {
    const former = before.get(stream.stream);
    if (former !== undefined) compareFacts(deps, call, stream, former);
  }
  if (known === undefined && options.isResumed) reopenWindow(deps, call);
  return call;
}

/** Resolves when every question about the call's streams has been answered. Never rejects. */
export async function attendCall(deps: Deps, call: LiveCall): Promise<void> {
  if (call.end !== undefined) return;
  if (call.fact.media === 'opaque') refuseOpaque(deps, call);
  recordSignedSdp(deps, call);
  await Promise.all([...call.streams.values()].map((stream) => attend(deps, call, stream)));
}

/**
 * Asks whatever has not been asked of a stream: who may read its text, whether it is kept, and who may hear it once it can
 * be heard.
 */
async function attend(deps: Deps, call: LiveCall, stream: LiveStream): Promise<void> {
  if (!call.textGrants.has(stream.leg)) {
    await grantText(deps, call, stream);
    await redactToKeep(deps, call, stream);
  }
  if (isAudible(stream)) await listenToStream(deps, call, stream);
}

/** Listening starts with the stream's first packet: a timeline without an origin could not be granted a window of. */
function isAudible(stream: LiveStream): boolean {
  return stream.fact.active && stream.fact.startedUs !== undefined;
}

function compareFacts(deps: Deps, call: LiveCall, stream: LiveStream, former: StreamFact): void {
  if (isDeepStrictEqual(viewOf(former), viewOf(stream.fact))) tellNewPayloads(deps, call, stream, former);
  else askAnew(deps, call, stream);
}

/** The policy allowed another stream than this has become. Hearing stops, and is asked for again. */
function askAnew(deps: Deps, call: LiveCall, stream: LiveStream): void {
  for (const [processor, state] of stream.asked) if (state === 'answered') stream.asked.delete(processor);
  silenceStream(deps, call, stream, 'policy_change');
}

/** A running tap whose codecs changed must be decoded anew. */
function tellNewPayloads(deps: Deps, call: LiveCall, stream: LiveStream, former: StreamFact): void {
  const { tap, leg, fact } = stream;
  if (tap === undefined || isDeepStrictEqual(former.payloads, fact.payloads)) return;
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
    governedAnew: 0,
    fact,
    streams: new Map(),
    textGrants: new Map(),
    redaction: new Map(),
    behind: new Set(),
    askedAnew: new Map(),
    pci: noWindows(),
    isResumed,
    conversation: new Conversation({
      tenant: tenant.id,
      call: fact.call,
      detector: deps.redaction.detector,
      clock: deps.clock,
    }),
    history: new History(),
    segments: new SerialWork({
      capacity: MAX_PENDING_SEGMENTS,
      onBroken: (error) => deps.log.error({ error, call: fact.call }, 'a segment broke off'),
    }),
    releases: new Map(),
    finishing: new Set(),
    heard: new Map(),
    refusals: new RefusalTally(),
    arrangements: 0,
    opaqueRefused: new Set(),
    isSignatureRecorded: isResumed,
    over: new AbortController(),
    end: undefined,
  };
  deps.calls.add(call);
  deps.publish({ kind: 'call', call: call.call, tenant: tenant.id, state: 'started' });
  deps.ledger.note(tenant.id, {
    kind: 'call.open',
    call: call.call,
    direction: fact.direction,
    ingress: fact.ingress,
    media: fact.media,
    jurisdictions: [...tenant.jurisdictions],
    config_revision: revision.revision,
    ...(isResumed ? { resumed: true } : {}),
  });
  return call;
}
