/**
 * The configuration this node acts by. A revision is recorded here before it counts here; then new calls are routed by
 * it, and living ones go on under it without being touched. Other nodes' changes are found within seconds.
 */

import { errorCode } from '../../base/error.ts';
import type { Cancel } from '../../base/clock.ts';
import { SYSTEM_LOG } from '../../model/evidence.ts';
import { toRoutingSnapshot } from '../../model/routing.ts';
import type { Revision } from '../../model/tenant.ts';
import type { ConfigRevisionRow } from '../../store/schema.ts';
import { AskError } from './administration.ts';
import type { ConfigStore } from './config-store.ts';
import { plainReason } from './plain-reason.ts';
import { PoliciesInForce, type PoliciesOptions } from './policies-in-force.ts';
import type { Deps } from './ports.ts';
import { reloadCalls, reloadCallsOf } from './reload.ts';
import { readStoredRevision } from './stored-revision.ts';

export interface ConfigInForceOptions {
  readonly deps: Deps;
  readonly host: PoliciesOptions['host'];
  readonly store: ConfigStore;
  /** Interfaces of this node: tenants of others are left to the nodes that have them. */
  readonly interfaces: readonly { readonly name: string }[];
}

/** How a revision comes to be in force here; it is part of the entry. */
export type Occasion = 'applied' | 'at start' | 'taken up';

const CHECK_MS = 3000;
/** Loading a policy may take longer than anybody waits for an answer. */
const POLICIES_LIMIT_MS = 10_000;
const MAX_WAITING = 16;
const MAX_REASON_CHARS = 128;
const MAX_WARNINGS = 50;
const UNREADABLE = 'config.unreadable';

export class ConfigInForce {
  readonly #options: ConfigInForceOptions;
  readonly #policies: PoliciesInForce;
  readonly #interfaces: ReadonlySet<string>;
  #revision: Revision | undefined;
  #leftOut: readonly string[] = [];
  /** What cannot be put in force by this release: not tried again. */
  #unreadable: string | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(options: ConfigInForceOptions) {
    this.#options = options;
    this.#interfaces = new Set(options.interfaces.map(({ name }) => name));
    const { deps, host, store } = options;
    this.#policies = new PoliciesInForce({
      deps,
      host,
      store,
      onChanged: (tenant) => reloadCallsOf(deps, tenant),
    });
  }

  /** Undefined until the first one is in force. */
  get revision(): Revision | undefined {
    return this.#revision;
  }

  /** What of it is not as it should be, by name. */
  get conditions(): readonly string[] {
    const refused = (this.#revision?.tenants ?? []).filter(({ id }) => this.#policies.refusalOf(id) !== undefined);
    return [
      ...refused.map(({ id }) => `policy_invalid:${id}`),
      ...this.#leftOut.map((tenant) => `no_interface:${tenant}`),
    ];
  }

  /** Runs one change after another, the checks for newer revisions too. Throws UNAVAILABLE when too many wait. */
  async exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#waiting >= MAX_WAITING) throw new AskError('UNAVAILABLE', 'too many changes are waiting: try again');
    this.#waiting += 1;
    const turn = this.#tail.then(work).finally(() => {
      this.#waiting -= 1;
    });
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Records a stored revision and puts it in force here; only inside `exclusively`. Resolves with what is not as it should
   * be. Rejects, and changes nothing, when it cannot be read or recorded.
   */
  async putInForce(row: ConfigRevisionRow, occasion: Occasion): Promise<readonly string[]> {
    const { deps } = this.#options;
    const { revision } = readStoredRevision(row);
    const { digest, author } = row;
    const reason = occasion === 'applied' ? row.reason : `${occasion}: ${row.reason}`;
    await deps.ledger.append(SYSTEM_LOG, {
      kind: 'config.revision',
      revision: revision.revision,
      digest,
      author,
      reason: plainReason(reason, MAX_REASON_CHARS),
    });
    this.#revision = revision;
    deps.log.info({ revision: revision.revision, occasion }, 'a configuration is in force');
    this.publishRoutes();
    reloadCalls(deps, revision);
    await this.#withinLimit(this.#policies.follow(revision));
    this.#policies.forgetGone(revision);
    return this.#warnings(revision);
  }

  /** Tells the call plane what to route by; again whenever it comes back. */
  publishRoutes(): void {
    if (this.#revision === undefined) return;
    const { snapshot, leftOut } = toRoutingSnapshot(this.#revision, this.#interfaces);
    this.#leftOut = leftOut;
    this.#options.deps.callPlane.send({ kind: 'routes', snapshot });
  }

  get #name(): string | undefined {
    return this.#revision && nameOf(this.#revision);
  }

  /** Looks every 3 s whether another node has changed the configuration. */
  watch(): Cancel {
    let isChecking = false;
    return this.#options.deps.clock.every(CHECK_MS, () => {
      if (isChecking) return;
      isChecking = true;
      void this.#check().finally(() => {
        isChecking = false;
      });
    });
  }

  /** Never rejects: what could not be done now is done by the next check. */
  async #check(): Promise<void> {
    const { deps, store } = this.#options;
    try {
      await this.exclusively(async () => {
        const head = await store.newestHead();
        const isOther = head !== undefined && nameOf(head) !== this.#name && nameOf(head) !== this.#unreadable;
        if (isOther) await this.#takeUp();
        const revision = this.#revision;
        if (revision === undefined) return;
        await this.#withinLimit(this.#policies.follow(revision).then(() => this.#policies.retryMissing(revision)));
        this.#policies.forgetGone(revision);
      });
    } catch (error) {
      deps.log.warn({ code: errorCode(error) }, 'it is not known whether there is a newer configuration');
    }
  }

  async #takeUp(): Promise<void> {
    const { deps, store } = this.#options;
    const row = await store.newest();
    if (row === undefined) return;
    try {
      await this.putInForce(row, 'taken up');
      deps.conditions.set(UNREADABLE, false);
    } catch (error) {
      if (errorCode(error) !== 'REVISION_UNREADABLE') throw error;
      this.#unreadable = nameOf(row);
      deps.conditions.set(UNREADABLE, true);
      deps.log.error({ revision: row.revision }, 'the newest configuration cannot be read; the one before stays');
    }
  }

  async #withinLimit(work: Promise<void>): Promise<void> {
    let cancel: Cancel = () => undefined;
    const limit = new Promise<void>((resolve) => {
      cancel = this.#options.deps.clock.after(POLICIES_LIMIT_MS, resolve);
    });
    await Promise.race([work, limit]);
    cancel();
  }

  #warnings(revision: Revision): string[] {
    const ofPolicies = revision.tenants.flatMap(({ id }) => {
      if (this.#policies.isLoading(id)) return [`tenant ${id}: its policy is still being loaded`];
      const code = this.#policies.refusalOf(id);
      return code === undefined
        ? []
        : [`tenant ${id}: its policy was refused (${code.toLowerCase()}), so no AI hears it`];
    });
    const ofRoutes = this.#leftOut.map((id) => `tenant ${id}: its route names an interface that this node has not`);
    return [...ofPolicies, ...ofRoutes].slice(0, MAX_WARNINGS);
  }
}

function nameOf({ revision, digest }: Pick<Revision, 'revision' | 'digest'>): string {
  return `${revision}/${digest}`;
}
