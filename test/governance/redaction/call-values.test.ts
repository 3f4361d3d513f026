import { describe, expect, test } from 'vitest';
import { CallValues } from '../../../src/governance/redaction/call-values.ts';
import { isRemembered } from '../../../src/model/entity-types.ts';

describe('names of values', () => {
  test('the same value has the same name, and another value of the type the next', () => {
    const values = new CallValues();

    const numbers = ['a', 'b', 'a'].map((value) => values.learn('EMAIL', value)?.number);

    expect(numbers).toEqual([1, 2, 1]);
  });

  test('names that the call was given before are not given again', () => {
    expect(new CallValues({ CARD: 4 }).learn('CARD', '4111111111111111')?.number).toBe(5);
  });

  test('a part of a number has the name of the number', () => {
    const values = new CallValues();
    values.learn('CARD', '4111222233334444');

    expect(values.learn('CARD', '4444')?.number).toBe(1);
    expect(values.echoOf('333')).toBeUndefined();
    expect(values.echoOf('2233')?.type).toBe('CARD');
  });

  test('a number that goes on keeps its name', () => {
    const values = new CallValues();
    const known = values.learn('PHONE', '415555')!;
    values.extend(known, '2671');

    expect(values.learn('PHONE', '4155552671')?.number).toBe(1);
  });

  test('a number without end takes the room of one value', () => {
    const values = new CallValues();
    let known = values.learn('PHONE', '415555')!;
    for (let more = 0; more < 2000; more += 1) known = values.extend(known, '12');

    expect(known.value.length).toBeLessThanOrEqual(512);
    for (let other = 0; other < 511; other += 1) values.learn('EMAIL', String(other));
    expect(values.learn('EMAIL', '510')?.number).toBe(511);
  });

  test('what a name stands for is known as it was said, the correction and not what was wrong', () => {
    const values = new CallValues();
    values.learn('CARD', '4111111111111111', { said: 'four two', isWhole: true });
    values.learn('CARD', '4111111111111111', { said: 'four one one one', isWhole: true });
    values.learn('CARD', '4111111111111111', { isWhole: true });

    expect(values.named('CARD', 1)?.said).toBe('four one one one');
    expect(values.named('CARD', 2)).toBeUndefined();
  });

  test('the words of a name are known by themselves', () => {
    const values = new CallValues();
    values.learn('NAME', 'katie mc donald');

    expect(['katie', 'donald', 'mc', 'other'].map((word) => values.nameWith(word)?.number)).toEqual([
      1,
      1,
      undefined,
      undefined,
    ]);
  });
});

describe('what is never remembered', () => {
  test.each(['CVV', 'PIN', 'EXPIRY', 'OTP', 'PASSWORD', 'ANSWER'])('%s', (type) => {
    const values = new CallValues();

    expect(isRemembered(type)).toBe(false);
    expect(values.learn(type, '1234')).toBeUndefined();
    expect(values.echoOf('1234')).toBeUndefined();
  });

  test('more than a call can hold', () => {
    const values = new CallValues();
    for (let value = 0; value < 2000; value += 1) values.learn('NUMBER', String(value));

    expect(values.learn('NUMBER', '1999')).toBeUndefined();
    expect(values.learn('NUMBER', '0')?.number).toBe(1);
  });
});
