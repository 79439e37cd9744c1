import { expect, test } from "vitest";
import { scale, short, ticksOf } from "../src/result/scale.ts";

test.each([
  [0, 100, [0, 20, 40, 60, 80, 100]],
  [40, 70, [40, 50, 60, 70]],
  [-3, 7, [-4, -2, 0, 2, 4, 6, 8]],
  [0, 0.3, [0, 0.1, 0.2, 0.3]],
  [0, 2.4e12, [0, 5e11, 1e12, 1.5e12, 2e12, 2.5e12]],
  [5, 5, [0, 1, 2, 3, 4, 5]],
  [0, 0, [0, 1]],
])("from %d to %d", (least, most, ticks) => {
  expect(ticksOf(least, most)).toEqual(ticks);
});

test("a range is mapped onto a stretch", () => {
  const y = scale([0, 10], [100, 0]);
  expect([y(0), y(5), y(10)]).toEqual([100, 50, 0]);
  expect(scale([3, 3], [0, 10])(3)).toBe(5);
});

test("numbers beside an axis are short", () => {
  expect([2.4e12, 153400, 0.3, -5].map(short)).toEqual(["2.4T", "153.4K", "0.3", "-5"]);
});
