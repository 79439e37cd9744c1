/** Round numbers that cover a range, some five of them, from below the least to above the most. */
export function ticksOf(least: number, most: number): number[] {
  if (least === most) return least === 0 ? [0, 1] : ticksOf(Math.min(0, least), Math.max(0, most));
  const rough = (most - least) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((one) => one * power >= rough) ?? 10) * power;
  const first = Math.floor(least / step);
  const count = Math.ceil(most / step) - first;
  // Multiples, not sums, else 0.1 + 0.2 shows.
  return Array.from({ length: count + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** Maps a range onto a stretch of the drawing. */
export function scale(from: readonly [number, number], to: readonly [number, number]) {
  const width = from[1] - from[0];
  return (value: number) => (width === 0 ? (to[0] + to[1]) / 2 : to[0] + ((value - from[0]) / width) * (to[1] - to[0]));
}

/** A number beside an axis, short; the figures themselves are shown as they came. */
export function short(value: number): string {
  return new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 }).format(value);
}
