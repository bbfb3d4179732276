/** The middle value; of an even count the mean of the two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** One row of the results: what was measured, the goal, and the medians of both. */
export interface Row {
  readonly what: string;
  readonly goal: string;
  readonly ours: number;
  readonly theirs: number;
  readonly unit: string;
  /** Whether more is better (a rate) or less (a time, a size). */
  readonly more: boolean;
}

export function ratio({ ours, theirs, more }: Row): number {
  return more ? ours / theirs : theirs / ours;
}

/** A row of RESULTS.md. */
export function format(row: Row): string {
  const show = (value: number) => (value >= 100 ? value.toFixed(0) : value.toFixed(1));
  return `| ${row.what} | ${row.goal} | ${show(row.ours)} | ${show(row.theirs)} | ${row.unit} | **${ratio(row).toFixed(2)}×** |`;
}

/** Runs both sides in turn `rounds` times, after one warm-up each, with a pause between; returns the medians. */
export async function inTurn(
  rounds: number,
  ours: () => Promise<number>,
  theirs: () => Promise<number>,
): Promise<{ ours: number; theirs: number }> {
  const mine: number[] = [];
  const other: number[] = [];
  await ours();
  await theirs();
  for (let round = 0; round < rounds; round++) {
    mine.push(await ours());
    await pause();
    other.push(await theirs());
    await pause();
  }
  return { ours: median(mine), theirs: median(other) };
}

/** Idle gaps matter: after one, the kernel's grace periods are at their slowest, as they are for a user. */
const pause = () => new Promise((wake) => setTimeout(wake, 80 + Math.random() * 80));
