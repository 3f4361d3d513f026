/** Times as people write and read them: `90m`, `2026-03-01`, and ISO 8601 with the zone of whoever reads. */

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Minutes east of UTC at a moment. */
export type ZoneOffset = (ms: number) => number;

const localOffset: ZoneOffset = (ms) => -new Date(ms).getTimezoneOffset();

/** `90s`, `30m`, `12h`, `30d` or `2w` in ms; undefined for anything else. */
export function readSpan(text: string): number | undefined {
  const match = /^(\d{1,6})([smhdw])$/.exec(text);
  const unitMs = UNIT_MS[match?.[2] ?? ''];
  return unitMs === undefined ? undefined : Number(match?.[1]) * unitMs;
}

/**
 * A moment in ms since 1970: a span is so long ago, a date or a date and time is local unless it names its zone.
 * Undefined for anything else.
 */
export function readMoment(text: string, nowMs: number): number | undefined {
  const spanMs = readSpan(text);
  if (spanMs !== undefined) return Math.max(nowMs - spanMs, 0);
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/.test(text)) return undefined;
  // The language reads a date alone as UTC, but a date with a time as local.
  const ms = Date.parse(text.length === 10 ? `${text}T00:00` : text);
  return Number.isNaN(ms) || ms < 0 ? undefined : ms;
}

/** `2026-03-01T14:05:09+01:00`. */
export function formatMoment(ms: number, offsetAt: ZoneOffset = localOffset): string {
  const minutes = offsetAt(ms);
  const local = new Date(ms + minutes * 60_000).toISOString().slice(0, 19);
  const size = Math.abs(minutes);
  const zone = [Math.trunc(size / 60), size % 60].map((part) => String(part).padStart(2, '0')).join(':');
  return `${local}${minutes < 0 ? '-' : '+'}${zone}`;
}

/** `4.2 s`, `3 m 05 s`, `2 h 10 m`, `3 d 4 h`: as much of it as matters. */
export function formatSpan(ms: number): string {
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1000);
  const two = (part: number): string => String(part).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${two(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} m`;
  return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
}
