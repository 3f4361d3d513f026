/** Just enough bencode to speak rtpengine's control protocol. Strings are bytes as latin1. */

export type Bencoded = string | number | readonly Bencoded[] | { readonly [key: string]: Bencoded };

export function bencode(value: Bencoded): string {
  if (typeof value === 'string') return `${Buffer.byteLength(value, 'latin1')}:${value}`;
  if (typeof value === 'number') return `i${value}e`;
  if (isList(value)) return `l${value.map(bencode).join('')}e`;
  const entries = Object.entries(value).map(([key, each]) => bencode(key) + bencode(each));
  return `d${entries.join('')}e`;
}

export function bdecode(text: string): Bencoded {
  return decodeAt(text, 0).value;
}

function isList(value: Bencoded): value is readonly Bencoded[] {
  return Array.isArray(value);
}

function decodeAt(text: string, at: number): { value: Bencoded; end: number } {
  switch (text[at]) {
    case 'i': {
      const end = text.indexOf('e', at);
      return { value: Number(text.slice(at + 1, end)), end: end + 1 };
    }
    case 'l': {
      const { items, end } = decodeItems(text, at + 1);
      return { value: items, end };
    }
    case 'd': {
      const { items, end } = decodeItems(text, at + 1);
      const pairs = items.flatMap((key, index): [string, Bencoded][] =>
        index % 2 === 0 && typeof key === 'string' ? [[key, items[index + 1] ?? '']] : [],
      );
      return { value: Object.fromEntries(pairs), end };
    }
    default: {
      const colon = text.indexOf(':', at);
      const end = colon + 1 + Number(text.slice(at, colon));
      return { value: text.slice(colon + 1, end), end };
    }
  }
}

function decodeItems(text: string, from: number): { items: Bencoded[]; end: number } {
  const items: Bencoded[] = [];
  let at = from;
  while (at < text.length && text[at] !== 'e') {
    const { value, end } = decodeAt(text, at);
    items.push(value);
    at = end;
  }
  return { items, end: at + 1 };
}
