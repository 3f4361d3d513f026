import { expect, test } from 'vitest';
import { readDigits } from '../../../src/governance/redaction/digit-reading.ts';
import { cutItems } from '../../../src/governance/redaction/lexer.ts';
import { numberSymbol } from '../../../src/governance/redaction/spoken-numbers.ts';

function read(text: string): string {
  const items = cutItems({ text, startMs: 0, endMs: 0, words: [] }, true);
  return readDigits(items.map(numberSymbol).filter((symbol) => symbol !== undefined));
}

test.each([
  ['one two three', '123'],
  ['oh zero o nought', '0000'],
  ['double four triple seven', '44777'],
  ['double 5', '55'],
  ['double', ''],
  ['double twenty', '20'],
  ['forty two', '42'],
  ['forty two one', '421'],
  ['twenty oh one', '2001'],
  ['twelve eleven', '1211'],
  ['eight hundred', '800'],
  ['eight hundred five five five', '800555'],
  ['eight hundred and five', '805'],
  ['one hundred twenty three', '123'],
  ['two thousand', '2000'],
  ['two thousand twenty three', '2023'],
  ['two thousand and five', '2005'],
  ['two thousand five hundred and six', '2506'],
  ['twelve hundred', '1200'],
  ['hundred', '100'],
  ['four to two for one', '42241'],
  ['4 to 2', '42'],
  ['twenty 4', '204'],
])('%s is %s', (text, digits) => {
  expect(read(text)).toBe(digits);
});
