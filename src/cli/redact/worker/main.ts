/** A thread that answers batches of rows, in order, and does nothing else. */

import { parentPort, workerData } from 'node:worker_threads';
import type { LineBatch } from '../lines.ts';
import { answerBatch } from '../row-batch.ts';
import type { RowOptions } from '../rows.ts';

const options = workerData as RowOptions;
parentPort?.on('message', (batch: LineBatch) => parentPort?.postMessage(answerBatch(batch, options)));
