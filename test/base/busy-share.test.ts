import { expect, test } from 'vitest';
import { busyShareOfThread } from '../../src/base/busy-share.ts';

test('a thread without rest is busy all of the time', () => {
  const share = busyShareOfThread();
  let work = 0;
  for (let round = 0; round < 1e6; round += 1) work += Math.sqrt(round);

  expect(work).toBeGreaterThan(0);
  expect(share()).toBeGreaterThan(0.99);
});

test('it is a share, and each call begins anew', () => {
  const share = busyShareOfThread();

  for (const said of [share(), share(), share()]) {
    expect(said).toBeGreaterThanOrEqual(0);
    expect(said).toBeLessThanOrEqual(1);
  }
});
