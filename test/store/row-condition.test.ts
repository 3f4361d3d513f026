import fc from 'fast-check';
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import { expect, test } from 'vitest';
import { matches } from '../../src/governance/access/condition.ts';
import type { RowCondition } from '../../src/model/access.ts';
import { whereCondition } from '../../src/store/row-condition.ts';

interface Tables {
  readonly entries: { readonly log: string; readonly kind: string };
}

const database = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

function compile(condition: RowCondition): { readonly where: string; readonly parameters: readonly unknown[] } {
  const { sql, parameters } = database
    .selectFrom('entries')
    .select('log')
    .where((builder) => whereCondition(builder, condition, { tenant: 'entries.log' }))
    .compile();
  return { where: sql.slice(sql.indexOf('where')), parameters };
}

const leaf = fc.oneof(
  fc.constant<RowCondition>({ kind: 'always' }),
  fc.constant<RowCondition>({ kind: 'never' }),
  fc
    .array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 })
    .map((values): RowCondition => ({ kind: 'in', field: 'tenant', values })),
);
const { tree } = fc.letrec<{ tree: RowCondition }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc
      .record({ kind: fc.constantFrom('and', 'or'), parts: fc.array(tie('tree'), { maxLength: 3 }) })
      .map(({ kind, parts }): RowCondition => ({ kind, parts })),
  ),
}));

test.each([
  [{ kind: 'always' }, 'where true', []],
  [{ kind: 'never' }, 'where false', []],
  [{ kind: 'in', field: 'tenant', values: [] }, 'where false', []],
  [{ kind: 'or', parts: [] }, 'where 1 = 0', []],
  [{ kind: 'and', parts: [] }, 'where 1 = 1', []],
  [{ kind: 'in', field: 'tenant', values: ['a', 'b'] }, 'where "entries"."log" = any($1)', [['a', 'b']]],
] as const satisfies readonly (readonly [RowCondition, string, readonly unknown[]])[])(
  '%j becomes %s',
  (condition, where, parameters) => {
    expect(compile(condition)).toEqual({ where, parameters });
  },
);

test('no value of a condition is ever part of the statement', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 4 }), { minLength: 1 }), (values) => {
      const { where, parameters } = compile({ kind: 'in', field: 'tenant', values });

      expect(where).toBe('where "entries"."log" = any($1)');
      expect(parameters).toEqual([values]);
    }),
  );
});

test('a condition on a field that the query does not have throws rather than showing everything', () => {
  for (const field of ['holder', 'log', '__proto__', 'constructor', '']) {
    expect(() => compile({ kind: 'in', field, values: ['a'] })).toThrow('does not have');
  }
});

test('the statement shows a row exactly where the condition, in memory, matches it', () => {
  fc.assert(
    fc.property(tree, fc.constantFrom('a', 'b', ''), (condition, tenant) => {
      expect(evaluate(condition, tenant)).toBe(matches(condition, { tenant }));
    }),
    { numRuns: 500 },
  );
});

/** What Postgres makes of the compiled text, for the few words that can be in it. */
function evaluate(condition: RowCondition, tenant: string): boolean {
  const { where, parameters } = compile(condition);
  const text = where
    .replace('where ', '')
    .replaceAll('1 = 1', 'true')
    .replaceAll('1 = 0', 'false')
    .replace(/"entries"\."log" = any\(\$(\d+)\)/g, (_all, n: string) =>
      String((parameters[Number(n) - 1] as readonly string[]).includes(tenant)),
    );
  return evaluateWords(text.match(/true|false|and|or|\(|\)/g) ?? []);
}

/** `or` of `and`s of `true`, `false` or the same in brackets. */
function evaluateWords(words: string[]): boolean {
  const readAnd = (): boolean => {
    let value = readOne();
    while (words[0] === 'and') {
      words.shift();
      value = readOne() && value;
    }
    return value;
  };
  const readOr = (): boolean => {
    let value = readAnd();
    while (words[0] === 'or') {
      words.shift();
      value = readAnd() || value;
    }
    return value;
  };
  const readOne = (): boolean => {
    const word = words.shift();
    if (word !== '(') return word === 'true';
    const value = readOr();
    words.shift();
    return value;
  };
  return readOr();
}
