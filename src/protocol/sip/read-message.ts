/**
 * A framed message read and checked (RFC 3261 §16.3, §18.1.2): what two readers could understand differently is refused.
 * Headers a proxy has no business with are not looked at; the bytes are never changed.
 */

import type { Head } from './head-index.ts';
import { firstNamed, valueText } from './head-index.ts';
import { listText, listValues, MAX_LIST_VALUES } from './list-values.ts';
import type { ListValue } from './list-values.ts';
import type { MalformedMessage, ReadFailure, SipMessage } from './message.ts';
import { readNameAddress } from './name-address.ts';
import { paramValue } from './params.ts';
import { isRequestUri } from './request-uri.ts';
import { isContradicted, isTooLongToAsk } from './second-opinion.ts';
import { readVia } from './via.ts';
import type { Via } from './via.ts';

const TOKEN = /^[A-Za-z0-9\-.!%*_+`'~]{1,64}$/;
const PRINTABLE = /^[\x21-\x7e]{1,512}$/;
const MAX_CSEQ = 2 ** 31 - 1;
/** One bit for each header that may stand there once; those of `MUST_BE_ONE` must. */
const AT_MOST_ONE = new Map([
  ['from', 1],
  ['to', 2],
  ['call-id', 4],
  ['cseq', 8],
  ['max-forwards', 16],
  ['content-type', 32],
  ['content-encoding', 64],
]);
const MUST_BE_ONE = 1 | 2 | 4 | 8;
const VIA = 128;

type StartLine =
  | { readonly kind: 'request'; readonly method: string; readonly uri: string; readonly uriStart: number }
  | { readonly kind: 'response'; readonly status: number };

/** Reads the message of `head`, or says with a closed word why it cannot be one. */
export function readMessage(head: Head): SipMessage | MalformedMessage {
  const message = read(head);
  return typeof message === 'string' ? { kind: 'malformed', reason: message, head } : message;
}

function read(head: Head): SipMessage | ReadFailure {
  const start = readStartLine(head);
  if (typeof start === 'string') return start;
  const wrongCount = checkCounts(head);
  if (wrongCount) return wrongCount;
  const vias = listValues(head, 'via');
  const topVia = viaAt(head, vias[0]);
  if (!topVia || vias.length > MAX_LIST_VALUES) return 'via';
  const fromTag = readTag(head, 'from');
  if (fromTag === undefined) return 'from';
  const toTag = readTag(head, 'to');
  if (toTag === undefined) return 'to';
  const callId = soleValue(head, 'call-id') ?? '';
  if (!PRINTABLE.test(callId)) return 'call_id';
  const cseq = readCseq(head);
  if (!cseq) return 'cseq';
  const nextVia = viaAt(head, vias[1]);
  const body = head.bytes.subarray(head.bodyStart);
  const contentType = readContentType(head, body);
  const common = { head, vias, topVia, nextVia, fromTag, toTag, callId, cseq, body, contentType };
  const own = { fromTag, toTag, callId, cseqNumber: cseq.number };
  if (isTooLongToAsk(head)) return 'too_long';

  if (start.kind === 'response') {
    if (isContradicted(head, { status: start.status, ...own })) return 'disagreement';
    return { kind: 'response', status: start.status, ...common };
  }
  if (start.method !== cseq.method) return 'cseq_method';
  const maxForwards = readMaxForwards(head);
  if (maxForwards === 'bad') return 'max_forwards';
  if (isContradicted(head, { method: start.method, ...own })) return 'disagreement';
  const { method, uri, uriStart } = start;
  return { kind: 'request', method, uri, uriStart, uriEnd: uriStart + uri.length, maxForwards, ...common };
}

/** `METHOD SP URI SP SIP/2.0` or `SIP/2.0 SP 3DIGIT SP reason` (§7.1, §7.2), with exactly these spaces. */
function readStartLine(head: Head): StartLine | ReadFailure {
  const text = head.bytes.toString('latin1', 0, head.startLineEnd);
  if (/^SIP\//i.test(text)) {
    const [version = '', status = ''] = text.split(' ', 2);
    if (version.toUpperCase() !== 'SIP/2.0') return 'version';
    return /^[1-6]\d\d$/.test(status) && /^[^\0-\x1f\x7f]*$/.test(text)
      ? { kind: 'response', status: Number(status) }
      : 'status';
  }
  const [method = '', uri = '', version = '', ...more] = text.split(' ');
  if (more.length > 0 || !TOKEN.test(method)) return 'request_line';
  if (!/^[\x21-\x7e]+$/.test(uri) || /[<>"]/.test(uri) || !uri.includes(':')) return 'request_line';
  if (!/^SIP\/\d+\.\d+$/i.test(version)) return 'request_line';
  if (version.toUpperCase() !== 'SIP/2.0') return 'version';
  if (!isRequestUri(uri)) return 'request_uri';
  return { kind: 'request', method, uri, uriStart: method.length + 1 };
}

function checkCounts(head: Head): ReadFailure | undefined {
  let seen = 0;
  let isRepeated = false;
  for (const { name } of head.lines) {
    if (name === 'via') seen |= VIA;
    const bit = AT_MOST_ONE.get(name) ?? 0;
    isRepeated ||= (seen & bit) !== 0;
    seen |= bit;
  }
  if ((seen & MUST_BE_ONE) !== MUST_BE_ONE) return 'missing_header';
  if (isRepeated) return 'repeated_header';
  return (seen & VIA) === 0 ? 'missing_header' : undefined;
}

function viaAt(head: Head, value: ListValue | undefined): Via | undefined {
  return value && readVia(listText(head, value), value.start);
}

/** The tag of From or To, empty when there is none; undefined when the value is not an address. */
function readTag(head: Head, name: 'from' | 'to'): string | undefined {
  const address = readNameAddress(soleValue(head, name) ?? '');
  if (!address || !/^[A-Za-z][A-Za-z0-9+.-]*:/.test(address.uri.trim())) return undefined;
  const tag = paramValue(address.params, 'tag') ?? '';
  return tag === '' || PRINTABLE.test(tag) ? tag : undefined;
}

function readCseq(head: Head): { readonly number: number; readonly method: string } | undefined {
  const [digits = '', method = '', ...more] = (soleValue(head, 'cseq') ?? '').split(/[ \t\r\n]+/);
  if (more.length > 0 || !/^\d{1,20}$/.test(digits) || !TOKEN.test(method)) return undefined;
  const number = Number(digits);
  return number <= MAX_CSEQ ? { number, method } : undefined;
}

function readMaxForwards(head: Head): number | undefined | 'bad' {
  const text = soleValue(head, 'max-forwards');
  if (text === undefined) return undefined;
  return /^\d{1,8}$/.test(text) && Number(text) <= 255 ? Number(text) : 'bad';
}

function readContentType(head: Head, body: Buffer): string | undefined {
  if (body.length === 0) return undefined;
  const [type = ''] = (soleValue(head, 'content-type') ?? '').split(';');
  const bare = type.replace(/\s/g, '').toLowerCase();
  return bare === '' ? undefined : bare;
}

function soleValue(head: Head, name: string): string | undefined {
  const line = firstNamed(head, name);
  return line && valueText(head, line);
}
