/**
 * What a redaction worker does with a message: keeps one redactor per leg and one memory of values per call. Whatever a
 * detector throws becomes a code here; its message, which may quote speech, goes nowhere.
 */

import { isDeepStrictEqual } from 'node:util';
import { unreachable } from '../../../base/assert.ts';
import { wipe } from '../../../base/bytes.ts';
import { errorCode } from '../../../base/error.ts';
import type { CallId, LegId } from '../../../base/ids.ts';
import type { RedactionSettings } from '../../../model/redaction-settings.ts';
import type { Piece } from '../../../model/transcript.ts';
import { CallMemory } from '../call-memory.ts';
import type { Plans } from '../leg-redactor.ts';
import type { Job, JobResult, Opening, RedactionReply, RedactionRequest, Replanning } from '../messages.ts';
import type { LinkKey } from '../linkable-token.ts';
import { REAL_DETECTORS, SessionError, type Detectors, type LegDetectors } from './detectors.ts';

/** Answers of one call that may be under way at once; one more makes the oldest of them fail. */
const MAX_ASIDES = 8;

interface OpenLeg {
  readonly redactor: LegDetectors;
  plans: Plans;
}

interface OpenAside {
  readonly aside: ReturnType<Detectors['openAside']>;
  nextPart: number;
}

interface OpenCall {
  readonly memory: CallMemory;
  readonly legs: Map<LegId, OpenLeg>;
  /** Of its newest leg: how the tenant wants answers looked at. */
  settings: RedactionSettings | undefined;
  readonly asides: Map<number, OpenAside>;
  /** One for each name it has had, the newest last: what a leg was opened with stays as it is until the call is over. */
  readonly linkKeys: LinkKey[];
}

export class Session {
  readonly #calls = new Map<CallId, OpenCall>();
  readonly #detectors: Detectors;

  constructor(detectors: Partial<Detectors> = {}) {
    this.#detectors = { ...REAL_DETECTORS, ...detectors };
  }

  /** Handles one message; answers jobs, in order. Never throws. */
  handle(request: RedactionRequest): RedactionReply | undefined {
    switch (request.kind) {
      case 'open':
        this.#open(request);
        return undefined;
      case 'replan':
        this.#replan(request);
        return undefined;
      case 'close':
        this.#close(request.call);
        return undefined;
      case 'push':
      case 'advance':
      case 'settle':
      case 'answer':
      case 'restore':
        try {
          return { kind: 'done', id: request.id, result: this.#run(request) };
        } catch (thrown) {
          return { kind: 'failed', id: request.id, code: errorCode(thrown) };
        }
      default:
        return unreachable(request);
    }
  }

  /** A leg that cannot be opened is left without a redactor, so that its jobs fail one by one. */
  #open({ call, leg, plans, partials, settings, resumed, used, linkKey }: Opening): void {
    const open = this.#calls.get(call) ?? newCall(used);
    this.#calls.set(call, open);
    open.settings = settings;
    open.legs.get(leg)?.redactor.close();
    open.legs.delete(leg);
    try {
      const redactor = this.#detectors.openLeg({
        memory: open.memory,
        plans,
        partials,
        settings,
        resumed,
        linkKey: takeKey(open.linkKeys, linkKey),
      });
      open.legs.set(leg, { redactor, plans });
    } catch {
      return;
    }
  }

  /** A plan that stays is the same object as before, so that its rendering goes on where it is. */
  #replan({ call, leg, plans, partials }: Replanning): void {
    const legs = this.#calls.get(call)?.legs;
    const open = legs?.get(leg);
    if (legs === undefined || open === undefined) return;
    const kept = Object.entries(plans).map(([name, plan]) => {
      const before = open.plans[name];
      return [name, before !== undefined && isDeepStrictEqual(before, plan) ? before : plan] as const;
    });
    open.plans = Object.fromEntries(kept);
    try {
      open.redactor.replan(open.plans, partials);
    } catch {
      open.redactor.close();
      legs.delete(leg);
    }
  }

  #close(call: CallId): void {
    for (const { key } of this.#calls.get(call)?.linkKeys ?? []) wipe(key);
    this.#calls.delete(call);
  }

  #run(job: Job): JobResult {
    const open = this.#calls.get(job.call);
    switch (job.kind) {
      case 'answer':
        return { kind: 'answered', pieces: this.#answer(job, open ?? newCall()) };
      case 'restore': {
        const memory = open?.memory ?? new CallMemory();
        return { kind: 'restored', back: this.#detectors.restoreText(job.text, memory, job.types) };
      }
      case 'push':
        return { kind: 'settled', settlement: redactorOf(open, job.leg).push(job.event) };
      case 'advance':
        return { kind: 'settled', settlement: redactorOf(open, job.leg).advance(job.nowMs) };
      case 'settle':
        return { kind: 'settled', settlement: redactorOf(open, job.leg).settle() };
      default:
        return unreachable(job);
    }
  }

  /** Parts of an answer are taken in their order or not at all: one that is missing may hold half of a number. */
  #answer(job: Extract<Job, { kind: 'answer' }>, { asides, memory, settings, linkKeys }: OpenCall): readonly Piece[] {
    const { answer, part, isLast, plan, text } = job;
    const known = asides.get(answer);
    asides.delete(answer);
    if ((known?.nextPart ?? 0) !== part) throw new SessionError('PART_UNKNOWN', 'parts of an answer came out of order');
    const aside = known?.aside ?? this.#detectors.openAside({ plan, memory, settings, linkKey: linkKeys.at(-1) });
    const pieces = aside.push(text);
    if (isLast) return [...pieces, ...aside.end()];
    const [oldest] = asides.keys();
    if (oldest !== undefined && asides.size >= MAX_ASIDES) asides.delete(oldest);
    asides.set(answer, { aside, nextPart: part + 1 });
    return pieces;
  }
}

function newCall(used: Opening['used'] = {}): OpenCall {
  return { memory: new CallMemory(used), legs: new Map(), settings: undefined, asides: new Map(), linkKeys: [] };
}

/** The call's own copy of that key; another one of it is wiped. */
function takeKey(keys: LinkKey[], given: LinkKey | undefined): LinkKey | undefined {
  if (given === undefined) return undefined;
  const known = keys.find(({ kid }) => kid === given.kid);
  if (known === undefined) keys.push(given);
  else if (known.key !== given.key) wipe(given.key);
  return known ?? given;
}

function redactorOf(open: OpenCall | undefined, leg: LegId): LegDetectors {
  const found = open?.legs.get(leg);
  if (found === undefined) throw new SessionError('LEG_UNKNOWN', 'no redactor is open for this leg');
  return found.redactor;
}
