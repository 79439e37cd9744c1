import { boundOf } from "./bound.ts";
import { comparatorColumn, labelColumns, last, parent, periodColumn, unitColumn } from "./columns.ts";
import { begins } from "./period.ts";
import type { Row, Table } from "./table.ts";

/** A figure to draw. */
export interface Figure {
  /** What it is of, in the words that tell it from the others. */
  label: string;
  /** The code of its period, and its first day; none where no period was asked for. */
  period: string;
  begins: number | undefined;
  /** The value as it came, and as near as a drawing needs it; null where there is none. */
  text: string | null;
  value: number | null;
  /** "more than" and the like; empty for an exact value. */
  bound: string;
}

/** Figures of one unit: lines over periods, one for each label, or else bars, one for each figure. */
export interface Chart {
  kind: "lines" | "bars";
  title: string;
  unit: string;
  figures: Figure[];
}

/** The charts of a column of figures: one for each unit, or metric where no unit was asked for. */
export function chartsOf(table: Table, value: string): Chart[] {
  const rows = table.rows.filter((row) => row[value] !== undefined || hasFigure(row, value));
  const unit = unitColumn(table, value);
  const metric = table.columns.find((column) => /(^|\.)metric\.(name|slug)$/.test(column));
  const facet = unit ?? metric;
  const facets = facetsOf(rows, value, facet);
  const each = [...new Set(facets)].map((one) => rows.filter((_, index) => facets[index] === one));
  return each.map((rows) => chart({ columns: table.columns, rows }, value, unit));
}

/** The facet of each row; that of a missing figure without one is its neighbour's. */
function facetsOf(rows: Row[], value: string, facet: string | undefined): string[] {
  const known = rows.map((row) => (of(row, facet) || (row[value] ?? null) !== null ? of(row, facet) : undefined));
  const first = known.find((one) => one !== undefined) ?? "";
  return known.map((one, index) => one ?? known.slice(0, index).findLast((one) => one !== undefined) ?? first);
}

/** An observation that is null itself is a gap of its period, which has the place of the figure. */
function hasFigure(row: Row, value: string): boolean {
  return row[parent(value)] === null;
}

function chart(table: Table, value: string, unitColumn: string | undefined): Chart {
  const period = periodColumn(table, value);
  const comparator = comparatorColumn(table, value);
  const labels = labelColumns(table);
  const overTime = (chosen: string[]) => key([...chosen, ...(period ? [period] : [])]);
  const distinct = (columns: string[]) => new Set(table.rows.map(key(columns))).size;
  const lines = tellingApart(table.rows, labels, overTime);
  const periods = period ? distinct([period]) : 0;
  const kind = period && periods > 1 && distinct(lines) < table.rows.length ? "lines" : "bars";
  const chosen = kind === "lines" ? lines : tellingApart(table.rows, labels, key);
  const shown = kind === "bars" && chosen.length === 0 ? labels.slice(0, 1) : chosen;
  const withPeriod = kind === "bars" && period && periods > 1 ? [...shown, period] : shown;
  const figures = table.rows.map((row): Figure => {
    const text = row[value] ?? null;
    const code = of(row, period);
    return {
      label: words(row, withPeriod),
      period: code,
      begins: begins(code),
      text: text === null ? null : String(text),
      value: text === null ? null : Number(text),
      bound: comparator ? boundOf(row[comparator]) : "",
    };
  });
  const common = labels.filter((column) => /^(name|title)$/.test(last(column)) && distinct([column]) === 1);
  const always = common.filter((column) => !withPeriod.includes(column)).slice(0, 2);
  const when = kind === "bars" && periods === 1 ? of(table.rows[0]!, period) : "";
  const what = last(value) === "value" ? last(parent(value)).replace(/^observations?$/, "") : last(value);
  const title = [words(table.rows[0]!, always), what, when].filter(Boolean).join(" · ");
  const unit = table.rows.map((row) => of(row, unitColumn)).find(Boolean) ?? "";
  return { kind, title, unit, figures };
}

function of(row: Row, column: string | undefined): string {
  return column ? String(row[column] ?? "") : "";
}

/** The fewest labels, best first, that leave no two rows alike, or as few as can be. */
function tellingApart(rows: Row[], labels: string[], by: (columns: string[]) => (row: Row) => string): string[] {
  const count = (columns: string[]) => new Set(rows.map(by(columns))).size;
  return labels.reduce<string[]>(
    (chosen, label) => (count([...chosen, label]) > count(chosen) ? [...chosen, label] : chosen),
    [],
  );
}

function key(columns: string[]): (row: Row) => string {
  return (row) => JSON.stringify(columns.map((column) => row[column] ?? null));
}

function words(row: Row, columns: string[]): string {
  return columns.flatMap((column) => row[column] ?? []).join(" · ");
}

/** A figure in words, as exact as it came. */
export function told({ label, period, text, bound }: Figure, unit: string): string {
  const number = text === null ? "no figure" : [bound, text, unit].filter(Boolean).join(" ");
  return [label, period].filter(Boolean).join(", ") + (label || period ? ": " : "") + number;
}
