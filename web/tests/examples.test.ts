import { expect, test } from "vitest";
import { examples } from "../build/examples.ts";

test("a README's queries with their titles and variables", () => {
  const readme = [
    "**A place, and more.** Text.\n\n```graphql\n{\n  a\n}\n```\n\n```json\n{}\n```\n",
    '**Page by\npage.**\n\n```graphql\nquery Own($n: Int) { b }\n```\n\n```json variables\n{ "n": 2 }\n```\n',
    "**The figures that are only bounds and never end**\n\n```graphql\n{ c }\n```\n",
  ];
  expect(examples(readme.join("\n"))).toEqual([
    { query: "# A place, and more.\nquery Place {\n  a\n}" },
    { query: "# Page by page.\nquery Own($n: Int) { b }", variables: '{ "n": 2 }' },
    { query: "# The figures that are only bounds and never end\nquery FiguresThatAreOnlyBounds { c }" },
  ]);
});
