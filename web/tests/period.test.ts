import { expect, test } from "vitest";
import { adjoin, begins } from "../src/result/period.ts";

test.each([
  ["2025", "2025-01-01"],
  ["2025-S2", "2025-07-01"],
  ["2025-Q4", "2025-10-01"],
  ["2025-06", "2025-06-01"],
  ["2025-W01", "2024-12-30"],
  ["2026-W53", "2026-12-28"],
  ["2025-06-30", "2025-06-30"],
  ["2021/2025", "2021-01-01"],
])("%s begins on %s", (code, day) => {
  expect(begins(code)).toBe(Date.parse(day));
});

test.each(["", "110108", "2025-S3", "2025-Q", "2025-06-30T00:00:00Z", "2021/", "2021/2022/2023", "x", 2025, null])(
  "%s is no period",
  (code) => {
    expect(begins(code)).toBeUndefined();
  },
);

test.each([
  ["2024", "2025"],
  ["2024-S1", "2024-S2"],
  ["2024-Q4", "2025-Q1"],
  ["2024-12", "2025-01"],
  ["2024-W52", "2025-W01"],
  ["2024-02-28", "2024-02-29"],
  ["2021/2023", "2024"],
  ["2024", "2024-Q1"],
])("%s and %s adjoin", (earlier, later) => {
  expect(adjoin(earlier, later)).toBe(true);
});

test.each([["2021", "2024"], ["2024-Q1", "2024-Q3"], ["2024-02-28", "2024-03-01"], ["2024", "x"]])(
  "something lies between %s and %s",
  (earlier, later) => {
    expect(adjoin(earlier, later)).toBe(false);
  },
);
