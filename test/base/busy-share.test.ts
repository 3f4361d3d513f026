import { expect, test } from 'vitest';
import { busyShareOfThread } from '../../src/base/busy-share.ts';

test('it is a share, and each call begins anew', () => {
  const share = busyShareOfThread();

  for (const said of [share(), share(), share()]) {
    expect(said).toBeGreaterThanOrEqual(0);
    expect(said).toBeLessThanOrEqual(1);
  }
});
