import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { examples } from "../build/examples.ts";

test("a README's queries with their groups, titles and variables", () => {
  const readme = [
    "## Places\n\n**A place, and more.** Text.\n\n```graphql\n{\n  a\n}\n```\n\n```json\n{}\n```\n",
    '**Page by\npage.**\n\n```graphql\nquery Own($n: Int) { b }\n```\n\n```json variables\n{ "n": 2 }\n```\n',
    "## Figures\n\n### Bounds\n\n**The figures that are only bounds and never end**\n\n```graphql\n{ c }\n```\n",
  ];
  expect(examples(readme.join("\n"))).toEqual([
    { group: "Places", title: "A place, and more", query: "# A place, and more\nquery Place {\n  a\n}" },
    { group: "Places", title: "Page by page", query: "# Page by page\nquery Own($n: Int) { b }", variables: '{ "n": 2 }' },
    {
      group: "Bounds",
      title: "The figures that are only bounds and never end",
      query: "# The figures that are only bounds and never end\nquery FiguresThatAreOnlyBounds { c }",
    },
  ]);
});

test("an example without a name is refused", () => {
  const named = "## Places\n\n**A place.**\n\n```graphql\n{ a }\n```\n";
  for (const readme of [named.replace("## Places", ""), named.replace("**A place.**", "A place."), `${named}\n\`\`\`graphql\n{ b }\n\`\`\`\n`]) {
    expect(() => examples(readme)).toThrow("README.md: no heading, or no bold title");
  }
});

test("the README's examples are found by their groups and names", () => {
  const found = examples(readFileSync(new URL("../../README.md", import.meta.url), "utf8"));
  const groups = [...new Set(found.map(({ group }) => group))];
  expect(groups.length).toBeGreaterThan(3);
  // Few enough to be taken in at a glance.
  for (const group of groups) expect(found.filter((one) => one.group === group).length).toBeLessThanOrEqual(6);
  expect(new Set(found.map(({ title }) => title)).size).toBe(found.length);
});
