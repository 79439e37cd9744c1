import { expect, test } from "vitest";
import { csvOf } from "../src/result/csv.ts";

function cells(...values: (string | number | boolean | null)[]): string {
  const rows = values.map((value) => ({ a: value }));
  return csvOf({ columns: ["a"], rows }).slice("\uFEFFa\r\n".length);
}

test("rows end as the standard says, and what is missing is empty", () => {
  const rows = [{ name: "北京", value: "70" }, { name: null }];
  expect(csvOf({ columns: ["name", "value"], rows })).toBe("\uFEFFname,value\r\n北京,70\r\n,\r\n");
});

test("what would break a row is quoted", () => {
  expect(cells('say "it"', "a,b", "a\nb")).toBe('"say ""it"""\r\n"a,b"\r\n"a\nb"\r\n');
});

test("no text is a formula", () => {
  expect(cells("=1+1", "+1 2", "@SUM(A1)", "-cmd|' /C calc'!A0", "\t=1", "  =1", "＝1", "=a,b")).toBe(
    ["'=1+1", "'+1 2", "'@SUM(A1)", "'-cmd|' /C calc'!A0", "'\t=1", "'  =1", "'＝1", '"\'=a,b"', ""].join("\r\n"),
  );
});

test("numbers stay the numbers they were", () => {
  expect(cells("-3.50", "2400000000000.10", 0, true)).toBe("-3.50\r\n2400000000000.10\r\n0\r\ntrue\r\n");
});
