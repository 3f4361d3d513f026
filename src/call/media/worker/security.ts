/**
 * How one leg's packets are opened: in clear or under its newest key, with the old key accepted until the first packet
 * that verifies under the new one. SRTP in flight after a change to plain is never mistaken for speech.
 */

import { decodeBase64, wipe } from '../../../base/bytes.ts';
import { assert } from '../../../base/assert.ts';
import type { SrtpDrop } from '../../../protocol/srtp/drop.ts';
import { SrtpReceiver } from '../../../protocol/srtp/receiver.ts';
import type { CreateTransform, SrtpTransform } from '../../../protocol/srtp/transform.ts';
import type { ReceivedSsrc, SrtpKey } from '../session-state.ts';
import { ContextRing } from './context-ring.ts';

export class ReceiveSecurity {
  readonly #createTransform: CreateTransform;
  readonly #ring = new ContextRing<SrtpReceiver>();
  #key: SrtpKey | null = null;
  /** Undefined while the leg is plain. */
  #current: SrtpReceiver | undefined;
  #previous: SrtpReceiver | undefined;
  #openedBy: SrtpReceiver | undefined;

  /** `known`: what was received under `key` by an earlier life of this leg. */
  constructor(createTransform: CreateTransform, key: SrtpKey | null, known: readonly ReceivedSsrc[]) {
    this.#createTransform = createTransform;
    this.#current = this.#contextOf(key, known);
    this.#key = key;
  }

  get isSecure(): boolean {
    return this.#current !== undefined;
  }

  /** Extended sequence of the packet opened last, or undefined when it came in clear. */
  get lastIndex(): number | undefined {
    return this.#openedBy?.lastIndex;
  }

  /** Whether the packet opened last proves where the peer is now: newest of its SSRC, under the newest key. */
  get mayLatch(): boolean {
    return this.#openedBy === this.#current && (this.#openedBy?.lastWasNewest ?? true);
  }

  /** Signaling named a key, possibly the same one. */
  useKey(key: SrtpKey | null): void {
    if (isSameKey(key, this.#key)) return;
    const old = this.#current;
    this.#current = this.#contextOf(key, []);
    this.#previous = old;
    this.#key = key;
  }

  openRtp(packet: Buffer): Buffer | SrtpDrop {
    const opened = this.#current ? this.#current.unprotectRtp(packet) : packet;
    if (!this.#previous || this.#isVerified(opened)) return this.#settle(opened);
    return this.#orByPrevious(opened, this.#previous, this.#previous.unprotectRtp(packet));
  }

  openRtcp(packet: Buffer): Buffer | SrtpDrop {
    const opened = this.#current ? this.#current.unprotectRtcp(packet) : packet;
    if (!this.#previous || this.#isVerified(opened)) return this.#settle(opened);
    return this.#orByPrevious(opened, this.#previous, this.#previous.unprotectRtcp(packet));
  }

  state(): ReceivedSsrc[] {
    return this.#current?.state() ?? [];
  }

  wipe(): void {
    this.#ring.wipe();
    this.#current = undefined;
    this.#previous = undefined;
    this.#openedBy = undefined;
  }

  #isVerified(opened: Buffer | SrtpDrop): boolean {
    return this.#current !== undefined && typeof opened !== 'string';
  }

  /** Takes the newest context's word; once a packet verified under it, the old key has done its duty. */
  #settle(opened: Buffer | SrtpDrop): Buffer | SrtpDrop {
    if (this.#isVerified(opened)) this.#previous = undefined;
    this.#openedBy = this.#current;
    return opened;
  }

  #orByPrevious(opened: Buffer | SrtpDrop, previous: SrtpReceiver, byPrevious: Buffer | SrtpDrop): Buffer | SrtpDrop {
    if (typeof byPrevious !== 'string') {
      this.#openedBy = previous;
      return byPrevious;
    }
    // Repeated, so it is SRTP all the same, and noise if it were relayed as plain.
    if (byPrevious === 'srtp_replayed') return byPrevious;
    if (!this.#current) this.#previous = undefined;
    return this.#settle(opened);
  }

  #contextOf(key: SrtpKey | null, known: readonly ReceivedSsrc[]): SrtpReceiver | undefined {
    if (key === null) return undefined;
    return this.#ring.get(
      keyName(key),
      () => new SrtpReceiver(transformOf(key, this.#createTransform), known, key.lifetimePackets),
    );
  }
}

export function isSameKey(a: SrtpKey | null, b: SrtpKey | null): boolean {
  return a === b || (a !== null && b !== null && keyName(a) === keyName(b));
}

/** What tells keys apart: suite, key and identifier, so it is as secret as the key. */
export function keyName({ suite, keySalt, mki }: SrtpKey): string {
  return `${suite} ${keySalt} ${mki ?? ''}`;
}

/** Session keys of `key`; the decoded master key is zeroed before this returns. */
export function transformOf(key: SrtpKey, createTransform: CreateTransform): SrtpTransform {
  const keySalt = decodeBase64(key.keySalt);
  assert(keySalt, 'a key of a session state is base64');
  try {
    return createTransform(key.suite, keySalt, key.mki === undefined ? undefined : Buffer.from(key.mki, 'hex'));
  } finally {
    wipe(keySalt);
  }
}
