/**
 * The one verb of the reader: who asks is authenticated here, what they may is asked here, that they open is recorded
 * here, all before anything is opened. What does not open as it was sealed is refused whole, and is an incident.
 */

import { wipe } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { asTenantId, newId, type RandomBytes, type ReadId, type TenantId } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { can } from '../governance/access/ability.ts';
import type { Ledger } from '../governance/ledger/ledger.ts';
import type { KeyPair } from '../governance/retention/sodium-open.ts';
import { SYSTEM_LOG } from '../model/evidence.ts';
import type { Principal } from '../model/access.ts';
import type { OpenedTranscript } from '../model/api/transcripts.ts';
import type { TenantKeyRow } from '../store/schema.ts';
import type { SealedCall, StoredObject } from '../store/sealed.ts';
import { ReaderError } from './error.ts';
import { openObject, type Breach, type OpenedObject } from './open-object.ts';
import type { ReadRoot } from './read-root.ts';
import { Recorded, type Discrepancy } from './recorded.ts';
import { openTenantPair } from './tenant-pair.ts';

export interface OpenDeps {
  readonly root: ReadRoot;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  /** Undefined when nobody holds the token. */
  authenticate(bearer: string): Promise<Principal | undefined>;
  readonly store: ReaderStore;
}

export interface ReaderStore {
  /** Tenants of whom anything may be kept at all. */
  tenants(): Promise<readonly string[]>;
  /** Which of `tenants` have something sealed of that call. */
  tenantsOfCall(asked: { readonly tenants: readonly string[]; readonly call: string }): Promise<readonly string[]>;
  fetch(place: { readonly tenant: string; readonly call: string }): Promise<SealedCall>;
  pairs(tenant: string): Promise<readonly TenantKeyRow[]>;
}

type OpenedTurns = Extract<OpenedObject, { kind: 'opened' }>;

/** As the ledger names it, whoever asks how. */
const ROUTE = '/v1/transcripts/{call}';
const LEDGER_LIMIT_MS = 4000;

/** Throws ReaderError; whatever else is thrown is a database or a ledger that cannot be used now. */
export async function openTranscript(deps: OpenDeps, bearer: string, call: string): Promise<OpenedTranscript> {
  const principal = await deps.authenticate(bearer);
  if (principal === undefined) throw new ReaderError('unauthenticated', 'nobody holds this token');
  const tenant = await locate(deps, principal, call);
  const read = await recordRead(deps, principal, { tenant, call });
  try {
    const opened = await openCall(deps, { tenant, call });
    noteDone(deps, tenant, read, { rows: opened.turns.length, outcome: 'complete' });
    return opened;
  } catch (cause) {
    noteDone(deps, tenant, read, { rows: 0, outcome: 'broken' });
    throw cause;
  }
}

/** The tenant whose call it is, if whoever asks may open that tenant's transcripts. What he may not see is not there. */
async function locate(deps: OpenDeps, principal: Principal, call: string): Promise<TenantId> {
  if (!can(principal, 'open', 'Transcript')) {
    deps.ledger.note(SYSTEM_LOG, {
      kind: 'access.denied',
      route: ROUTE,
      actor: principal.token,
      code: 'FORBIDDEN',
      count: 1,
    });
    throw new ReaderError('forbidden', 'this token may not open transcripts');
  }
  const asked = principal.tenants === 'all' ? await deps.store.tenants() : principal.tenants;
  const allowed = asked.filter((tenant) => can(principal, 'open', 'Transcript', { tenant }));
  const found = await deps.store.tenantsOfCall({ tenants: allowed, call });
  const [tenant] = found;
  if (tenant === undefined) throw new ReaderError('not_found', 'nothing is kept of this call');
  if (found.length > 1) throw refuse(deps, found.map(asTenantId), 'two_tenants');
  return asTenantId(tenant);
}

/** Durable, or nothing is opened. */
async function recordRead(
  deps: OpenDeps,
  principal: Principal,
  place: { readonly tenant: TenantId; readonly call: string },
): Promise<ReadId> {
  const read = newId('read', deps.random);
  const body = { kind: 'read', read, route: ROUTE, actor: principal.token, call: place.call } as const;
  try {
    await deps.ledger.append(place.tenant, body, { deadlineMs: LEDGER_LIMIT_MS });
  } catch (cause) {
    throw new ReaderError('unavailable', 'that it is opened cannot be recorded now', { cause });
  }
  return read;
}

function noteDone(
  deps: OpenDeps,
  tenant: TenantId,
  read: ReadId,
  done: { readonly rows: number; readonly outcome: 'complete' | 'broken' },
): void {
  deps.ledger.note(tenant, { kind: 'read.done', read, route: ROUTE, ...done });
}

async function openCall(
  deps: OpenDeps,
  place: { readonly tenant: TenantId; readonly call: string },
): Promise<OpenedTranscript> {
  const stored = await deps.store.fetch(place);
  const nowMs = deps.clock.wallMs();
  const living = stored.objects.filter(({ keep_until_ms: keepUntilMs }) => keepUntilMs > nowMs);
  if (living.length === 0) throw new ReaderError('not_found', 'nothing is kept of this call any more');
  const recorded = new Recorded(stored.evidence, place);
  const pairs = new Map<number, KeyPair>();
  try {
    await openPairs(deps, place.tenant, { objects: living, pairs });
    const opened = living.map((object) => openOne(deps, object, { recorded, pairs }));
    return {
      call: place.call,
      tenant: place.tenant,
      complete: living.length === recorded.begun && opened.every(({ isWhole }) => isWhole),
      turns: opened.flatMap(({ turns }) => turns),
    };
  } finally {
    for (const { privateKey } of pairs.values()) wipe(privateKey);
  }
}

/** Opens the pairs these objects are sealed to, into `pairs`, by version. */
async function openPairs(
  deps: OpenDeps,
  tenant: TenantId,
  { objects, pairs }: { readonly objects: readonly StoredObject[]; readonly pairs: Map<number, KeyPair> },
): Promise<void> {
  const wanted = new Set(objects.map(({ key_version: version }) => version));
  for (const row of await deps.store.pairs(tenant)) {
    if (!wanted.has(row.version)) continue;
    const opened = openTenantPair(deps.root, row);
    if (opened.kind === 'wrong_key') {
      throw new ReaderError(
        'wrong_key',
        'root-read of this node is not the key this tenant’s transcripts are kept under',
      );
    }
    if (opened.kind === 'tampered') throw refuse(deps, [tenant], 'pair');
    pairs.set(row.version, opened.pair);
  }
}

function openOne(
  deps: OpenDeps,
  object: StoredObject,
  { recorded, pairs }: { readonly recorded: Recorded; readonly pairs: ReadonlyMap<number, KeyPair> },
): OpenedTurns {
  const opened = openObject(object, pairOf(pairs, object));
  const breach = opened.kind === 'refused' ? opened.why : recorded.compare(object, opened);
  if (opened.kind === 'opened' && breach === undefined) return opened;
  throw refuse(deps, [asTenantId(object.tenant)], breach ?? 'content');
}

/** The database promises that the pair is there; one that is not was taken away. */
function pairOf(pairs: ReadonlyMap<number, KeyPair>, object: StoredObject): KeyPair {
  const pair = pairs.get(object.key_version);
  if (pair === undefined) throw new ReaderError('wrong_key', 'the key this was sealed to is not there');
  return pair;
}

/** Says aloud that what is stored is not what was sealed. */
function refuse(
  deps: OpenDeps,
  tenants: readonly TenantId[],
  why: Breach | Discrepancy | 'pair' | 'two_tenants',
): ReaderError {
  const code = `sealed_${why}`;
  for (const tenant of tenants) deps.ledger.note(tenant, { kind: 'incident', code });
  deps.log.error({ code }, 'a sealed object was refused');
  return new ReaderError('tampered', `what is kept of this call is not what was sealed (${why})`);
}
