/** Changes inputs as transmission errors, careless senders and attackers do: bits, lengths, pieces doubled and moved. */

/** Numbers from a seed, so that a run can be repeated (xorshift32). */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return limit <= 1 ? 0 : (this.#state >>> 0) % limit;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }
}

/** What an input is changed with: other inputs to take pieces of, and words that its readers know. */
export interface Material {
  readonly pool: readonly Buffer[];
  readonly words: readonly Buffer[];
  readonly maxBytes: number;
}

type Mutation = (input: Buffer, random: SeededRandom, material: Material) => Buffer;

/** Values at which readers of lengths, counts and characters tend to be wrong. */
const EDGES = [0, 1, 2, 3, 4, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x3a, 0x3b, 0x3c, 0x7f, 0x80, 0x81, 0xc0, 0xfe, 0xff];

const MUTATIONS: readonly Mutation[] = [
  (input, random) => change(input, random, (byte) => byte ^ (1 << random.below(8))),
  (input, random) => change(input, random, () => random.below(256)),
  (input, random) => change(input, random, () => random.pick(EDGES)),
  (input, random) => change(input, random, (byte) => byte + random.below(9) - 4),
  (input, random) => writeLength(input, random),
  (input, random) => input.subarray(0, random.below(input.length + 1)),
  (input, random) => cut(input, random),
  (input, random) => double(input, random),
  (input, random) => move(input, random),
  (input, random) => insert(input, random, bytesOf(random, 1 + random.below(8))),
  (input, random, { pool }) => insert(input, random, piece(random.pick(pool), random)),
  (input, random, { pool }) => cross(input, random.pick(pool), random),
  (input, random, { words }) => (words.length === 0 ? input : insert(input, random, random.pick(words))),
  (input, random, { words }) => (words.length === 0 ? input : overwrite(input, random, random.pick(words))),
  (input, random) => withoutLine(input, random),
  (input, random, { pool }) => insertLine(input, random, random.pick(pool)),
];

/** One to six changes, each on the result of the one before. */
export function mutate(input: Buffer, random: SeededRandom, material: Material): Buffer {
  let mutated = input;
  for (let rounds = 1 + random.below(6); rounds > 0; rounds--) {
    mutated = random.pick(MUTATIONS)(mutated, random, material).subarray(0, material.maxBytes);
  }
  return Buffer.from(mutated);
}

function change(input: Buffer, random: SeededRandom, next: (byte: number) => number): Buffer {
  const bytes = Buffer.from(input);
  const at = random.below(bytes.length);
  if (bytes.length > 0) bytes[at] = next(bytes[at]!) & 0xff;
  return bytes;
}

/** Sixteen bits that could be a length: of the rest, of all, or at an edge. */
function writeLength(input: Buffer, random: SeededRandom): Buffer {
  if (input.length < 2) return input;
  const bytes = Buffer.from(input);
  const at = random.below(bytes.length - 1);
  const rest = bytes.length - at - 2;
  const lengths = [rest, rest >> 2, (rest >> 2) - 1, rest + 1, bytes.length, bytes.length - 20, 0, 0xffff, 0x7fff];
  bytes.writeUInt16BE(random.pick(lengths) & 0xffff, at);
  return bytes;
}

function range(input: Buffer, random: SeededRandom): [number, number] {
  const from = random.below(input.length + 1);
  return [from, from + random.below(Math.min(64, input.length - from) + 1)];
}

function piece(input: Buffer, random: SeededRandom): Buffer {
  return input.subarray(...range(input, random));
}

function cut(input: Buffer, random: SeededRandom): Buffer {
  const [from, to] = range(input, random);
  return Buffer.concat([input.subarray(0, from), input.subarray(to)]);
}

function double(input: Buffer, random: SeededRandom): Buffer {
  const [from, to] = range(input, random);
  const copies = Array.from({ length: random.pick([1, 1, 2, 8, 64]) }, () => input.subarray(from, to));
  return Buffer.concat([input.subarray(0, to), ...copies, input.subarray(to)]);
}

function move(input: Buffer, random: SeededRandom): Buffer {
  const [from, to] = range(input, random);
  return insert(Buffer.concat([input.subarray(0, from), input.subarray(to)]), random, input.subarray(from, to));
}

function insert(input: Buffer, random: SeededRandom, inserted: Buffer): Buffer {
  const at = random.below(input.length + 1);
  return Buffer.concat([input.subarray(0, at), inserted, input.subarray(at)]);
}

function overwrite(input: Buffer, random: SeededRandom, word: Buffer): Buffer {
  const at = random.below(input.length + 1);
  return Buffer.concat([input.subarray(0, at), word, input.subarray(at + word.length)]);
}

/** Of texts: one line goes. Bytes without line breaks are one line, and stay. */
function withoutLine(input: Buffer, random: SeededRandom): Buffer {
  const starts = lineStarts(input);
  if (starts.length < 2) return input;
  const line = random.below(starts.length);
  return Buffer.concat([input.subarray(0, starts[line]), input.subarray(starts[line + 1] ?? input.length)]);
}

/** Of texts: a line of another one, or one of its own again. */
function insertLine(input: Buffer, random: SeededRandom, other: Buffer): Buffer {
  const starts = lineStarts(other);
  const line = random.below(starts.length);
  const at = random.pick(lineStarts(input));
  const inserted = other.subarray(starts[line], starts[line + 1] ?? other.length);
  return Buffer.concat([input.subarray(0, at), inserted, input.subarray(at)]);
}

function lineStarts(input: Buffer): number[] {
  const starts = [0];
  for (let lf = input.indexOf(0x0a); lf >= 0 && starts.length < 2000; lf = input.indexOf(0x0a, lf + 1))
    starts.push(lf + 1);
  return starts;
}

function cross(input: Buffer, other: Buffer, random: SeededRandom): Buffer {
  return Buffer.concat([
    input.subarray(0, random.below(input.length + 1)),
    other.subarray(random.below(other.length + 1)),
  ]);
}

function bytesOf(random: SeededRandom, sizeBytes: number): Buffer {
  return Buffer.from(Array.from({ length: sizeBytes }, () => random.below(256)));
}
