/** What redaction is measured on: the development data where it lies beside the repository, else rows made up here. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../src/base/package-root.ts';
import type { Topic } from '../../../src/governance/redaction/speech/token.ts';
import { makeRows } from './made.ts';

export interface Span {
  readonly s: number;
  readonly e: number;
  readonly t: string;
}

export interface Row {
  readonly text: string;
  readonly spans: readonly Span[];
  /** What the other side had just asked for. */
  readonly asked?: Topic | undefined;
}

/** The same sentences written and as they are said, and answers that callers gave to a question. */
export interface Sets {
  readonly written: readonly Row[];
  readonly spoken: readonly Row[];
  readonly calls: readonly Row[];
}

/** Read in place; no part of it is kept. */
const FOLDER = join(packageRoot, '..', 'shared', 'data', 'redaction');

export function readSets(): Sets & { readonly source: string } {
  const [written, spoken, calls] = ['written', 'spoken', 'calls'].map((name) => join(FOLDER, `${name}.dev.jsonl`));
  if (written === undefined || spoken === undefined || calls === undefined || !existsSync(spoken)) {
    return { source: 'made by the project', ...makeRows() };
  }
  return {
    source: 'the development data',
    written: readRows(written),
    spoken: readRows(spoken),
    calls: readRows(calls),
  };
}

function readRows(file: string): Row[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row);
}
