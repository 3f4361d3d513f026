import { describe, expect, test } from 'vitest';
import { CallValues, isRemembered } from '../../../src/governance/redaction/call-values.ts';

describe('names of values', () => {
  test('the same value has the same name, and another value of the type the next', () => {
    const values = new CallValues();

    const numbers = ['a', 'b', 'a'].map((value) => values.learn('EMAIL', value, value)?.number);

    expect(numbers).toEqual([1, 2, 1]);
  });

  test('names that the call was given before are not given again', () => {
    expect(new CallValues({ CARD: 4 }).learn('CARD', '4111111111111111', 'x')?.number).toBe(5);
  });

  test('a part of a number has the name of the number', () => {
    const values = new CallValues();
    values.learn('CARD', '4111222233334444', 'x');

    expect(values.learn('CARD', '4444', 'x')?.number).toBe(1);
    expect(values.echoOf('333')).toBeUndefined();
    expect(values.echoOf('2233')?.type).toBe('CARD');
  });

  test('a number that goes on keeps its name', () => {
    const values = new CallValues();
    const known = values.learn('PHONE', '415555', 'x')!;
    values.extend(known, '2671', 'y');

    expect(values.learn('PHONE', '4155552671', 'z')?.number).toBe(1);
    expect(values.named('PHONE', 1)?.said).toBe('x y');
  });

  test('the words of a name are known by themselves', () => {
    const values = new CallValues();
    values.learn('NAME', 'katie mc donald', 'Katie Mc Donald');

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
    expect(values.learn(type, '1234', '1234')).toBeUndefined();
    expect(values.echoOf('1234')).toBeUndefined();
    expect(values.named(type, 1)).toBeUndefined();
  });

  test('more than a call can hold', () => {
    const values = new CallValues();
    for (let value = 0; value < 2000; value += 1) values.learn('NUMBER', String(value), '');

    expect(values.learn('NUMBER', '1999', '')).toBeUndefined();
    expect(values.learn('NUMBER', '0', '')?.number).toBe(1);
  });
});
