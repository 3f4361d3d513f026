/**
 * Modules from the build, for loops whose speed is the figure: what tsx makes of a source file need not run as fast.
 * Every module a benchmark measures stands in this table.
 */

import { pathToFileURL } from 'node:url';
import { builtFile } from '../../../src/base/package-root.ts';
import type * as Pool from '../../../src/call/media/pool.ts';
import type * as WorkerThread from '../../../src/call/media/worker-thread.ts';
import type * as Appender from '../../../src/governance/ledger/appender.ts';
import type * as Chain from '../../../src/governance/ledger/chain.ts';
import type * as ChainStore from '../../../src/governance/ledger/chain-store.ts';
import type * as CallMemory from '../../../src/governance/redaction/call-memory.ts';
import type * as Engine from '../../../src/governance/redaction/engine.ts';
import type * as Redactor from '../../../src/governance/redaction/redactor.ts';
import type * as Addon from '../../../src/native/addon.ts';
import type * as SrtpTransforms from '../../../src/native/srtp-transforms.ts';
import type * as Receiver from '../../../src/protocol/srtp/receiver.ts';
import type * as Sender from '../../../src/protocol/srtp/sender.ts';
import type * as Suites from '../../../src/protocol/srtp/suites.ts';
import type * as Database from '../../../src/store/database.ts';

interface BuiltModules {
  readonly 'call/media/pool': typeof Pool;
  readonly 'call/media/worker-thread': typeof WorkerThread;
  readonly 'governance/ledger/appender': typeof Appender;
  readonly 'governance/ledger/chain': typeof Chain;
  readonly 'governance/ledger/chain-store': typeof ChainStore;
  readonly 'governance/redaction/call-memory': typeof CallMemory;
  readonly 'governance/redaction/engine': typeof Engine;
  readonly 'governance/redaction/redactor': typeof Redactor;
  readonly 'native/addon': typeof Addon;
  readonly 'native/srtp-transforms': typeof SrtpTransforms;
  readonly 'protocol/srtp/receiver': typeof Receiver;
  readonly 'protocol/srtp/sender': typeof Sender;
  readonly 'protocol/srtp/suites': typeof Suites;
  readonly 'store/database': typeof Database;
}

export async function importBuilt<Path extends keyof BuiltModules>(path: Path): Promise<BuiltModules[Path]> {
  return (await import(pathToFileURL(builtFile(path)).href)) as BuiltModules[Path];
}
