import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { csvOf } from "../src/result/csv.ts";
import { tableOf } from "../src/result/table.ts";

interface Case {
  name: string;
  data: unknown;
  csv: string;
}
const CASES = readFileSync(new URL("../../src/http/file/cases.json", import.meta.url), "utf8");

test.each(JSON.parse(CASES) as Case[])("as the server has it: $name", ({ data, csv }) => {
  expect(csvOf(tableOf(data))).toBe(`\uFEFF${csv}`);
});

test("lists become rows, and objects columns", () => {
  const answer = {
    district: {
      name: "Beijing",
      initiatives: {
        totalCount: 2,
        pageInfo: { hasNextPage: false },
        nodes: [
          {
            title: "5G network",
            observations: {
              nodes: [
                { value: "70", period: { code: "2025" } },
                { value: "153400", period: { code: "2025" } },
              ],
            },
          },
          { title: "Model city", observations: { nodes: [] } },
        ],
      },
    },
  };
  expect(tableOf(answer)).toEqual({
    columns: ["name", "initiatives.title", "initiatives.observations.value", "initiatives.observations.period.code"],
    rows: [
      {
        name: "Beijing",
        "initiatives.title": "5G network",
        "initiatives.observations.value": "70",
        "initiatives.observations.period.code": "2025",
      },
      {
        name: "Beijing",
        "initiatives.title": "5G network",
        "initiatives.observations.value": "153400",
        "initiatives.observations.period.code": "2025",
      },
      { name: "Beijing", "initiatives.title": "Model city" },
    ],
  });
});

test("lists beside each other stand one below the other", () => {
  const answer = { a: { name: "x", one: [{ v: "1" }, { v: "2" }], two: [{ w: "3" }] } };
  expect(tableOf(answer).rows).toEqual([
    { name: "x", "one.v": "1" },
    { name: "x", "one.v": "2" },
    { name: "x", "two.w": "3" },
  ]);
});

test("edges are rows, with their cursors", () => {
  const answer = { units: { edges: [{ cursor: "a", node: { symbol: "%" } }, { cursor: "b", node: null }] } };
  expect(tableOf(answer)).toEqual({
    columns: ["cursor", "symbol"],
    rows: [{ cursor: "a", symbol: "%" }, { cursor: "b" }],
  });
});

test("a count stays where the rows are not there", () => {
  expect(tableOf({ district: { name: "Haidian", observations: { totalCount: 0 } } }).rows).toEqual([
    { name: "Haidian", "observations.totalCount": 0 },
  ]);
});

test("an object that is null in one row has its columns in place", () => {
  const nodes = [
    { title: "a", startedOn: null, kind: "X" },
    { title: "b", startedOn: { code: "2025" }, kind: "Y" },
  ];
  expect(tableOf({ initiatives: { nodes } }).columns).toEqual(["title", "startedOn.code", "kind"]);
  const gone = [{ title: "a", startedOn: null }];
  expect(tableOf({ initiatives: { nodes: gone } }).columns).toEqual(["title", "startedOn"]);
});

test("several fields at the root are told apart", () => {
  const answer = { first: { name: "x" }, second: { name: "y" }, third: null, count: 3 };
  expect(tableOf(answer)).toEqual({
    columns: ["field", "name", "third", "count"],
    rows: [
      { field: "first", name: "x" },
      { field: "second", name: "y" },
      { field: "third", third: null },
      { field: "count", count: 3 },
    ],
  });
});

test("plain lists and shapes stay one cell, and values as they came", () => {
  const geometry = { type: "Point", coordinates: [116.4, 39.9] };
  const answer = { dataset: { languages: ["ar", "en"], geometry, value: "2400000000000.10", __typename: "Dataset" } };
  expect(tableOf(answer).rows).toEqual([
    { languages: "ar; en", geometry: '{"type":"Point","coordinates":[116.4,39.9]}', value: "2400000000000.10" },
  ]);
});

test("no data are no rows", () => {
  for (const data of [undefined, null, {}, { districts: { nodes: [] } }]) expect(tableOf(data)).toEqual({ columns: [], rows: [] });
});
