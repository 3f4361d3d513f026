/** The shell of a redaction worker: its port on one side, a Session on the other. Opens no file or socket for a call. */

import { readlinkSync } from 'node:fs';
import { MessagePort, workerData } from 'node:worker_threads';
import { assert } from '../../../base/assert.ts';
import { newId } from '../../../base/ids.ts';
import { DEFAULT_REDACTION } from '../../../model/redaction-settings.ts';
import type { RedactionReply, RedactionRequest } from '../messages.ts';
import { loadLexicon } from '../lexicon/lexicon.ts';
import { Session } from './session.ts';

const port: unknown = workerData;
assert(port instanceof MessagePort, 'a redaction worker is given its port when it is started');

const WARM_ROUNDS = 40;
const REHEARSED = [
  'card 4111 1111 1111 1111 phone five five five one two three four mail someone at example dot com or a.b@example.com',
  'my name is jane smith and i live at twelve high street in london, postcode s w one a one a a',
  'born on the fifth of may nineteen eighty two, that is b as in boy, www dot example dot com slash help',
  'hello i would like to know when the order that i placed last week will be sent to me please',
];

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

/**
 * The first uses of a detector compile it and load its tables; a caller's deadline should not pay for that. A few hundred
 * sentences of every kind take less than a second.
 */
function warm(): void {
  const rehearsal = new Session();
  for (let round = 0; round < WARM_ROUNDS; round += 1) {
    const call = newId('call');
    const leg = newId('leg');
    rehearsal.handle({
      kind: 'open',
      call,
      leg,
      partials: {},
      plans: { rehearsal: { actions: {}, defaultAction: 'mask' } },
      settings: DEFAULT_REDACTION,
      resumed: false,
      used: {},
    });
    for (const [at, text] of REHEARSED.entries()) {
      const event = { final: true, text, startMs: at * 4000, endMs: at * 4000 + 3000, words: [] };
      rehearsal.handle({ kind: 'push', id: 0, call, leg, event: { ...event, final: false } });
      rehearsal.handle({ kind: 'push', id: 0, call, leg, event });
      rehearsal.handle({ kind: 'settle', id: 1, call, leg });
    }
    rehearsal.handle({ kind: 'close', call });
  }
}
