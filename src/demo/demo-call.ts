/**
 * Plays one call between two phones from INVITE to BYE: a greeting, a request with a card number, a closing. It judges
 * nothing: it returns what was sent, heard and lost, and always leaves both phones without a call.
 */

import type { Clock } from '../base/clock.ts';
import { DemoError } from './error.ts';
import { withDeadline } from './softphone/deferred.ts';
import type { RtpCounts } from './softphone/media-session.ts';
import type { PhoneCall } from './softphone/phone-call.ts';
import type { Softphone } from './softphone/softphone.ts';
import type { Endpoint } from './softphone/udp-port.ts';
import { loadRecording } from './speech.ts';
import type { Wav } from './wav.ts';

/** A recording and how long after the call is answered it begins, or after what the same phone still plays. */
export interface Line {
  readonly wav: Wav;
  readonly afterMs: number;
}

export interface DemoScript {
  readonly caller: readonly Line[];
  readonly callee: readonly Line[];
}

export interface DemoCallOptions {
  readonly caller: Softphone;
  readonly callee: Softphone;
  /** Request-URI of the callee. */
  readonly to: string;
  /** Where the caller sends its INVITE: the proxy. */
  readonly via: Endpoint;
  readonly clock: Clock;
  readonly script?: DemoScript | undefined;
  /** How long both stay silent on the line after the last word, so that whoever listens notices that it was the last. */
  readonly tailMs?: number | undefined;
  /** Resolves when everything said was understood: both stay on the line until then, for a limited time. */
  readonly untilHeard?: (() => Promise<void>) | undefined;
  /** For the whole call; past it the call is hung up and the demo fails. */
  readonly deadlineMs?: number | undefined;
}

export interface DemoCallResult {
  readonly rtp: { readonly sent: number; readonly received: number; readonly lost: number };
  readonly caller: RtpCounts;
  readonly callee: RtpCounts;
}

const SETUP_LIMIT_MS = 10_000;
const TAIL_MS = 1500;
const HEARD_LIMIT_MS = 12_000;
/** What was understood is handed over with the audio that follows. */
const HANDED_OVER_MS = 500;
const DEADLINE_MS = 45_000;
/** Time for packets under way to arrive before they are counted. */
const DRAIN_MS = 300;

/** The demo's conversation, about 20 s: the agent greets, the customer asks and says a card number, the agent closes. */
export function demoScript(): DemoScript {
  return {
    caller: [{ wav: loadRecording('customer'), afterMs: 3400 }],
    callee: [
      { wav: loadRecording('agent-greeting'), afterMs: 400 },
      { wav: loadRecording('agent-closing'), afterMs: 15_200 },
    ],
  };
}

/** Rejects with a `DemoError`: `CALL_REFUSED`, `DEADLINE`, or `CALL_ENDED` when somebody else ended the call. */
export async function playDemoCall(options: DemoCallOptions): Promise<DemoCallResult> {
  const { caller, callee, to, via, clock } = options;
  const answered = callee.nextCall(SETUP_LIMIT_MS);
  // When dialling fails nobody asks for it any more.
  answered.catch(() => undefined);
  const out = await caller.dial({ to, via, deadlineMs: SETUP_LIMIT_MS });
  try {
    const incoming = await answered;
    const talked = talk(out, incoming, options);
    const cutShort = Promise.race([out.ended, incoming.ended]).then(() => {
      throw new DemoError('CALL_ENDED', 'the call ended before everything was said');
    });
    cutShort.catch(() => undefined);
    await withDeadline(clock, Promise.race([talked, cutShort]), options.deadlineMs ?? DEADLINE_MS, 'the call');
    await out.hangUp();
    await withDeadline(clock, incoming.ended, SETUP_LIMIT_MS, 'the end of the call');
    return countBoth(out.counts, incoming.counts);
  } finally {
    await out.hangUp();
  }
}

async function talk(out: PhoneCall, incoming: PhoneCall, options: DemoCallOptions): Promise<void> {
  const { clock, script = demoScript(), tailMs = TAIL_MS, untilHeard } = options;
  await Promise.all([
    ...script.caller.map(({ wav, afterMs }) => out.play(wav, afterMs)),
    ...script.callee.map(({ wav, afterMs }) => incoming.play(wav, afterMs)),
  ]);
  await pass(clock, tailMs);
  if (untilHeard !== undefined) {
    await Promise.race([untilHeard(), pass(clock, HEARD_LIMIT_MS)]);
    await pass(clock, HANDED_OVER_MS);
  }
  out.fallSilent();
  incoming.fallSilent();
  await pass(clock, DRAIN_MS);
}

function pass(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}

function countBoth(caller: RtpCounts, callee: RtpCounts): DemoCallResult {
  const sent = caller.sent + callee.sent;
  const received = caller.received + callee.received;
  return { rtp: { sent, received, lost: sent - received }, caller, callee };
}
