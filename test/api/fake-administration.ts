/** An Administration that answers everything with something valid, and remembers what it was asked. */

import type { Administration } from '../../src/governance/use-cases/administration.ts';
import { asTenantId, type TokenId } from '../../src/base/ids.ts';
import type { AccessRole, Principal } from '../../src/model/access.ts';
import type { TokenView } from '../../src/model/api/access.ts';
import type { CallDetail } from '../../src/model/api/calls.ts';
import type { ApplyResult } from '../../src/model/api/config.ts';
import type { PciWindowView } from '../../src/model/api/pci.ts';
import type { RevocationView } from '../../src/model/api/revocations.ts';

export type Verb = keyof Administration;

export interface Asked {
  readonly verb: Verb;
  readonly given: readonly unknown[];
}

export interface FakeAdministration {
  readonly verbs: Administration;
  /** Everything but `authenticate` and `noteDenied`. */
  readonly asked: Asked[];
  readonly denied: { route: string; actor: string; code: string }[];
  readonly authenticated: string[];
  /** Holders by their bearer token; a test may take one away. */
  readonly holders: Map<string, Principal & { readonly expiresMs: number }>;
  /** Every verb asked from now on throws this. */
  failWith(error: unknown): void;
  /** Every authentication from now on throws this. */
  failToAuthenticate(error: unknown): void;
}

export const CALL = `c_${'1'.repeat(32)}`;
export const TOKEN = `k_${'2'.repeat(32)}`;
export const REVOCATION = `v_${'3'.repeat(32)}`;
export const DIGEST = 'a'.repeat(64);
export const OWN = 'acme';
export const FOREIGN = 'globex';
export const EXPIRES_MS = 1_900_000_000_000;

/** A bearer token of the right shape, the same for the same number. */
export function bearerOf(n: number): string {
  return `ear_${n.toString(16).padStart(12, '0')}_${Buffer.alloc(32, n).toString('base64url')}`;
}

export function makeFakeAdministration(): FakeAdministration {
  const asked: Asked[] = [];
  const denied: FakeAdministration['denied'] = [];
  const authenticated: string[] = [];
  const holders: FakeAdministration['holders'] = new Map();
  let failure: { readonly error: unknown } | undefined;
  let noAuthentication: { readonly error: unknown } | undefined;

  const answer =
    <Answer>(verb: Verb, value: Answer) =>
    (...given: readonly unknown[]): Promise<Answer> => {
      asked.push({ verb, given });
      // As thrown by verbs, which are not always errors.
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      return failure === undefined ? Promise.resolve(value) : Promise.reject(failure.error);
    };

  const verbs: Administration = {
    authenticate: (bearer) => {
      authenticated.push(bearer);
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      if (noAuthentication !== undefined) return Promise.reject(noAuthentication.error);
      return Promise.resolve(holders.get(bearer));
    },
    noteDenied: (attempt) => void denied.push({ ...attempt }),
    bootstrap: answer('bootstrap', { ...tokenSample, secret: 'shown once' }),
    issueToken: answer('issueToken', { ...tokenSample, secret: 'shown once' }),
    revokeToken: answer('revokeToken', tokenSample),
    listTokens: answer('listTokens', { items: [tokenSample] }),
    listCalls: answer('listCalls', { items: [] }),
    describeCall: answer('describeCall', callSample),
    listDecisions: answer('listDecisions', { items: [] }),
    queryLedger: answer('queryLedger', { items: [], next: 'more' }),
    exportLedger: answer('exportLedger', linesOf({ log: OWN, seq: 0 }, { log: OWN, seq: 1 }) as AsyncIterable<never>),
    watchEvents: answer('watchEvents', linesOf({ kind: 'missed', count: 3 } as const)),
    listTranscripts: answer('listTranscripts', { items: [] }),
    openTranscript: answer('openTranscript', { call: CALL, tenant: OWN, complete: true, turns: [] }),
    listTenants: answer('listTenants', { items: [] }),
    listProcessors: answer('listProcessors', { items: [] }),
    listRevisions: answer('listRevisions', { items: [] }),
    describeRevision: answer('describeRevision', { ...revisionSample, document: { tenants: {} } }),
    applyDocument: answer('applyDocument', appliedSample),
    rollBack: answer('rollBack', appliedSample),
    storeBundle: answer('storeBundle', { sha256: DIGEST, size_bytes: 3, isNew: true }),
    silence: answer('silence', revocationSample),
    lift: answer('lift', revocationSample),
    listRevocations: answer('listRevocations', { items: [revocationSample] }),
    openPciWindow: answer('openPciWindow', windowSample),
    closePciWindow: answer('closePciWindow', windowSample),
  };
  return {
    verbs,
    asked,
    denied,
    authenticated,
    holders,
    failWith: (error) => {
      failure = { error };
    },
    failToAuthenticate: (error) => {
      noAuthentication = { error };
    },
  };
}

/** Somebody with these roles, for these tenants. */
export function holderOf(
  roles: readonly AccessRole[],
  tenants: readonly string[] | 'all',
): Principal & { readonly expiresMs: number } {
  return {
    token: TOKEN as TokenId,
    holder: 'ada',
    roles,
    tenants: tenants === 'all' ? 'all' : tenants.map(asTenantId),
    expiresMs: EXPIRES_MS,
  };
}

export async function* linesOf<Item>(...items: readonly Item[]): AsyncGenerator<Item> {
  for (const item of items) yield await Promise.resolve(item);
}

const tokenSample: TokenView = {
  token: TOKEN,
  holder: 'ada',
  roles: ['auditor'],
  issued_by: 'local',
  issued_ms: 1,
  expires_ms: 2,
  state: 'expired',
};

const callSample: CallDetail = {
  call: CALL,
  tenant: OWN,
  state: 'past',
  direction: 'inbound',
  ingress: 'local',
  media: 'anchored',
  started_ms: 1,
  config_revision: 1,
  heard_by: [],
  processors: [],
  refusals: [],
  gaps: [],
  pci: { windows: 0, exposed_ms: 0, exposed_bytes: 0, unknown: 0, first: [] },
  entries: 2,
};

const windowSample: PciWindowView = { call: CALL, state: 'open', trigger: 'api', until_ms: 1, streams: [] };

const revisionSample = { revision: 1, digest: DIGEST, author: 'seed', reason: 'start', at_ms: 1, in_force: true };

const appliedSample: ApplyResult = { revision: 2, digest: DIGEST, applied: true, changes: [], warnings: [] };

const revocationSample: RevocationView = {
  revocation: REVOCATION,
  target: { scope: 'tenant', tenant: OWN },
  reason: 'incident',
  actor: 'local',
  acted_ms: 1,
  silenced: 2,
  recorded: false,
};
