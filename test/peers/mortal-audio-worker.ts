/**
 * Ends an audio worker from outside: node loads these few lines into every process of a stage through its own
 * `--require`, and where they find themselves in an audio worker they end the thread once a file appears. Earshot
 * itself has no such door.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SCRIPT = `'use strict';
const { existsSync, rmSync } = require('node:fs');
const { isMainThread } = require('node:worker_threads');
const order = __filename + '.end';
if (!isMainThread) {
  setInterval(() => {
    if (!String(process.argv[1]).endsWith('/governance/audio/worker/main.js') || !existsSync(order)) return;
    rmSync(order);
    process.exit(1);
  }, 50).unref();
}
`;

export class MortalAudioWorkers {
  readonly #folder = mkdtempSync(join(tmpdir(), 'earshot-mortal-'));
  readonly #script = join(this.#folder, 'mortal.cjs');
  readonly #before = process.env['NODE_OPTIONS'];

  /** Processes started from now on, until `forget`, have audio workers that can be ended. */
  constructor() {
    writeFileSync(this.#script, SCRIPT);
    process.env['NODE_OPTIONS'] = `${this.#before ?? ''} --require ${this.#script}`.trim();
  }

  /** One audio worker dies within a few tens of ms. */
  endOne(): void {
    writeFileSync(`${this.#script}.end`, '');
  }

  forget(): void {
    if (this.#before === undefined) delete process.env['NODE_OPTIONS'];
    else process.env['NODE_OPTIONS'] = this.#before;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
