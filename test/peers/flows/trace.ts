/** What a sipp sent and received, byte for byte, from the file it wrote: messages of whole calls, in order. */

import { readFileSync } from 'node:fs';

export interface TracedMessage {
  readonly direction: 'sent' | 'received';
  readonly startLine: string;
  readonly headers: readonly { readonly name: string; readonly line: string; readonly value: string }[];
  readonly body: string;
  readonly callId: string;
}

/** sipp writes this line over each message. */
const HEADING = /^UDP message (sent|received) [([](\d+)(?: bytes\)|\] bytes) ?:\n\n/gm;

/** Messages by Call-ID. */
export function readTrace(file: string): Map<string, TracedMessage[]> {
  const calls = new Map<string, TracedMessage[]>();
  for (const message of readMessages(readFileSync(file, 'latin1'))) {
    const known = calls.get(message.callId);
    if (known) known.push(message);
    else calls.set(message.callId, [message]);
  }
  return calls;
}

/** Every whole message of such a file's text. */
export function readMessages(text: string): TracedMessage[] {
  const messages: TracedMessage[] = [];
  const heading = new RegExp(HEADING);
  for (let found = heading.exec(text); found !== null; found = heading.exec(text)) {
    const from = found.index + found[0].length;
    const to = from + Number(found[2]);
    if (to > text.length) break;
    messages.push(read(found[1] === 'sent' ? 'sent' : 'received', text.slice(from, to)));
    heading.lastIndex = to;
  }
  return messages;
}

/** What a message is, the same on both sides of a proxy: `INVITE 1`, `200 INVITE 1`. */
export function nameOf(message: TracedMessage): string {
  const [method = '', status = ''] = message.startLine.split(' ');
  const [number = '', of = ''] = headerOf(message, 'cseq').split(/\s+/);
  return method.startsWith('SIP/') ? `${status} ${of} ${number}` : `${method} ${number}`;
}

/** Value of the first header of that name; empty without one. */
export function headerOf({ headers }: TracedMessage, name: string): string {
  return headers.find((header) => header.name === name)?.value ?? '';
}

function read(direction: 'sent' | 'received', text: string): TracedMessage {
  const end = text.indexOf('\r\n\r\n');
  const [startLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return { name: line.slice(0, colon).trim().toLowerCase(), line, value: line.slice(colon + 1).trim() };
  });
  const callId = headers.find(({ name }) => name === 'call-id')?.value ?? '';
  return { direction, startLine, headers, body: text.slice(end + 4), callId };
}
