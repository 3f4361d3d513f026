/** Months as partitions name them: 202611 is November 2026, UTC. */

export function monthOf(wallMs: number): number {
  const date = new Date(wallMs);
  return date.getUTCFullYear() * 100 + date.getUTCMonth() + 1;
}

export function monthAfter(month: number): number {
  return month % 100 === 12 ? month + 89 : month + 1;
}
