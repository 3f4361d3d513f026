/** Writes one chat completion, whole or as server-sent events, well behaved or in one of the ways a model goes wrong. */

import type { ServerResponse } from 'node:http';
import { unreachable } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';

/**
 * `answer`: as asked. `slow`: one word a second. `hang`: accepts and says nothing. `error`: status 500. `junk`: an
 * event stream of nonsense. `cut`: stops inside the answer. `flood`: far more than anybody wants. `echo-card`: says a
 * card number that nobody gave it.
 */
export type Behaviour = 'answer' | 'slow' | 'hang' | 'error' | 'junk' | 'cut' | 'flood' | 'echo-card';

export interface Answer {
  readonly behaviour: Behaviour;
  readonly text: string;
  readonly isStream: boolean;
  readonly clock: Clock;
}

const SLOW_WORD_MS = 1000;
const FLOOD_EVENTS = 4096;
const FLOOD_WORD = 'word '.repeat(200);
const ECHOED_CARD = 'The number is 4242 4242 4242 4242.';

export function sendAnswer(response: ServerResponse, answer: Answer): void {
  const { behaviour, text, clock } = answer;
  const say = answer.isStream ? streamWords : sendWhole;
  switch (behaviour) {
    case 'answer':
      say(response, text);
      return;
    case 'echo-card':
      say(response, ECHOED_CARD);
      return;
    case 'slow':
      streamSlowly(response, text, clock);
      return;
    case 'hang':
      return;
    case 'error':
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end('{"error":{"message":"the model fell over","type":"server_error"}}');
      return;
    case 'junk':
      startStream(response);
      response.end('data: {"choices":[{"delta":{"content":\n\ndata: []\n\n\u0000\u0001\ndata: null\n\n');
      return;
    case 'cut':
      startStream(response);
      response.write(chunkEvent('half an ans'), () => response.destroy());
      return;
    case 'flood':
      streamFlood(response);
      return;
    default:
      return unreachable(behaviour);
  }
}

function sendWhole(response: ServerResponse, text: string): void {
  const message = { role: 'assistant', content: text };
  const choices = [{ index: 0, message, finish_reason: 'stop' }];
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ id: 'demo', object: 'chat.completion', created: 0, model: 'scripted', choices }));
}

function streamWords(response: ServerResponse, text: string): void {
  startStream(response);
  for (const word of wordsOf(text)) response.write(chunkEvent(word));
  endStream(response);
}

function streamSlowly(response: ServerResponse, text: string, clock: Clock): void {
  startStream(response);
  const words = wordsOf(text);
  const cancel = clock.every(SLOW_WORD_MS, () => {
    const word = words.shift();
    if (word !== undefined) response.write(chunkEvent(word));
    else {
      cancel();
      endStream(response);
    }
  });
  response.once('close', cancel);
}

/** Writes only as fast as the other side reads, so that the flood never fills our own memory. */
function streamFlood(response: ServerResponse): void {
  startStream(response);
  let left = FLOOD_EVENTS;
  const pour = (): void => {
    while (left > 0) {
      left -= 1;
      if (!response.write(chunkEvent(FLOOD_WORD))) {
        response.once('drain', pour);
        return;
      }
    }
    endStream(response);
  };
  pour();
}

function startStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  response.flushHeaders();
}

function endStream(response: ServerResponse): void {
  response.write(event({ delta: {}, finish_reason: 'stop' }));
  response.end('data: [DONE]\n\n');
}

function chunkEvent(content: string): string {
  return event({ delta: { content }, finish_reason: null });
}

function event(choice: { readonly delta: object; readonly finish_reason: string | null }): string {
  const choices = [{ index: 0, ...choice }];
  const chunk = { id: 'demo', object: 'chat.completion.chunk', created: 0, model: 'scripted', choices };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

function wordsOf(text: string): string[] {
  return text.match(/\S+\s*/g) ?? [];
}
