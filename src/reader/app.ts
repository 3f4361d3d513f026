/**
 * Builds the reader: root-read, a database role of its own, a chain of its own in the ledger, and its door. It makes the
 * keys that are missing, opens what it is asked to, and ends when there has been nothing to do for a minute.
 */

import { systemClock, type Cancel } from '../base/clock.ts';
import { systemRandom } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { packageVersion } from '../base/package-root.ts';
import { readRootKey } from '../config/root-key.ts';
import type { ReaderRuntime } from '../config/runtime.ts';
import { findHolder } from '../governance/access/find-holder.ts';
import { Appender } from '../governance/ledger/appender.ts';
import { postgresChainStore } from '../governance/ledger/chain-store.ts';
import { leaveSigner } from '../governance/retention/signer-file.ts';
import { findNewestRevision } from '../store/config-revisions.ts';
import { openDatabase, type Database } from '../store/database.ts';
import { assertRuntimeRole } from '../store/runtime-role.ts';
import { fetchSealedCall, findTenantsOfCall } from '../store/sealed.ts';
import { addFirstPair, findPairs, listTenantsWithKeys } from '../store/tenant-keys.ts';
import { openDoor, type Door } from './door.ts';
import { makeMissingKeys, type KeyStore, type MakeKeysDeps } from './make-keys.ts';
import { openTranscript, type ReaderStore } from './open-transcript.ts';
import { deriveRoot, wipeRoot, type ReadRoot } from './read-root.ts';

const IDLE_MS = 60_000;
const IDLE_CHECK_MS = 1000;
const KEY_CHECK_MS = 2000;

type Databases = Readonly<Record<'writer' | 'app' | 'reader', Database>>;

export class ReaderApp {
  readonly #runtime: ReaderRuntime;
  readonly #log: Log;
  readonly #onIdle: () => void;
  readonly #root: ReadRoot;
  readonly #databases: Databases;
  readonly #ledger: Appender;
  #door: Door | undefined;
  #activeUs = systemClock.monoUs();
  #isMaking = false;
  #hasSaidForeign = false;
  #isStopping = false;
  #cancels: Cancel[] = [];

  /** Throws ConfigError when root-read cannot be read. `onIdle` is called when there is nothing left to do. */
  constructor(options: { readonly runtime: ReaderRuntime; readonly log: Log; onIdle(): void }) {
    const { runtime, log } = options;
    this.#runtime = runtime;
    this.#log = log;
    this.#onIdle = () => options.onIdle();
    this.#root = deriveRoot(readRootKey(runtime.rootRead, { key: 'keys.rootRead', file: runtime.config.node }));
    const open = (connection: ReaderRuntime['database']['reader']): Database =>
      openDatabase({
        connection,
        poolSize: 2,
        onIdleError: (error) => log.warn({ error }, 'an idle database connection broke'),
      });
    const { writer, app, reader } = runtime.database;
    this.#databases = { writer: open(writer), app: open(app), reader: open(reader) };
    this.#ledger = new Appender({
      clock: systemClock,
      random: systemRandom,
      log,
      store: postgresChainStore(this.#databases.writer),
      // Governance of this node lives at the same time and writes chains of its own: a name is one writer's.
      node: `${runtime.config.node}.reader`,
      software: `earshot/${packageVersion}`,
    });
  }

  async start(): Promise<void> {
    const { trial, sockets, readerKeyFile } = this.#runtime;
    for (const database of Object.values(this.#databases)) await assertRuntimeRole(database, { trial });
    leaveSigner(readerKeyFile, this.#root.signing.publicKey);
    this.#ledger.start();
    const deps = { root: this.#root, ledger: this.#ledger, clock: systemClock, random: systemRandom, log: this.#log };
    const store = storeOf(this.#databases);
    this.#door = await openDoor({
      socketPath: sockets.reader,
      log: this.#log,
      open: (bearer, call) =>
        openTranscript(
          {
            ...deps,
            store,
            authenticate: (token) => findHolder(this.#databases.reader, token, systemClock.wallMs()),
          },
          bearer,
          call,
        ),
      onAnswered: () => this.#noteWork(),
    });
    const makeKeys = (): Promise<void> => this.#makeKeys({ ...deps, store });
    await makeKeys();
    this.#cancels = [
      systemClock.every(KEY_CHECK_MS, () => void makeKeys()),
      systemClock.every(IDLE_CHECK_MS, () => this.#endIfIdle()),
    ];
  }

  /** Finishes what was said to the ledger, and forgets every key. */
  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    for (const cancel of this.#cancels.splice(0)) cancel();
    await this.#door?.close();
    await this.#ledger.stop();
    wipeRoot(this.#root);
    await Promise.all(Object.values(this.#databases).map((database) => database.close()));
  }

  async #makeKeys(deps: MakeKeysDeps): Promise<void> {
    if (this.#isMaking) return;
    this.#isMaking = true;
    try {
      const made = await makeMissingKeys(deps);
      if (made === 'foreign') this.#sayForeign();
      else if (made > 0) this.#noteWork();
    } catch (error) {
      this.#log.warn({ error }, 'missing keys could not be made yet');
    }
    this.#isMaking = false;
  }

  #sayForeign(): void {
    if (this.#hasSaidForeign) return;
    this.#hasSaidForeign = true;
    this.#log.error({}, 'keys.rootRead is not the key that the tenants’ keys in this database were made under');
  }

  #noteWork(): void {
    this.#activeUs = systemClock.monoUs();
  }

  #endIfIdle(): void {
    const idleMs = (systemClock.monoUs() - this.#activeUs) / 1000;
    if (idleMs >= IDLE_MS && this.#door?.busy === 0 && !this.#isMaking) this.#onIdle();
  }
}

/** What is listed is listed with the role that lists; what is fetched, with the one that fetches. */
function storeOf({ app, reader }: Databases): ReaderStore & KeyStore {
  return {
    document: async () => (await findNewestRevision(app))?.document,
    tenants: () => listTenantsWithKeys(app),
    tenantsOfCall: (asked) => findTenantsOfCall(app, asked),
    fetch: (place) => fetchSealedCall(reader, place),
    pairs: (tenant) => findPairs(reader, tenant),
    addFirstPair: (tenant, make) => addFirstPair(reader, tenant, make),
  };
}
