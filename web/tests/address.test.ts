import { expect, test } from "vitest";
import { asked, isHarmless } from "../src/address.ts";

test("an address carries a query with its variables", () => {
  const none = { hash: "", search: "" };
  const text = "query=%7Ba%7D&variables=%7B%7D&operationName=A";
  const all = { query: "{a}", variables: "{}", operationName: "A" };
  expect(asked({ ...none, hash: `#${text}` })).toEqual(all);
  expect(asked({ ...none, search: `?${text}` })).toEqual(all);
  expect(asked({ ...none, search: "?query=%7Ba%7D" })).toEqual({ query: "{a}", variables: "" });
  // What was asked for last stands in the fragment.
  expect(asked({ hash: "#query=%7Bb%7D", search: `?${text}` })).toEqual({ query: "{b}", variables: "" });
  expect(asked({ hash: "#elsewhere", search: `?${text}` })).toEqual(all);
  for (const search of ["", "?", "?query=", "?variables=%7B%7D"]) expect(asked({ ...none, search })).toBeUndefined();
});

test("only queries run by themselves", () => {
  expect(isHarmless("{ a } fragment F on A { b }")).toBe(true);
  for (const document of ["mutation { a }", "query A { a } mutation B { b }", "subscription { a }", "{"]) {
    expect(isHarmless(document)).toBe(false);
  }
});
