/** An entry in a few words: its own fields, without those a table shows elsewhere and without what only machines read. */

import { formatMoment, formatSpan, type ZoneOffset } from './terminal/when.ts';

/** In every entry, or in a column of their own. */
const ELSEWHERE = new Set([
  ...['schema', 'log', 'node', 'epoch', 'seq', 'prev', 'at_ms', 'mono_us', 'kind', 'call', 'processor'],
  // Kept for proof, not for reading.
  ...['leg', 'stream', 'detector', 'payload', 'input', 'terms', 'heads', 'part', 'parts'],
]);

/** Such as `lease e_5f…, hears raw_audio, through 30.0 s, allowed by raw_audio_to_transcriber`. */
export function describeEntry(entry: Readonly<Record<string, unknown>>, zone?: ZoneOffset): string {
  return Object.entries(entry)
    .filter(([key]) => !ELSEWHERE.has(key))
    .map(([key, value]) => describeField(key, value, zone))
    .filter((part) => part !== '')
    .join(', ');
}

function describeField(key: string, value: unknown, zone: ZoneOffset | undefined): string {
  if (key === 'decision' && isObject(value)) return describeDecision(value);
  if (typeof value === 'number' && key === 'acted_ms') return '';
  if (typeof value === 'number' && key === 'expires_ms') return `expires ${formatMoment(value, zone)}`;
  if (typeof value === 'number' && key.endsWith('_ms')) return `${words(key.slice(0, -3))} ${formatSpan(value)}`;
  if (typeof value === 'boolean') return value ? words(key) : `not ${words(key)}`;
  if (typeof value === 'string' || typeof value === 'number') return `${words(key)} ${short(String(value))}`;
  if (Array.isArray(value)) return value.length === 0 ? '' : `${words(key)} ${value.map(describeItem).join(' ')}`;
  if (isObject(value)) {
    const counts = Object.entries(value).filter(([, count]) => typeof count === 'number' && count > 0);
    return counts.length === 0 ? '' : `${words(key)} ${counts.map(([type, n]) => `${type} ${String(n)}`).join(' ')}`;
  }
  return '';
}

function describeDecision({ allow, code, rules }: Readonly<Record<string, unknown>>): string {
  const names = Array.isArray(rules) ? rules.map(describeItem).join(' ') : '';
  const verdict = allow === true ? 'allowed' : `denied ${typeof code === 'string' ? code : ''}`.trimEnd();
  return names === '' ? verdict : `${verdict} by ${names}`;
}

function describeItem(item: unknown): string {
  if (!isObject(item)) return String(item);
  const name = item['rule'] ?? item['processor'];
  return typeof name === 'string' ? name : '';
}

/** Ids and digests by their beginning: `--json` has them whole. */
function short(text: string): string {
  if (/^[a-z]_[0-9a-f]{32}$/.test(text)) return `${text.slice(0, 10)}…`;
  return /^[0-9a-f]{64}$/.test(text) ? `${text.slice(0, 12)}…` : text;
}

function words(key: string): string {
  return key.replaceAll('_', ' ');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
