/**
 * Write-only: from a tenant's public key to rows that this process cannot read back. The data key lives within the
 * constructor alone; what is left is the state of a stream, which goes forward and not back.
 */

import { wipe } from '../../base/bytes.ts';
import { newId, type CallId, type RandomBytes, type SealedId } from '../../base/ids.ts';
import type { TranscriptTurn } from '../../model/api/transcripts.ts';
import type { SealedChunkRow, SealedObjectRow } from '../../store/schema.ts';
import { encodeEnding, encodeTurn } from './chunk-content.ts';
import { chunkBinding, commitToKey, ENVELOPE_VERSION, purposeKey, type Sealing } from './envelope.ts';
import { KEY_BYTES, SealStream, sealTo, TAG_FINAL, TAG_MESSAGE } from './sodium.ts';
import type { TenantPublicKey } from './tenant-key.ts';

export interface SealedObjectOptions {
  readonly key: TenantPublicKey;
  readonly call: CallId;
  readonly class: string;
  readonly openedMs: number;
  readonly keepUntilMs: number;
  readonly random: RandomBytes;
}

/** The turns of one call, of one class, in one life of the writer. `end` or `drop` must be called. */
export class SealedTurns {
  /** What is stored of it before its first chunk. */
  readonly row: SealedObjectRow & { readonly sealed: SealedId };
  readonly #sealing: Sealing;
  readonly #stream: SealStream;
  #chunks = 0;

  constructor(options: SealedObjectOptions) {
    const { key, call, openedMs, keepUntilMs, random } = options;
    const sealed = newId('sealed', random);
    const dataKey = random(KEY_BYTES);
    const turnsKey = purposeKey(dataKey, 'turns');
    try {
      const commitment = commitToKey(dataKey);
      this.#sealing = { tenant: key.tenant, call, sealed, class: options.class, openedMs, keepUntilMs, commitment };
      this.#stream = new SealStream(turnsKey);
      this.row = {
        sealed,
        envelope: ENVELOPE_VERSION,
        tenant: key.tenant,
        call,
        class: options.class,
        key_version: key.version,
        wrap: Buffer.from(sealTo(key.publicKey, dataKey)),
        key_commit: Buffer.from(commitment),
        header: Buffer.from(this.#stream.header),
        opened_ms: openedMs,
        keep_until_ms: keepUntilMs,
      };
    } finally {
      wipe(dataKey, turnsKey);
    }
  }

  /** How many chunks were made so far, the last one included. */
  get chunks(): number {
    return this.#chunks;
  }

  /** The next chunk, or undefined for a turn that is too long. A chunk that was made must be stored before the next. */
  sealTurn(turn: TranscriptTurn): SealedChunkRow | undefined {
    const message = encodeTurn(turn);
    return message === undefined ? undefined : this.#seal(message, false);
  }

  /** The last chunk; without it an opened transcript is not complete. */
  sealEnd(options: { readonly whole: boolean }): SealedChunkRow {
    const last = this.#seal(encodeEnding({ turns: this.#chunks, whole: options.whole }), true);
    this.drop();
    return last;
  }

  /** Forgets how to go on. */
  drop(): void {
    this.#stream.end();
  }

  #seal(message: Uint8Array, isFinal: boolean): SealedChunkRow {
    const n = this.#chunks;
    const binding = chunkBinding(this.#sealing, 'turns', n);
    const bytes = this.#stream.push(message, binding, isFinal ? TAG_FINAL : TAG_MESSAGE);
    wipe(message);
    this.#chunks += 1;
    const { sealed, tenant } = this.#sealing;
    return { sealed, tenant, n, bytes: Buffer.from(bytes), is_final: isFinal };
  }
}
