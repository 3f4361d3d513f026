/** The shell of a redaction worker: its port on one side, a Session on the other. Opens no file or socket for a call. */

import { readlinkSync } from 'node:fs';
import { MessagePort, workerData } from 'node:worker_threads';
import { assert } from '../../../base/assert.ts';
import { newId } from '../../../base/ids.ts';
import type { RedactionReply, RedactionRequest } from '../messages.ts';
import { loadLexicon } from '../lexicon/lexicon.ts';
import { Session } from './session.ts';

const port: unknown = workerData;
assert(port instanceof MessagePort, 'a redaction worker is given its port when it is started');

loadLexicon();
warm();
const session = new Session();
port.on('message', (request: RedactionRequest) => {
  const reply = session.handle(request);
  if (reply) port.postMessage(reply);
});
port.postMessage({ kind: 'ready', threadId: ownThreadId() } satisfies RedactionReply);

/** The kernel's id of this thread, under which its CPU time can be read from outside. */
function ownThreadId(): number | undefined {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
  } catch {
    return undefined;
  }
}

/** The first use of a detector compiles it and loads its tables; a caller's deadline should not pay for that. */
function warm(): void {
  const rehearsal = new Session();
  const call = newId('call');
  const leg = newId('leg');
  const text = 'card 4111 1111 1111 1111 phone five five five one two three four mail someone at example dot com';
  const event = { final: true, text, startMs: 0, endMs: 1000, words: [] };
  rehearsal.handle({ kind: 'open', call, leg, plan: { actions: {}, defaultAction: 'mask' }, resumed: false, used: {} });
  rehearsal.handle({ kind: 'push', id: 0, call, leg, event });
  rehearsal.handle({ kind: 'settle', id: 1, call, leg });
}
