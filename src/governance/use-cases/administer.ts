/** Every verb of the API over the parts it needs: the one place where they are put together, and nothing is decided. */

import type { TenantId } from '../../base/ids.ts';
import type { Database } from '../../store/database.ts';
import { postgresTokenStore } from '../access/token-store.ts';
import type { EventHub } from '../insights/event-hub.ts';
import type { PolicyHost } from '../policy/policy-host.ts';
import type { Administration } from './administration.ts';
import { applyDocumentOf } from './apply-config.ts';
import { Authenticator } from './authenticate.ts';
import { bootstrapAccessOf } from './bootstrap-access.ts';
import type { ConfigInForce } from './config-in-force.ts';
import type { ConfigStore } from './config-store.ts';
import { describeCallOf } from './describe-call.ts';
import { issueTokenOf } from './issue-token.ts';
import { listCallsOf } from './list-calls.ts';
import { listDecisionsOf } from './list-decisions.ts';
import { listProcessorsOf } from './list-processors.ts';
import { describeRevisionOf, listRevisionsOf } from './list-revisions.ts';
import { listTenantsOf } from './list-tenants.ts';
import { listTokensOf } from './list-tokens.ts';
import { listTranscriptsOf } from './list-transcripts.ts';
import { DeniedAttempts } from './note-denied.ts';
import type { TranscriptOpener } from './open-transcript.ts';
import { pciVerbsOf } from './pci-verbs.ts';
import type { Deps } from './ports.ts';
import { queryLedgerOf } from './query-ledger.ts';
import { exportLedgerOf } from './read-ledger.ts';
import type { KillSwitch } from './revocation-verbs.ts';
import { revokeTokenOf } from './revoke-token.ts';
import { rollBackOf } from './roll-back-config.ts';
import { storeBundleOf } from './store-bundle.ts';
import { eventWatchOf } from './watch-events.ts';

export interface AdministrationParts {
  readonly deps: Deps;
  readonly databases: Readonly<Record<'query' | 'app', Database>>;
  readonly hub: EventHub;
  readonly host: PolicyHost;
  readonly config: ConfigInForce;
  readonly configStore: ConfigStore;
  /** Interfaces of this node, which documents name. */
  readonly interfaces: readonly { readonly name: string }[];
  readonly killSwitch: KillSwitch;
  readonly opener: TranscriptOpener;
}

export interface RunningAdministration extends Administration {
  /** Writes down what was only counted so far; before the ledger ends. */
  flush(): void;
}

export function administrationOf(parts: AdministrationParts): RunningAdministration {
  const { deps, databases, hub, host, config, configStore, interfaces, killSwitch, opener } = parts;
  const { ledger, random, clock, calls } = deps;
  const tenants = (): readonly TenantId[] => (config.revision?.tenants ?? []).map(({ id }) => id);
  const tokens = postgresTokenStore(databases.app);
  const authenticator = new Authenticator({ tokens, clock });
  const denied = new DeniedAttempts({ ledger, clock });
  const issuing = { tokens, ledger, clock, random };
  const questions = { database: databases.query, ledger, random, tenants, live: () => calls.all() };
  const revisions = { store: configStore, inForce: config, ledger, random };
  const changes = { store: configStore, inForce: config, clock, interfaces };
  return {
    authenticate: (bearer) => authenticator.authenticate(bearer),
    noteDenied: (attempt) => denied.note(attempt),
    bootstrap: bootstrapAccessOf(issuing),
    issueToken: issueTokenOf({ ...issuing, isTenant: (name) => tenants().some((tenant) => tenant === name) }),
    revokeToken: revokeTokenOf({ ...issuing, authenticator }),
    listTokens: listTokensOf(issuing),

    listCalls: listCallsOf(questions),
    describeCall: describeCallOf(questions),
    listDecisions: listDecisionsOf(questions),
    queryLedger: queryLedgerOf(questions),
    exportLedger: exportLedgerOf(questions),
    watchEvents: eventWatchOf({ hub, ledger, random }),

    listTranscripts: listTranscriptsOf({ database: databases.app, ledger, clock, random }),
    openTranscript: (principal, bearer, call) => opener.open(principal, bearer, call),

    listTenants: listTenantsOf({
      inForce: config,
      host,
      calls,
      ledger,
      random,
      isSilenced: (tenant) => killSwitch.list.findSame({ scope: 'tenant', tenant }) !== undefined,
    }),
    listProcessors: listProcessorsOf(deps, { revocations: killSwitch.list, revision: () => config.revision }),
    listRevisions: listRevisionsOf(revisions),
    describeRevision: describeRevisionOf(revisions),
    applyDocument: applyDocumentOf(changes),
    rollBack: rollBackOf(changes),
    storeBundle: storeBundleOf({ store: configStore, ledger, clock }),

    silence: (principal, body) => killSwitch.silence(principal, body),
    lift: (principal, revocation) => killSwitch.lift(principal, revocation),
    listRevocations: (principal) => killSwitch.listRevocations(principal),
    ...pciVerbsOf(deps),
    flush: () => denied.flush(),
  };
}
