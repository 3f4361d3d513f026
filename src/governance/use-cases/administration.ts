/**
 * Everything the API can ask of governance, one verb each: what a route is given, and all it is given. Every verb takes
 * the principal and narrows what it does to that principal's abilities itself; the route has asked the same before.
 */

import { CodedError } from '../../base/error.ts';
import type { Principal } from '../../model/access.ts';
import type { IssuedToken, IssueTokenBody, TokenPage, TokenView } from '../../model/api/access.ts';
import type { CallDetail, CallPage, CallsQuery } from '../../model/api/calls.ts';
import type {
  ApplyBody,
  ApplyResult,
  BundleStored,
  ProcessorPage,
  RevisionDetail,
  RevisionPage,
  RollbackBody,
  TenantPage,
} from '../../model/api/config.ts';
import type { DecisionPage, DecisionsQuery, EntriesQuery, EntryPage, RawQuery } from '../../model/api/ledger.ts';
import type { PciWindowView } from '../../model/api/pci.ts';
import type { RevocationPage, RevocationView, SilenceBody } from '../../model/api/revocations.ts';
import type { OpenedTranscript, TranscriptPage, TranscriptsQuery } from '../../model/api/transcripts.ts';
import type { ExportLine } from '../ledger/verify/export-file.ts';
import type { Delivery } from '../insights/events.ts';

/**
 * What a verb may refuse with; the API says it as a problem (RFC 9457). Messages are sentences for the one who asked
 * and quote nothing of anybody else's.
 */
export class AskError extends CodedError<
  | 'NOT_FOUND'
  | 'FORBIDDEN'
  | 'INVALID'
  | 'CONFLICT'
  | 'TOO_MANY_TENANTS'
  | 'ALREADY_DONE'
  | 'READER_UNAVAILABLE'
  | 'UNAVAILABLE'
> {}

export interface Page {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface AccessVerbs {
  /** Who holds this bearer token; undefined when nobody does, it expired or was revoked. Throws UNAVAILABLE. */
  authenticate(bearer: string): Promise<(Principal & { readonly expiresMs: number }) | undefined>;
  /** Counts a refused attempt into the ledger; never rejects, never waits. */
  noteDenied(attempt: { readonly route: string; readonly actor: string; readonly code: string }): void;
  /** Makes the first token, an admin's, once in the life of the database. Throws ALREADY_DONE. */
  bootstrap(holder: string): Promise<IssuedToken>;
  issueToken(principal: Principal, body: IssueTokenBody): Promise<IssuedToken>;
  revokeToken(principal: Principal, token: string): Promise<TokenView>;
  listTokens(principal: Principal, page: Page): Promise<TokenPage>;
}

export interface QuestionVerbs {
  listCalls(principal: Principal, query: CallsQuery): Promise<CallPage>;
  describeCall(principal: Principal, call: string): Promise<CallDetail>;
  listDecisions(principal: Principal, query: DecisionsQuery): Promise<DecisionPage>;
  queryLedger(principal: Principal, query: EntriesQuery): Promise<EntryPage>;
  /** Lines as the verifier wants them. Rejects before the first one, or the iterable throws and `read.done` says so. */
  exportLedger(principal: Principal, query: RawQuery): Promise<AsyncIterable<ExportLine>>;
  /** Deliveries after `since`; texts only for those who may open transcripts, and only of their tenants. */
  watchEvents(
    principal: Principal,
    options: { readonly since: number; readonly signal: AbortSignal },
  ): Promise<AsyncIterable<Delivery>>;
}

export interface TranscriptVerbs {
  listTranscripts(principal: Principal, query: TranscriptsQuery): Promise<TranscriptPage>;
  /** Asked of the reader process, which authenticates `bearer` and records the open itself. */
  openTranscript(principal: Principal, bearer: string, call: string): Promise<OpenedTranscript>;
}

export interface ConfigVerbs {
  listTenants(principal: Principal): Promise<TenantPage>;
  listProcessors(principal: Principal): Promise<ProcessorPage>;
  listRevisions(principal: Principal, page: Page): Promise<RevisionPage>;
  describeRevision(principal: Principal, revision: number | 'current'): Promise<RevisionDetail>;
  /** Throws ConfigError with every problem of the document, by line and column where it came as text. */
  applyDocument(principal: Principal, body: ApplyBody): Promise<ApplyResult>;
  rollBack(principal: Principal, body: RollbackBody): Promise<ApplyResult>;
  storeBundle(principal: Principal, sha256: string, bytes: Buffer): Promise<BundleStored>;
}

export interface RevocationVerbs {
  /** Acts before it returns and before anything is recorded; needs neither database nor policy. */
  silence(principal: Principal, body: SilenceBody): Promise<RevocationView>;
  lift(principal: Principal, revocation: string): Promise<RevocationView>;
  listRevocations(principal: Principal): Promise<RevocationPage>;
}

export interface PciVerbs {
  /** Acts before it returns; one that is open stays open longer. */
  openPciWindow(principal: Principal, call: string): Promise<PciWindowView>;
  closePciWindow(principal: Principal, call: string): Promise<PciWindowView>;
}

export type Administration = AccessVerbs & QuestionVerbs & TranscriptVerbs & ConfigVerbs & RevocationVerbs & PciVerbs;
