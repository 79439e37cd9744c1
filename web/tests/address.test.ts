import { expect, test } from "vitest";
import { asked, isHarmless } from "../src/address.ts";

test("an address carries a query with its variables", () => {
  expect(asked("#query=%7Ba%7D&variables=%7B%7D")).toEqual({ query: "{a}", variables: "{}" });
  expect(asked("#query=%7Ba%7D")).toEqual({ query: "{a}", variables: "" });
  expect(asked("")).toBeUndefined();
});

test("only queries run by themselves", () => {
  expect(isHarmless("{ a } fragment F on A { b }")).toBe(true);
  for (const document of ["mutation { a }", "query A { a } mutation B { b }", "subscription { a }", "{"]) {
    expect(isHarmless(document)).toBe(false);
  }
});
