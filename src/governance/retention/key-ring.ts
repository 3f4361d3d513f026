/**
 * The public keys of the tenants whose transcripts are kept, by this process's own reading. A key is looked for until it
 * is there; one that the reader did not sign is none. It never holds a private half.
 */

import type { Cancel, Clock } from '../../base/clock.ts';
import type { TenantId } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { PublicKeyRow } from '../../store/tenant-keys.ts';
import { believeTenantKey, type TenantPublicKey } from './tenant-key.ts';

export interface KeyRingOptions {
  /** Whose keys are needed now; asked every second, because the configuration changes under it. */
  tenants(): readonly TenantId[];
  /** The newest row of each of these tenants that has one. May reject; it is asked again. */
  load(tenants: readonly string[]): Promise<readonly PublicKeyRow[]>;
  /** The reader's public signing key, or undefined while the reader has not left it. */
  signer(): Uint8Array | undefined;
  /** Told of a tenant when its key is missing, and when it is there again. */
  onMissing(tenant: TenantId, isMissing: boolean): void;
  readonly clock: Clock;
  readonly log: Log;
}

const LOOK_AGAIN_MS = 1000;
const REFRESH_MS = 60_000;

export class KeyRing {
  readonly #options: KeyRingOptions;
  readonly #keys = new Map<TenantId, TenantPublicKey>();
  /** Said once, not every second. */
  readonly #refused = new Set<string>();
  #expected: ReadonlySet<TenantId> = new Set();
  #isLoading = false;
  #refreshedUs = -Infinity;
  #cancel: Cancel | undefined;

  constructor(options: KeyRingOptions) {
    this.#options = options;
  }

  /** Tenants without a key: nothing of theirs is kept, and the reader has one to make. */
  get missing(): readonly TenantId[] {
    return [...this.#expected].filter((tenant) => !this.#keys.has(tenant));
  }

  find(tenant: TenantId): TenantPublicKey | undefined {
    return this.#keys.get(tenant);
  }

  start(): void {
    this.#cancel = this.#options.clock.every(LOOK_AGAIN_MS, () => void this.look());
    void this.look();
  }

  stop(): void {
    this.#cancel?.();
  }

  /** Looks whose keys are needed, and for those that are missing or have not been looked at for a minute. Never rejects. */
  async look(): Promise<void> {
    this.#expect(this.#options.tenants());
    const ageUs = this.#options.clock.monoUs() - this.#refreshedUs;
    const isDue = this.missing.length > 0 || (this.#expected.size > 0 && ageUs >= REFRESH_MS * 1000);
    if (!isDue || this.#isLoading) return;
    this.#isLoading = true;
    try {
      await this.#refresh();
    } catch (error) {
      this.#options.log.warn({ error }, 'the public keys of tenants could not be read');
    }
    this.#isLoading = false;
    const missing = new Set(this.missing);
    for (const tenant of this.#expected) this.#options.onMissing(tenant, missing.has(tenant));
  }

  #expect(tenants: readonly TenantId[]): void {
    const expected = new Set(tenants);
    for (const tenant of this.#expected) {
      if (expected.has(tenant)) continue;
      this.#options.onMissing(tenant, false);
      this.#keys.delete(tenant);
    }
    this.#expected = expected;
  }

  async #refresh(): Promise<void> {
    const signer = this.#options.signer();
    if (signer === undefined) return;
    for (const row of await this.#options.load([...this.#expected])) this.#take(row, signer);
    this.#refreshedUs = this.#options.clock.monoUs();
  }

  #take(row: PublicKeyRow, signer: Uint8Array): void {
    const key = believeTenantKey(row, signer);
    if (key === undefined) {
      if (this.#refused.has(row.tenant)) return;
      this.#refused.add(row.tenant);
      this.#options.log.error({ tenant: row.tenant }, 'a tenant’s key is not signed by the reader, and is not used');
      return;
    }
    this.#refused.delete(row.tenant);
    // An older version that comes back would be one somebody brought back.
    const known = this.#keys.get(key.tenant);
    if (this.#expected.has(key.tenant) && (known === undefined || known.version < key.version)) {
      this.#keys.set(key.tenant, key);
    }
  }
}
