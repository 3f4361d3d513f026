/**
 * The transcript of one call on its way to being sealed: turn after turn in order, each durable before the next is
 * sealed. Nobody waits for it; what cannot be kept is a gap.
 */

import { assert } from '../../base/assert.ts';
import type { Decision } from '../../model/decision.ts';
import type { Release } from '../../model/transcript.ts';
import type { TranscriptTurn } from '../../model/api/transcripts.ts';
import type { SealedChunkRow, SealedObjectRow } from '../../store/schema.ts';
import { SealedTurns } from '../retention/sealing.ts';
import type { TenantPublicKey } from '../retention/tenant-key.ts';
import type { LiveCall } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { decisionEvidence } from './record-decision.ts';
import { recordGap } from './record-gap.ts';
import { SerialWork } from './serial-work.ts';
import type { TextRoom } from './text-room.ts';

export interface KeepingWorld {
  /** The tenant's newest public key, or undefined while there is none. */
  findKey(tenant: LiveCall['tenant']['id']): TenantPublicKey | undefined;
  readonly store: SealedStore;
  readonly room: TextRoom;
}

/** Both may be repeated without harm. */
export interface SealedStore {
  addObject(row: SealedObjectRow): Promise<void>;
  addChunk(row: SealedChunkRow): Promise<void>;
}

/** What was decided: may be kept, as this class, for so long. */
export interface Keeping {
  readonly class: string;
  readonly keepMs: number;
  readonly decision: Decision;
}

/** Turns of one call that may wait while the database, the ledger or a key is away. */
const MAX_WAITING = 256;
const RETRY_MS = 500;
const LEDGER_LIMIT_MS = 3000;
/** What is still waiting when the call is over has this long. */
const LAST_TURNS_MS = 4000;
const LAST_ATTEMPTS = 3;

export class KeptCall {
  readonly #deps: Deps;
  readonly #call: LiveCall;
  readonly #keeping: Keeping;
  readonly #world: KeepingWorld;
  readonly #work: SerialWork;
  #sealed: SealedTurns | undefined;
  /** Whether `retention.open` is durable, and then the object's row. */
  #isRecorded = false;
  #isStored = false;
  /** A chunk that was sealed was not stored: nothing sealed after it could be opened. */
  #isBroken = false;
  #hasGivenUp = false;
  #chunks = 0;
  #bytes = 0;
  #missed = 0;

  constructor(deps: Deps, call: LiveCall, how: { readonly keeping: Keeping; readonly world: KeepingWorld }) {
    this.#deps = deps;
    this.#call = call;
    this.#keeping = how.keeping;
    this.#world = how.world;
    this.#work = new SerialWork({
      capacity: MAX_WAITING,
      onBroken: (error) => {
        this.#isBroken = true;
        deps.log.error({ error, call: call.call }, 'keeping a transcript broke off');
      },
    });
  }

  /** Takes one redacted turn. */
  add(release: Release): void {
    const { room } = this.#world;
    const chars = release.text.length;
    if (!room.take(chars)) {
      this.#miss(release);
      return;
    }
    const isTaken = this.#work.add(async () => {
      room.giveBack(chars);
      if (!(await this.#keep(release))) this.#miss(release);
    });
    if (isTaken) return;
    room.giveBack(chars);
    this.#miss(release);
  }

  /** The call is over: keeps what waits, if it can be kept soon, and seals the end. Never rejects. */
  async finish(): Promise<void> {
    await Promise.race([this.#work.idle(), this.#pause(LAST_TURNS_MS)]);
    await this.#giveUp();
    const sealed = this.#sealed;
    if (sealed !== undefined && this.#isStored && !this.#isBroken) {
      const isWhole = this.#missed === 0 && !this.#call.isResumed;
      await this.#storeEnd(sealed.sealEnd({ whole: isWhole }));
    } else {
      this.#noteClose(false);
    }
    sealed?.drop();
  }

  /** The call goes on without us: what is kept so far has no end. Never rejects. */
  async leave(): Promise<void> {
    await this.#giveUp();
    this.#noteClose(false);
    this.#sealed?.drop();
  }

  async #keep(release: Release): Promise<boolean> {
    if (!(await this.#open()) || this.#isBroken) return false;
    const chunk = this.#object().sealTurn(turnOf(this.#call, release));
    if (chunk === undefined) return false;
    this.#isBroken = !(await this.#insist(() => this.#world.store.addChunk(chunk)));
    if (!this.#isBroken) this.#count(chunk);
    return !this.#isBroken;
  }

  /** In this order: sealed to the tenant's key, recorded, stored. True once all three are so. */
  async #open(): Promise<boolean> {
    if (!(await this.#insist(() => Promise.resolve(this.#seal())))) return false;
    const { row } = this.#object();
    if (!this.#isRecorded) this.#isRecorded = await this.#insist(() => this.#record(row));
    if (!this.#isRecorded) return false;
    if (!this.#isStored) this.#isStored = await this.#insist(() => this.#world.store.addObject(row));
    return this.#isStored;
  }

  /** False while the tenant has no key. */
  #seal(): boolean {
    const { tenant, call } = this.#call;
    const key = this.#world.findKey(tenant.id);
    if (this.#sealed !== undefined || key === undefined) return this.#sealed !== undefined;
    const openedMs = Math.trunc(this.#deps.clock.wallMs());
    const { class: name, keepMs } = this.#keeping;
    const keepUntilMs = openedMs + keepMs;
    this.#sealed = new SealedTurns({ key, call, class: name, openedMs, keepUntilMs, random: this.#deps.random });
    return true;
  }

  async #record(row: SealedTurns['row']): Promise<void> {
    await this.#deps.ledger.append(
      this.#call.tenant.id,
      {
        kind: 'retention.open',
        call: this.#call.call,
        sealed: row.sealed,
        class: row.class,
        key_version: row.key_version,
        key_commit: row.key_commit.toString('hex'),
        decision: decisionEvidence(this.#keeping.decision),
      },
      { deadlineMs: LEDGER_LIMIT_MS },
    );
  }

  async #storeEnd(chunk: SealedChunkRow): Promise<void> {
    for (let attempt = 1; attempt <= LAST_ATTEMPTS; attempt += 1) {
      try {
        await this.#world.store.addChunk(chunk);
        this.#count(chunk);
        this.#noteClose(true);
        return;
      } catch {
        if (attempt < LAST_ATTEMPTS) await this.#pause(RETRY_MS);
      }
    }
    this.#noteClose(false);
  }

  #noteClose(complete: boolean): void {
    if (this.#sealed === undefined || !this.#isRecorded) return;
    this.#deps.ledger.note(this.#call.tenant.id, {
      kind: 'retention.close',
      call: this.#call.call,
      sealed: this.#sealed.row.sealed,
      chunks: this.#chunks,
      bytes: this.#bytes,
      complete,
    });
  }

  /** Whatever still waits is missed, at once. */
  async #giveUp(): Promise<void> {
    this.#hasGivenUp = true;
    await this.#work.idle();
  }

  /** Tries until it comes about; false when it was given up. `attempt` rejects, or answers false, to be tried again. */
  async #insist(attempt: () => Promise<unknown>): Promise<boolean> {
    while (!this.#hasGivenUp) {
      const isDone = await attempt().then(
        (answer) => answer !== false,
        () => false,
      );
      if (isDone) return true;
      await this.#pause(RETRY_MS);
    }
    return false;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#deps.clock.after(ms, resolve);
    });
  }

  #object(): SealedTurns {
    assert(this.#sealed !== undefined, 'an object is sealed before its first turn');
    return this.#sealed;
  }

  #count(chunk: SealedChunkRow): void {
    this.#chunks += 1;
    this.#bytes += chunk.bytes.length;
    this.#deps.metrics.counter('earshot_kept_chunks_total').add();
  }

  #miss({ leg, startMs: fromMs, endMs: toMs }: Release): void {
    this.#missed += 1;
    const stream = [...this.#call.streams.values()].find((candidate) => candidate.leg === leg);
    if (stream !== undefined) {
      recordGap(this.#deps, this.#call, { stream: stream.stream, reason: 'not_kept', fromMs, toMs });
    }
  }
}

function turnOf(call: LiveCall, release: Release): TranscriptTurn {
  const role = call.fact.legs.find(({ leg }) => leg === release.leg)?.role ?? 'customer';
  const fromMs = Math.max(0, Math.round(release.startMs));
  return {
    leg: release.leg,
    role,
    from_ms: fromMs,
    to_ms: Math.max(fromMs, Math.round(release.endMs)),
    text: release.text,
    entities: { ...release.entities },
  };
}
