/**
 * Who holds a bearer token. A yes is believed for at most five seconds, so a revocation anywhere counts within them,
 * and one made here at once; a no is never kept. When the database is away, whoever is not known yet is not let in.
 */

import type { Clock } from '../../base/clock.ts';
import { judgeToken, type Holder } from '../access/find-holder.ts';
import type { TokenStore } from '../access/token-store.ts';
import { parseToken } from '../access/token.ts';
import { AskError } from './administration.ts';
import { askDatabase } from './ask-database.ts';

const BELIEVED_US = 5_000_000;
const MAX_KEPT = 1024;
const MAX_ASKING = 64;

interface Kept {
  readonly holder: Holder;
  readonly untilUs: number;
}

export class Authenticator {
  readonly #tokens: Pick<TokenStore, 'findBySecret'>;
  readonly #clock: Clock;
  /** By hash of the secret, oldest first. */
  readonly #kept = new Map<string, Kept>();
  #asking = 0;
  #revocations = 0;

  constructor(options: { readonly tokens: Pick<TokenStore, 'findBySecret'>; readonly clock: Clock }) {
    this.#tokens = options.tokens;
    this.#clock = options.clock;
  }

  /** Undefined when nobody holds it, it expired or was revoked. Throws UNAVAILABLE when that cannot be known. */
  async authenticate(bearer: string): Promise<Holder | undefined> {
    const read = parseToken(bearer);
    if (read === undefined) return undefined;
    const name = `${read.idStart}/${read.secretHash.toString('hex')}`;
    const kept = this.#find(name);
    if (kept !== undefined) return kept;
    if (this.#asking >= MAX_ASKING) throw new AskError('UNAVAILABLE', 'too many tokens are being looked up');
    this.#asking += 1;
    const revocationsBefore = this.#revocations;
    try {
      const stored = await askDatabase(this.#tokens.findBySecret(read.secretHash));
      const holder = judgeToken(read, stored, this.#clock.wallMs());
      // A revocation made while the database was answering may be newer than its answer.
      if (holder !== undefined && revocationsBefore === this.#revocations) this.#keep(name, holder);
      return holder;
    } finally {
      this.#asking -= 1;
    }
  }

  /** Asks the database again, for every token: one was just revoked here. */
  forget(): void {
    this.#revocations += 1;
    this.#kept.clear();
  }

  #find(name: string): Holder | undefined {
    const kept = this.#kept.get(name);
    if (kept === undefined) return undefined;
    if (this.#clock.monoUs() < kept.untilUs && this.#clock.wallMs() < kept.holder.expiresMs) return kept.holder;
    this.#kept.delete(name);
    return undefined;
  }

  #keep(name: string, holder: Holder): void {
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(name, { holder, untilUs: this.#clock.monoUs() + BELIEVED_US });
  }
}
