/**
 * Maps, sets and bytes as plain JSON and back, for what a call plane leaves to its next life. Only for states of our own
 * that come back from our own supervisor: it takes shapes on trust, and whoever reads checks the version around them.
 */

type Plain = string | number | boolean | null | readonly Plain[] | { readonly [name: string]: Plain };

/** Undefined in a list becomes null; a property that is undefined goes, and reads as undefined again. */
export function toPlain(value: unknown): Plain {
  // Most of what there is, first: every message of a call may cause its whole state to be written.
  if (typeof value !== 'object') return value === undefined ? null : (value as Plain);
  if (value === null) return null;
  if (value instanceof Map) return { $map: [...value].map(([key, item]) => [toPlain(key), toPlain(item)]) };
  if (value instanceof Set) return { $set: [...value].map(toPlain) };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  return Array.isArray(value) ? value.map(toPlain) : plainObject(value);
}

export function fromPlain(plain: unknown): unknown {
  if (Array.isArray(plain)) return plain.map(fromPlain);
  if (typeof plain !== 'object' || plain === null) return plain;
  const record = plain as Readonly<Record<string, unknown>>;
  if (Array.isArray(record['$map'])) return new Map((fromPlain(record['$map']) as [unknown, unknown][]).values());
  if (Array.isArray(record['$set'])) return new Set(fromPlain(record['$set']) as unknown[]);
  if (typeof record['$bytes'] === 'string') return Buffer.from(record['$bytes'], 'base64');
  return Object.fromEntries(Object.entries(record).map(([name, item]) => [name, fromPlain(item)]));
}

function plainObject(value: object): Plain {
  const plain: Record<string, Plain> = {};
  for (const name of Object.keys(value)) {
    const item = (value as Readonly<Record<string, unknown>>)[name];
    if (item !== undefined) plain[name] = toPlain(item);
  }
  return plain;
}
