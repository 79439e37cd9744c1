import { expect, test } from "vitest";
import { periodColumn, unitColumn, valueColumns } from "../src/result/columns.ts";
import { chartsOf, told } from "../src/result/figures.ts";
import { labelsOf, runsOf, silencesOf } from "../src/result/Lines.tsx";
import { tableOf } from "../src/result/table.ts";

const point = (code: string, value: string | null, comparator = "EQUAL") => ({ period: { code }, value, comparator });

test("a metric over time is a line, with its unit, its bounds and its gaps", () => {
  const nodes = [point("2024", "70"), point("2021", "40", "MORE_THAN"), point("2023", null), point("2022", "50")];
  const table = tableOf({ metric: { name: "Adoption", unit: { symbol: "%" }, observations: { nodes } } });
  const [chart, ...more] = chartsOf(table, "observations.value");
  expect(more).toEqual([]);
  expect(chart).toMatchObject({ kind: "lines", title: "Adoption", unit: "%" });
  const sorted = [...chart!.figures].sort((a, b) => a.begins! - b.begins!);
  expect(sorted.map(({ period, value, bound }) => [period, value, bound])).toEqual([
    ["2021", 40, "more than"],
    ["2022", 50, ""],
    ["2023", null, ""],
    ["2024", 70, ""],
  ]);
  expect(runsOf(sorted).map((run) => run.length)).toEqual([2, 1]);
  expect(silencesOf(sorted)).toEqual([]);
  expect(told(sorted[0]!, "%")).toBe("2021: more than 40 %");
  expect(told(sorted[2]!, "%")).toBe("2023: no figure");
});

test("a line is dashed where the answer says nothing of the time between", () => {
  const nodes = [point("2021", "40"), point("2024", "70"), point("2025", null), point("2026", "80"), point("2027", "81")];
  const [chart] = chartsOf(tableOf({ metric: { observations: { nodes } } }), "observations.value");
  const periods = (figures: { period: string }[]) => figures.map(({ period }) => period);
  expect(runsOf(chart!.figures).map(periods)).toEqual([["2021"], ["2024"], ["2026", "2027"]]);
  expect(silencesOf(chart!.figures).map(periods)).toEqual([["2021", "2024"]]);
});

test("there is a line for each district", () => {
  const of = (name: string) => ({ name, observations: { nodes: [point("2024", "1"), point("2025", "2")] } });
  const [chart] = chartsOf(tableOf({ districts: { nodes: [of("Haidian"), of("Miyun")] } }), "observations.value");
  expect(chart!.kind).toBe("lines");
  expect(labelsOf(chart!)).toEqual(["Haidian", "Miyun"]);
});

test("the gaps of a series are missing figures of the same unit", () => {
  const observation = (code: string, value: string) => ({ value, period: { code }, unit: { symbol: "CNY" } });
  const points = [
    { period: { code: "2023" }, observation: null },
    { period: { code: "2024" }, observation: observation("2024", "1") },
    { period: { code: "2025" }, observation: null },
    { period: { code: "2026" }, observation: observation("2026", "3") },
  ];
  const [chart, ...more] = chartsOf(tableOf({ metric: { series: { points } } }), "series.points.observation.value");
  expect(more).toEqual([]);
  expect(chart!.unit).toBe("CNY");
  expect(chart!.figures.map(({ period, value }) => [period, value])).toEqual([["2023", null], ["2024", 1], ["2025", null], ["2026", 3]]);
});

test("districts in one period are bars, and one without a figure has none", () => {
  const of = (name: string, nodes: unknown[]) => ({ name, observations: { nodes } });
  const table = tableOf({ districts: { nodes: [of("Haidian", [point("2025", "5", "NEARLY")]), of("Miyun", [point("2025", null)])] } });
  const [chart] = chartsOf(table, "observations.value");
  expect(chart).toMatchObject({ kind: "bars", title: "2025" });
  expect(chart!.figures.map((figure) => told(figure, ""))).toEqual(["Haidian, 2025: nearly 5", "Miyun, 2025: no figure"]);
});

test("unlike units are charts of their own", () => {
  const of = (name: string, symbol: string, value: string) => ({ value, metric: { name, unit: { symbol } } });
  const nodes = [of("GDP", "CNY", "2"), of("Share", "%", "40"), of("Debt", "CNY", "1")];
  const charts = chartsOf(tableOf({ observations: { nodes } }), "value");
  expect(charts.map(({ unit, figures }) => [unit, figures.map(({ label }) => label)])).toEqual([
    ["CNY", ["GDP", "Debt"]],
    ["%", ["Share"]],
  ]);
});

test("a change in percent is not in the metric's unit", () => {
  const table = tableOf({ observations: { nodes: [{ value: "2", unit: { symbol: "CNY" }, change: { percent: { value: "5" } } }] } });
  expect(unitColumn(table, "value")).toBe("unit.symbol");
  expect(unitColumn(table, "change.percent.value")).toBeUndefined();
});

test("codes and places are no figures", () => {
  const node = { code: "110108", latitude: "39.9", period: { code: "2025", start: "2025-01-01" }, count: 3, sum: { value: "7" } };
  const table = tableOf({ groups: [node, { ...node }] });
  expect(valueColumns(table)).toEqual(["sum.value", "count"]);
  expect(periodColumn(table, "sum.value")).toBe("period.code");
});
