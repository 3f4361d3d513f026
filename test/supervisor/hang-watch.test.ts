import { expect, test } from 'vitest';
import { ManualClock } from '../../src/base/clock.ts';
import { HangWatch } from '../../src/supervisor/hang-watch.ts';

/** A clock whose process can be stopped: timers that fell due meanwhile run once. */
class StoppableClock extends ManualClock {
  #skippedUs = 0;

  advanceAtOnce(ms: number): void {
    this.#skippedUs += (ms - 500) * 1000;
    this.advance(500);
  }

  override monoUs(): number {
    return super.monoUs() + this.#skippedUs;
  }
}

function watching() {
  const clock = new StoppableClock();
  const plane = { heardUs: undefined as number | undefined, startedUs: clock.monoUs() };
  const hung: number[] = [];
  const began = clock.monoUs();
  const msSince = (us: number) => (clock.monoUs() - us) / 1000;
  const watch = new HangWatch({
    clock,
    hangMs: 3000,
    planes: [
      {
        name: 'call',
        silentMs: () => (plane.heardUs === undefined ? undefined : msSince(plane.heardUs)),
        ageMs: () => msSince(plane.startedUs),
      },
    ],
    onAway: () => {
      if (plane.heardUs !== undefined) plane.heardUs = clock.monoUs();
    },
    onHung: () => hung.push(msSince(began)),
  });
  watch.start();
  return { clock, plane, hung, watch };
}

test('a plane that has said nothing for the time it may is hung, one that speaks is not', () => {
  const { clock, plane, hung } = watching();
  for (let second = 0; second < 10; second++) {
    plane.heardUs = clock.monoUs();
    clock.advance(1000);
  }

  clock.advance(2000);

  expect(hung).toEqual([12_000]);
});

test('a process that never said hello has the time of a start on top', () => {
  const { clock, hung } = watching();

  clock.advance(22_999);
  expect(hung).toEqual([]);
  clock.advance(1);

  expect(hung).toEqual([23_000]);
});

test('when the watcher itself was stopped, no plane is blamed for the silence', () => {
  const { clock, plane, hung } = watching();
  plane.heardUs = clock.monoUs();

  clock.advanceAtOnce(60_000);
  clock.advance(2500);

  expect(hung).toEqual([]);
});

test('a plane that hung while the watcher was away is found after its return', () => {
  const { clock, plane, hung } = watching();
  plane.heardUs = clock.monoUs();

  clock.advanceAtOnce(60_000);
  clock.advance(3000);

  expect(hung).toEqual([63_000]);
});

test('who has stopped watching ends nobody', () => {
  const { clock, plane, hung, watch } = watching();
  plane.heardUs = clock.monoUs();

  watch.stop();
  clock.advance(60_000);

  expect(hung).toEqual([]);
});
