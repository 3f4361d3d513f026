/**
 * Prints the closing line that continuous integration reads, `N passed, N failed, N skipped`, and counts a project
 * that took longer than its fixed budget as a failure: a suite that grows slow must be noticed while it is small.
 */

import type { Reporter, TestModule } from 'vitest/node';

const BUDGET_MINUTES: Readonly<Record<string, number>> = { unit: 2, journeys: 8, peers: 8, fuzz: 1.5, long: 6 };

export default class ClosingLineReporter implements Reporter {
  readonly #spans = new Map<string, { first: number; last: number }>();

  onTestModuleStart(module: TestModule): void {
    const now = performance.now();
    const span = this.#spans.get(module.project.name);
    if (span === undefined) this.#spans.set(module.project.name, { first: now, last: now });
  }

  onTestModuleEnd(module: TestModule): void {
    const span = this.#spans.get(module.project.name);
    if (span !== undefined) span.last = performance.now();
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    let skipped = 0;
    for (const module of modules) {
      if (module.errors().length > 0) failed += 1;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed += 1;
        else if (state === 'failed') failed += 1;
        else {
          skipped += 1;
          process.stdout.write(`skipped: ${test.fullName}\n`);
        }
      }
    }
    const overrun = this.#overrun();
    if (overrun > 0) process.exitCode = 1;
    process.stdout.write(`\n${passed} passed, ${failed + overrun} failed, ${skipped} skipped\n`);
  }

  #overrun(): number {
    let overrun = 0;
    for (const [project, { first, last }] of this.#spans) {
      const minutes = (last - first) / 60_000;
      const budget = BUDGET_MINUTES[project];
      if (budget === undefined) continue;
      process.stdout.write(`${project}: ${minutes.toFixed(1)} of ${budget} minutes\n`);
      if (minutes > budget) overrun += 1;
    }
    return overrun;
  }
}
