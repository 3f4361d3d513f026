/**
 * `earshot route test`: for an INVITE in a file and where it would come from, whose call it is, why, and what becomes of
 * it. It asks the very router of the call plane, of a document or of the one that stands; it sends nothing.
 */

import { closeSync, openSync, readSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Command } from 'commander';
import { routeQueryOf } from '../call/signaling/router/route-query.ts';
import { CodedError, errorCode } from '../base/error.ts';
import { toRevision, type EarshotDocument } from '../config/document.ts';
import { loadDocument } from '../config/load.ts';
import { readDocumentValue } from '../config/read-document.ts';
import { revisionDetail } from '../model/api/config.ts';
import { frameMessage, MAX_BODY_BYTES, MAX_HEAD_BYTES } from '../protocol/sip/frame.ts';
import type { SipRequest } from '../protocol/sip/message.ts';
import { readMessage } from '../protocol/sip/read-message.ts';
import { connect, type WhereOptions } from './connect.ts';
import { whereOptions } from './options.ts';
import { reportRoute } from './route-report.ts';
import { renderRoute } from './show-route.ts';
import { plainJson } from './terminal/plain.ts';
import type { Terminal } from './terminal/terminal.ts';

export interface RouteTestOptions {
  /** The INVITE, as it would come over the wire. */
  readonly file: string;
  /** `ADDRESS` or `ADDRESS:PORT` it would come from. */
  readonly source: string;
  /** Interface it would come in on; needed where the document names several. */
  readonly interface?: string | undefined;
  /** Document to route by; absent: the one that stands. */
  readonly document?: string | undefined;
  readonly json?: boolean | undefined;
}

export class RouteTestError extends CodedError<'UNREADABLE' | 'MALFORMED' | 'SOURCE' | 'INTERFACE'> {}

const MAX_MESSAGE_BYTES = MAX_HEAD_BYTES + MAX_BODY_BYTES;

export function addRouteTest(route: Command, terminal: Terminal): void {
  const command = route.command('test').description('say whose call an INVITE would be, why, and what becomes of it');
  whereOptions(command)
    .requiredOption('--file <file>', 'the INVITE as it comes over the wire, every line ending in CR LF')
    .requiredOption('--source <address>', 'where it would come from, ADDRESS or ADDRESS:PORT')
    .option('--interface <name>', 'interface it would come in on; needed where the document names several')
    .option('--document <file>', 'a document, instead of the one that stands on the node')
    .action(async (options: RouteTestOptions & WhereOptions) => {
      const answer = { path: '/v1/config/revisions/current', answer: revisionDetail } as const;
      await routeTest(terminal, options, async () => (await connect(options).request(answer)).document);
    });
}

/**
 * Prints what becomes of the request; exit code 1 where nobody takes it. `currentDocument` fetches the document that
 * stands, and is asked only where none is named. Throws RouteTestError, or ConfigError for a document that is none.
 */
export async function routeTest(
  terminal: Pick<Terminal, 'print' | 'exitWith'>,
  options: RouteTestOptions,
  currentDocument: () => Promise<unknown>,
): Promise<void> {
  const request = readInvite(options.file);
  const sourceAddress = readSource(options.source);
  const document =
    options.document === undefined ? readDocumentValue(await currentDocument()) : loadDocument(options.document);
  const at = options.interface ?? soleInterface(document);
  const query = routeQueryOf(request, { sourceAddress, interface: at });
  const report = reportRoute(toRevision(document, 0, ''), request, query);
  await terminal.print(options.json === true ? `${plainJson(report)}\n` : renderRoute(report));
  if (report.tenant === undefined) terminal.exitWith(1);
}

/** Refuses what the node would refuse, with its reason. */
function readInvite(file: string): SipRequest {
  const bytes = asSent(readBytes(file));
  const framed = frameMessage(bytes);
  if (framed.kind === 'keepalive') throw malformed(file, 'is empty');
  const message = framed.kind === 'framed' ? readMessage(framed.head) : framed;
  if (message.kind === 'malformed') {
    const isOfLines = message.reason === 'bare_newline' || message.reason === 'no_head_end';
    const hint = isOfLines ? ': every line ends in CR LF, an empty one ends the headers' : '';
    throw malformed(file, `the node would refuse it as malformed (${message.reason})${hint}`);
  }
  if (message.kind === 'response') throw malformed(file, 'is a response: only requests are routed');
  if (message.method !== 'INVITE') throw malformed(file, `is a request, but no INVITE: ${message.method}`);
  if (message.toTag !== '') throw malformed(file, 'is inside a dialog: it goes where its dialog goes');
  if (message.maxForwards === 0)
    throw malformed(file, 'the node would refuse it (too_many_hops): its Max-Forwards is 0');
  return message;
}

/** A file without a single CR LF was written in an editor, not captured: its lines are ended as they would be sent. */
function asSent(bytes: Buffer): Buffer {
  if (bytes.includes('\r')) return bytes;
  return Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1');
}

/** No more than a message may be: the file may be anything. */
function readBytes(file: string): Buffer {
  const bytes = Buffer.alloc(MAX_MESSAGE_BYTES + 1);
  let length = 0;
  try {
    const descriptor = openSync(file, 'r');
    try {
      for (let more = 1; more > 0; length += more) {
        more = readSync(descriptor, bytes, length, bytes.length - length, null);
      }
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    throw new RouteTestError('UNREADABLE', `${file}: cannot be read (${errorCode(cause)})`, { cause });
  }
  if (length <= MAX_MESSAGE_BYTES) return bytes.subarray(0, length);
  throw malformed(file, `is larger than a message may be (${MAX_MESSAGE_BYTES} bytes)`);
}

function readSource(text: string): string {
  const address = isIP(text) === 0 ? text.replace(/:\d{1,5}$/, '').replace(/^\[(.*)\]$/, '$1') : text;
  if (isIP(address) !== 0) return address;
  throw new RouteTestError('SOURCE', 'the source must be an IP address, or one with a port: 192.0.2.10:5060');
}

function soleInterface({ tenants }: EarshotDocument): string {
  const names = [...new Set(tenants.map(({ route }) => route.ingress))];
  const [only] = names;
  if (names.length === 1 && only !== undefined) return only;
  const which = names.length === 0 ? 'the document has no tenants' : `one of ${names.sort().slice(0, 16).join(', ')}`;
  throw new RouteTestError('INTERFACE', `name the interface it would come in on, with --interface: ${which}`);
}

function malformed(file: string, message: string): RouteTestError {
  return new RouteTestError('MALFORMED', `${file}: ${message}`);
}
