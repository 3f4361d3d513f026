/** What every route takes, said a second time and by hand: who may, what it asks of whom, and how it is asked. */

import type { InjectOptions } from 'fastify';
import type { AccessRole } from '../../src/model/access.ts';
import { CALL, DIGEST, FOREIGN, OWN, REVOCATION, TOKEN, type Verb } from './fake-administration.ts';

export interface Expectation {
  readonly request: InjectOptions;
  /** Undefined: no verb is asked. */
  readonly verb: Verb | undefined;
  readonly may: readonly AccessRole[] | 'anybody' | 'any token' | 'local alone';
  /** Whether somebody at the node's own socket may without a token. */
  readonly isLocal?: true;
  readonly status?: number;
  /** The same request for a tenant that is the token's, and for another. */
  readonly ofTenant?: (tenant: string) => InjectOptions;
  /** Asks for every tenant's when it names none, so a token for some may not. */
  readonly isForAll?: true;
}

const READERS = ['security', 'auditor', 'ops'] as const;
const json = (payload: unknown) => ({
  headers: { 'content-type': 'application/json' },
  payload: JSON.stringify(payload),
});
const get = (url: string): InjectOptions => ({ method: 'GET', url });
const byQuery = (url: string) => (tenant: string) => get(`${url}?tenant=${tenant}`);
const silence = (target: object): InjectOptions => ({
  method: 'POST',
  url: '/v1/revocations',
  ...json({ target, reason: 'incident' }),
});

/** By method and pattern, as registered. */
export const EXPECTED: Readonly<Record<string, Expectation>> = {
  'GET /v1/health': { request: get('/v1/health'), verb: undefined, may: 'anybody' },
  'GET /v1/openapi.json': { request: get('/v1/openapi.json'), verb: undefined, may: 'anybody' },
  'GET /v1/whoami': { request: get('/v1/whoami'), verb: undefined, may: 'any token' },
  'POST /v1/access/bootstrap': {
    request: { method: 'POST', url: '/v1/access/bootstrap', ...json({ holder: 'ada' }) },
    verb: 'bootstrap',
    may: 'local alone',
    isLocal: true,
    status: 201,
  },
  'GET /v1/tokens': { request: get('/v1/tokens'), verb: 'listTokens', may: ['admin'] },
  'POST /v1/tokens': {
    request: { method: 'POST', url: '/v1/tokens', ...json({ holder: 'bob', roles: ['ops'] }) },
    verb: 'issueToken',
    may: ['admin'],
    status: 201,
  },
  'DELETE /v1/tokens/:token': {
    request: { method: 'DELETE', url: `/v1/tokens/${TOKEN}` },
    verb: 'revokeToken',
    may: ['admin'],
  },
  'GET /v1/calls': { request: get('/v1/calls'), verb: 'listCalls', may: READERS, ofTenant: byQuery('/v1/calls') },
  'GET /v1/calls/:call': { request: get(`/v1/calls/${CALL}`), verb: 'describeCall', may: READERS },
  'GET /v1/decisions': {
    request: get('/v1/decisions'),
    verb: 'listDecisions',
    may: READERS,
    ofTenant: byQuery('/v1/decisions'),
  },
  'GET /v1/ledger/entries': {
    request: get('/v1/ledger/entries'),
    verb: 'queryLedger',
    may: ['security', 'auditor'],
    ofTenant: byQuery('/v1/ledger/entries'),
  },
  'GET /v1/ledger/raw': {
    request: get('/v1/ledger/raw'),
    verb: 'exportLedger',
    may: ['security', 'auditor'],
    ofTenant: byQuery('/v1/ledger/raw'),
    isForAll: true,
  },
  'GET /v1/events': { request: get('/v1/events'), verb: 'watchEvents', may: READERS },
  'GET /v1/transcripts': {
    request: get('/v1/transcripts'),
    verb: 'listTranscripts',
    may: ['auditor'],
    ofTenant: byQuery('/v1/transcripts'),
  },
  'GET /v1/transcripts/:call': { request: get(`/v1/transcripts/${CALL}`), verb: 'openTranscript', may: ['auditor'] },
  'GET /v1/tenants': {
    request: get('/v1/tenants'),
    verb: 'listTenants',
    may: ['admin', 'security', 'auditor', 'ops'],
  },
  'GET /v1/processors': { request: get('/v1/processors'), verb: 'listProcessors', may: READERS },
  'GET /v1/config/revisions': { request: get('/v1/config/revisions'), verb: 'listRevisions', may: READERS },
  'GET /v1/config/revisions/:revision': {
    request: get('/v1/config/revisions/current'),
    verb: 'describeRevision',
    may: READERS,
  },
  'POST /v1/config/apply': {
    request: { method: 'POST', url: '/v1/config/apply', ...json({ document: 'tenants: {}', reason: 'why' }) },
    verb: 'applyDocument',
    may: ['admin', 'security', 'ops'],
  },
  'POST /v1/config/rollback': {
    request: { method: 'POST', url: '/v1/config/rollback', ...json({ revision: 1, reason: 'why' }) },
    verb: 'rollBack',
    may: ['admin', 'security', 'ops'],
  },
  'PUT /v1/bundles/:sha256': {
    request: {
      method: 'PUT',
      url: `/v1/bundles/${DIGEST}`,
      headers: { 'content-type': 'application/octet-stream' },
      payload: Buffer.from('abc'),
    },
    verb: 'storeBundle',
    may: ['security'],
  },
  'GET /v1/revocations': { request: get('/v1/revocations'), verb: 'listRevocations', may: READERS, isLocal: true },
  'POST /v1/revocations': {
    request: silence({ scope: 'processor', processor: 'vosk' }),
    verb: 'silence',
    may: ['security', 'ops'],
    isLocal: true,
    status: 201,
    ofTenant: (tenant) => silence({ scope: 'tenant', tenant }),
    isForAll: true,
  },
  'DELETE /v1/revocations/:revocation': {
    request: { method: 'DELETE', url: `/v1/revocations/${REVOCATION}` },
    verb: 'lift',
    may: ['ops'],
  },
  'POST /v1/calls/:call/pci-window': {
    request: { method: 'POST', url: `/v1/calls/${CALL}/pci-window` },
    verb: 'openPciWindow',
    may: ['security', 'ops'],
    isLocal: true,
    status: 201,
  },
  'DELETE /v1/calls/:call/pci-window': {
    request: { method: 'DELETE', url: `/v1/calls/${CALL}/pci-window` },
    verb: 'closePciWindow',
    may: ['ops'],
  },
};

export { FOREIGN, OWN };
