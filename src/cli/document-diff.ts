/** What differs between two documents, by path. Lists of things with an id are compared thing by thing, others whole. */

export interface Difference {
  readonly action: 'add' | 'remove' | 'change';
  /** Such as `tenants.acme.route.next`. */
  readonly path: string;
  readonly before?: string;
  readonly after?: string;
}

type Fields = ReadonlyMap<string, unknown>;

/** Differences in the order of their paths. */
export function compareDocuments(before: unknown, after: unknown, path = ''): Difference[] {
  const [one, other] = [fieldsOf(before), fieldsOf(after)];
  if (one === undefined || other === undefined) return compareValues(before, after, path);
  const names = [...new Set([...one.keys(), ...other.keys()])].sort();
  return names.flatMap((name) => {
    const at = path === '' ? name : `${path}.${name}`;
    if (!other.has(name)) return [{ action: 'remove' as const, path: at, before: write(one.get(name)) }];
    if (!one.has(name)) return [{ action: 'add' as const, path: at, after: write(other.get(name)) }];
    return compareDocuments(one.get(name), other.get(name), at);
  });
}

function compareValues(before: unknown, after: unknown, path: string): Difference[] {
  const [one, other] = [write(before), write(after)];
  return one === other ? [] : [{ action: 'change', path, before: one, after: other }];
}

/** An object by its keys, a list of things by their ids; undefined for what has no parts with names. */
function fieldsOf(value: unknown): Fields | undefined {
  if (!Array.isArray(value)) {
    return typeof value === 'object' && value !== null ? new Map<string, unknown>(Object.entries(value)) : undefined;
  }
  const items: readonly unknown[] = value;
  const named = items.flatMap((item) => (hasId(item) ? [[item.id, item] as const] : []));
  return named.length === items.length && items.length > 0 ? new Map<string, unknown>(named) : undefined;
}

function hasId(item: unknown): item is { readonly id: string } {
  return typeof item === 'object' && item !== null && 'id' in item && typeof item.id === 'string';
}

/** The same value always reads the same, whatever the order it was written in. */
function write(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
