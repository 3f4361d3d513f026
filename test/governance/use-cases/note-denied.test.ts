import { expect, test } from 'vitest';
import { DeniedAttempts } from '../../../src/governance/use-cases/note-denied.ts';
import { isEntryBody } from '../../../src/model/evidence.ts';
import { makeTokenWorld } from './token-world.ts';

const ATTEMPT = { route: 'GET /v1/calls', actor: `k_${'1'.repeat(32)}`, code: 'FORBIDDEN' };
const MINUTE_MS = 60_000;

function make() {
  const world = makeTokenWorld();
  return { ...world, attempts: new DeniedAttempts(world) };
}

test('a refused attempt is in the system log at once', () => {
  const { attempts, entries } = make();

  attempts.note(ATTEMPT);

  expect(entries).toEqual([{ log: 'system', how: 'note', body: { kind: 'access.denied', ...ATTEMPT, count: 1 } }]);
  expect(isEntryBody(entries[0]!.body)).toBe(true);
});

test('its repeats within a minute are one more entry, with their count', () => {
  const { attempts, entries, clock } = make();
  for (let n = 0; n < 1000; n += 1) attempts.note(ATTEMPT);
  const before = entries.length;

  clock.advance(MINUTE_MS);
  attempts.note(ATTEMPT);

  expect(before).toBe(1);
  expect(entries.map(({ body }) => 'count' in body && body.count)).toEqual([1, 999, 1]);
});

test('attempts that differ are counted apart', () => {
  const { attempts, entries } = make();

  attempts.note(ATTEMPT);
  attempts.note({ ...ATTEMPT, route: 'GET /v1/tokens' });
  attempts.note({ ...ATTEMPT, actor: 'unknown' });
  attempts.note({ ...ATTEMPT, code: 'TOKEN_REFUSED' });

  expect(entries).toHaveLength(4);
});

test('a minute without repeats says nothing more, and leaves no timer behind', () => {
  const { attempts, entries, clock } = make();
  attempts.note(ATTEMPT);

  clock.advance(10 * MINUTE_MS);

  expect(entries).toHaveLength(1);
});

test('more kinds than there is room for are counted together', () => {
  const { attempts, entries, clock } = make();
  for (let n = 0; n < 600; n += 1) attempts.note({ ...ATTEMPT, code: `C${n}` });

  clock.advance(MINUTE_MS);

  expect(entries).toHaveLength(514);
  expect(entries.at(-1)?.body).toMatchObject({ actor: 'unknown', code: 'MANY', count: 87 });
  const total = entries.reduce((sum, { body }) => sum + ('count' in body ? body.count : 0), 0);
  expect(total).toBe(600);
});

test('what was counted is written down at the end', () => {
  const { attempts, entries } = make();
  attempts.note(ATTEMPT);
  attempts.note(ATTEMPT);

  attempts.flush();
  attempts.flush();

  expect(entries).toHaveLength(2);
});
