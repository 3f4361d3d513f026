/**
 * Builds governance once and hands it down: database, ledger, policy, redaction, audio workers, and the journeys that
 * join them. It starts without a database and without a call plane, and becomes ready when both are there.
 */

import { join } from 'node:path';
import { systemClock, type Cancel } from '../base/clock.ts';
import { errorCode } from '../base/error.ts';
import { systemRandom } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { Metrics } from '../base/metrics.ts';
import { packageRoot, packageVersion } from '../base/package-root.ts';
import { unreachable } from '../base/assert.ts';
import { startApi, type RunningApi } from '../api/server.ts';
import { defaultDocument } from '../config/default-document.ts';
import { loadDocument } from '../config/load.ts';
import type { GovernanceRuntime } from '../config/runtime.ts';
import { reportHealth, type PlaneHealth } from '../link/heartbeat.ts';
import { TAP_RENEW_MS } from '../link/tap-life.ts';
import { OpenAiChat } from '../processors/openai-chat.ts';
import { openRoleDatabases, type RoleDatabases } from '../store/role-databases.ts';
import { assertRuntimeRole } from '../store/runtime-role.ts';
import { sealedStoreOf } from '../store/sealed.ts';
import { findPublicKeys } from '../store/tenant-keys.ts';
import { AudioPool } from './audio/audio-pool.ts';
import { audioWorkerSpawner } from './audio/spawn-audio-worker.ts';
import { EventHub } from './insights/event-hub.ts';
import { Appender } from './ledger/appender.ts';
import { postgresChainStore } from './ledger/chain-store.ts';
import { PolicyHost } from './policy/policy-host.ts';
import { shippedBundle } from './policy/shipped.ts';
import { RedactionHost, type Withheld } from './redaction/redaction-host.ts';
import { KeyRing } from './retention/key-ring.ts';
import { readSigner } from './retention/signer-file.ts';
import { recordGuardrail } from './use-cases/activate-policies.ts';
import { administrationOf, type RunningAdministration } from './use-cases/administer.ts';
import { audioPortOf } from './use-cases/audio-port.ts';
import { CallPlaneLink, type CallPlaneMessage } from './use-cases/call-plane-link.ts';
import { Conditions } from './use-cases/conditions.ts';
import { ConfigInForce } from './use-cases/config-in-force.ts';
import { configStoreOf, type ConfigStore } from './use-cases/config-store.ts';
import { endCall } from './use-cases/end-call.ts';
import { endpointOf } from './use-cases/endpoint-of.ts';
import { followCall } from './use-cases/follow-call.ts';
import { listenAgain, onAudioEvent, onAudioWorkerDied, onTapMessage } from './use-cases/follow-tap.ts';
import { endTurnsByPause, governSegment } from './use-cases/govern-segment.ts';
import { KeptTranscripts, tenantsThatKeep } from './use-cases/keep-transcript.ts';
import { leaveCalls } from './use-cases/leave-calls.ts';
import { linkKeysFor } from './use-cases/link-keys-for.ts';
import { LiveCalls } from './use-cases/live-calls.ts';
import type { Deps } from './use-cases/ports.ts';
import { TranscriptOpener } from './use-cases/open-transcript.ts';
import { recordRepeatedRefusals } from './use-cases/record-decision.ts';
import { recordWithheld } from './use-cases/record-gap.ts';
import { noteDtmf } from './use-cases/note-dtmf.ts';
import { windowFileIn } from './use-cases/pci-file.ts';
import { closeDueWindows } from './use-cases/pci-window.ts';
import { renewLeases, renewTaps } from './use-cases/renew-leases.ts';
import { checkHeads, resynchronise, type HeadCheck } from './use-cases/resynchronise.ts';
import { killSwitchOf, type KillSwitch } from './use-cases/revocation-verbs.ts';
import { newestOrSeed } from './use-cases/seed-config.ts';
import { statusOf } from './use-cases/status-of-hearing.ts';
import { TextProcessors } from './use-cases/text-processors.ts';
import { TailGuard } from './use-cases/tail-guard.ts';

const LEASE_CHECK_MS = 1000;
const PAUSE_CHECK_MS = 300;
const CONFIG_RETRY_MS = 1000;

export class GovernanceApp {
  readonly #runtime: GovernanceRuntime;
  readonly #log: Log;
  readonly #onStop: () => void;
  readonly #life = Buffer.from(systemRandom(8)).toString('hex');
  readonly #metrics = new Metrics();
  readonly #hub = new EventHub(systemClock);
  readonly #databases: RoleDatabases;
  readonly #appender: Appender;
  readonly #ledger: TailGuard;
  readonly #policy: PolicyHost;
  readonly #redaction: RedactionHost;
  readonly #audio: AudioPool;
  readonly #callPlane: CallPlaneLink;
  readonly #textProcessors = new TextProcessors({
    endpointOf,
    connect: (endpoint) => new OpenAiChat(endpoint, systemClock),
  });
  readonly #raised = new Conditions((event) => void this.#hub.publish(event));
  readonly #deps: Deps;
  readonly #configStore: ConfigStore;
  readonly #config: ConfigInForce;
  readonly #killSwitch: KillSwitch;
  readonly #keys: KeyRing;
  readonly #opener: TranscriptOpener;
  readonly #administration: RunningAdministration;
  readonly #headCheck: HeadCheck = {
    holdsHead: (head) => this.#appender.hasHead(head).catch(() => undefined),
    onTailLost: (head) => this.#ledger.stopLog(head),
  };
  #isStopping = false;
  #cancels: Cancel[] = [];
  #api: RunningApi | undefined;
  #guardrail: string | undefined;

  constructor(options: { readonly runtime: GovernanceRuntime; readonly log: Log; onStop(): void }) {
    const { runtime, log } = options;
    const common = { clock: systemClock, random: systemRandom, log, metrics: this.#metrics };
    this.#runtime = runtime;
    this.#log = log;
    this.#onStop = () => options.onStop();
    this.#databases = openRoleDatabases(runtime.database, (error) =>
      log.warn({ error }, 'an idle database connection broke'),
    );
    this.#appender = new Appender({
      ...common,
      store: postgresChainStore(this.#databases.writer),
      node: runtime.config.node,
      software: `earshot/${packageVersion}`,
      onAvailability: (isAvailable, reason) => this.#onLedgerAvailability(isAvailable, reason),
    });
    this.#ledger = new TailGuard(this.#appender);
    this.#policy = new PolicyHost({ ...common, packageRoot });
    this.#keys = new KeyRing({
      ...common,
      tenants: () => tenantsThatKeep(this.#config.revision),
      load: (tenants) => findPublicKeys(this.#databases.app, tenants),
      signer: () => readSigner(runtime.readerKeyFile),
      onMissing: (tenant, isMissing) => this.#raised.set(`retention.no_key:${tenant}`, isMissing),
    });
    const onWithheld = (withheld: Withheld): void => recordWithheld(this.#deps, withheld);
    this.#redaction = new RedactionHost({ ...common, onWithheld, linkKey: linkKeysFor(runtime) });
    this.#audio = new AudioPool({
      workers: runtime.config.governance.audioWorkers,
      spawn: audioWorkerSpawner({ logLevel: runtime.config.log.level }),
      ...common,
      handlers: {
        onEvent: (event) =>
          event.kind === 'segment' ? governSegment(this.#deps, event.segment) : onAudioEvent(this.#deps, event),
        onWorkerDied: (lost) => onAudioWorkerDied(this.#deps, lost),
        onWorkerBack: () => listenAgain(this.#deps),
      },
    });
    this.#callPlane = new CallPlaneLink(
      { socketPath: runtime.sockets.control, life: this.#life, clock: systemClock, log },
      {
        onConnected: () => this.#config.publishRoutes(),
        onMessage: (message) => this.#onCallPlane(message),
        onDisconnected: () => undefined,
      },
    );
    this.#deps = {
      ...common,
      ledger: this.#ledger,
      policy: this.#policy,
      redaction: this.#redaction,
      audio: audioPortOf(this.#audio, endpointOf),
      callPlane: this.#callPlane,
      calls: new LiveCalls(),
      conditions: this.#raised,
      windows: windowFileIn(runtime.config.stateDir, { log, conditions: this.#raised }),
      transcripts: new KeptTranscripts({ store: sealedStoreOf(this.#databases.keeping), keys: this.#keys }),
      publish: (event) => void this.#hub.publish(event),
      textProcessor: (processor, tenant) => this.#textProcessors.of(processor, tenant),
    };
    this.#configStore = configStoreOf(this.#databases.app);
    this.#config = new ConfigInForce({
      deps: this.#deps,
      host: this.#policy,
      store: this.#configStore,
      interfaces: runtime.config.interfaces,
    });
    this.#killSwitch = killSwitchOf(this.#deps, {
      path: join(runtime.config.stateDir, 'revocations.json'),
      ledger: this.#appender,
      revision: () => this.#config.revision,
    });
    this.#opener = new TranscriptOpener({ socketPath: runtime.sockets.reader, clock: systemClock });
    this.#administration = administrationOf({
      deps: this.#deps,
      databases: this.#databases,
      hub: this.#hub,
      host: this.#policy,
      config: this.#config,
      configStore: this.#configStore,
      interfaces: runtime.config.interfaces,
      killSwitch: this.#killSwitch,
      opener: this.#opener,
    });
  }

  /** Workers first, then the ledger in the background, then the socket; the call plane when the configuration is read. */
  async start(): Promise<void> {
    const { sockets, config } = this.#runtime;
    this.#cancels.push(
      reportHealth({
        socketPath: sockets.supervisor,
        plane: 'governance',
        life: this.#life,
        clock: systemClock,
        log: this.#log,
        health: () => this.#health(),
        onStop: () => this.#onStop(),
      }),
    );
    this.#raised.set('ledger.unavailable', true);
    this.#appender.start();
    this.#killSwitch.start();
    await Promise.all([this.#audio.start(), this.#redaction.start()]);
    const guardrail = await this.#policy.start();
    recordGuardrail(this.#ledger, guardrail);
    this.#raised.set('guardrail.invalid', guardrail.kind === 'refused');
    this.#guardrail = guardrail.kind === 'active' ? guardrail.policy.bundle : undefined;
    this.#api = await startApi({
      socketPath: sockets.api,
      http: config.api.http,
      tls: config.api.tls,
      administration: this.#administration,
      health: () => this.#health(),
      log: this.#log,
      clock: systemClock,
    });
    this.#keys.start();
    await this.#putConfigInForce();
  }

  /** Ends hearing, settles every account, closes the epoch; calls go on without us. */
  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#callPlane.stop();
    for (const cancel of this.#cancels.splice(0)) cancel();
    await this.#audio.stop();
    await leaveCalls(this.#deps);
    this.#keys.stop();
    this.#hub.close();
    await this.#api?.stop();
    this.#administration.flush();
    await this.#appender.stop();
    this.#redaction.stop();
    await Promise.all([this.#policy.stop(), this.#textProcessors.close()]);
    await Promise.all(Object.values(this.#databases).map((database) => database.close()));
  }

  /** Tries until the database answers: without a configuration nobody may hear anything, and calls do not depend on it. */
  async #putConfigInForce(): Promise<void> {
    while (!this.#isStopping && this.#config.revision === undefined) {
      try {
        await this.#loadConfig();
      } catch (error) {
        this.#log.warn({ error, code: errorCode(error) }, 'the configuration cannot be put in force yet');
        await new Promise((resolve) => setTimeout(resolve, CONFIG_RETRY_MS));
      }
    }
    if (this.#config.revision === undefined) return;
    this.#callPlane.start();
    this.#cancels.push(
      this.#config.watch(),
      systemClock.every(TAP_RENEW_MS, () => renewTaps(this.#deps)),
      systemClock.every(LEASE_CHECK_MS, () => this.#checkLeases()),
      ...[endTurnsByPause, closeDueWindows].map((check) => systemClock.every(PAUSE_CHECK_MS, () => check(this.#deps))),
    );
  }

  async #loadConfig(): Promise<void> {
    const { config, trial } = this.#runtime;
    for (const database of Object.values(this.#databases)) await assertRuntimeRole(database, { trial });
    const newest = await newestOrSeed({
      store: this.#configStore,
      ledger: this.#ledger,
      clock: systemClock,
      log: this.#log,
      readSeed: () => (config.seed === undefined ? undefined : loadDocument(config.seed)),
      fallback: defaultDocument(config),
    });
    await this.#config.exclusively(() => this.#config.putInForce(newest, 'at start'));
  }

  #onCallPlane(message: CallPlaneMessage): void {
    const { revision } = this.#config;
    if (revision === undefined) return;
    switch (message.kind) {
      case 'snapshot':
        this.#audio.setTapSockets(message.tapSockets);
        void resynchronise(this.#deps, message, { revision, ...this.#headCheck });
        this.#killSwitch.onSnapshot(message.calls.map(({ call }) => call));
        return;
      case 'call.started':
      case 'call.changed':
        void followCall(this.#deps, revision, message.fact, { isResumed: false });
        return;
      case 'call.ended':
        void endCall(this.#deps, message.call, message.reason, message.signaling);
        return;
      case 'tap.opened':
      case 'tap.refused':
      case 'tap.ended':
        onTapMessage(this.#deps, message);
        return;
      case 'stream.dtmf':
        noteDtmf(this.#deps, message);
        return;
      case 'tap.sockets':
        this.#audio.setTapSockets(message.tapSockets);
        return;
      default:
        unreachable(message);
    }
  }

  #checkLeases(): void {
    renewLeases(this.#deps);
    recordRepeatedRefusals(this.#deps);
    if (this.#ledger.isAvailable) listenAgain(this.#deps);
    const heads = this.#appender.heads.slice(0, 10_000).map((head) => ({ ...head }));
    if (heads.length > 0) this.#callPlane.send({ kind: 'ledger.heads', heads });
  }

  #onLedgerAvailability(isAvailable: boolean, reason: string): void {
    this.#raised.set('ledger.unavailable', !isAvailable);
    // A database that comes back may be another one than went, without the newest of what it had confirmed.
    if (reason === 'answered') void checkHeads(this.#appender.heads, this.#headCheck);
    // Fenced: another writer took this node's epoch and we are the zombie. Unavailable: its writer broke for good.
    // Either way nothing we decide may count any more, and a new process takes over.
    if (reason === 'FENCED' || reason === 'UNAVAILABLE') this.#onStop();
  }

  #health(): PlaneHealth {
    const conditions = [...this.#config.conditions, ...this.#raised.raised.map((name) => name.replace('.', '_'))];
    if (this.#config.revision === undefined) conditions.push('no_configuration');
    if (!this.#callPlane.isConnected) conditions.push('call_plane_away');
    conditions.push(...this.#ledger.lostTails.map((log) => `tail_lost:${log}`));
    return {
      ready: this.#config.revision !== undefined && this.#appender.isAvailable && this.#callPlane.isConnected,
      conditions,
      status: {
        ...statusOf({
          calls: this.#deps.calls.all(),
          ledger: this.#appender,
          isDatabaseReachable: this.#appender.isAvailable,
          policy: { default: shippedBundle(packageRoot, 'default').sha256, guardrail: this.#guardrail },
          revision: this.#config.revision,
          revocations: this.#killSwitch.list,
        }),
        wants_reader: this.#opener.isAsking || this.#keys.missing.length > 0,
      },
      metrics: [...this.#metrics.snapshot(), ...this.#audio.metrics()],
    };
  }
}
