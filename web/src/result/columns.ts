import { begins } from "./period.ts";
import type { Cell, Table } from "./table.ts";

/** Numbers that are no figures: they name, place or describe. */
const NO_FIGURES = new Set([
  ...["code", "slug", "id", "start", "end", "decimals", "multiplier", "revision", "version"],
  ...["latitude", "longitude", "name", "title", "locator", "text", "symbol", "factor"],
]);
const PERIODS = new Set(["period", "year", "quarter", "month"]);
const LABELS = new Set(["name", "title", "slug"]);
/** Whose texts say nothing about what is measured where. */
const ASIDE = new Set(["unit", "source", "claims", "scope", "inputs"]);
const NO_LABELS = new Set(["comparator", "status", "cursor", "id", "unitAsPrinted", "locator", "display", "text"]);
const UNITS = ["unit.symbol", "unit.name", "unit.slug"];

export function last(column: string): string {
  return column.slice(column.lastIndexOf(".") + 1);
}

export function parent(column: string): string {
  return column.slice(0, Math.max(column.lastIndexOf("."), 0));
}

function within(object: string, name: string): string {
  return object ? `${object}.${name}` : name;
}

function filled(table: Table, column: string): Cell[] {
  return table.rows.map((row) => row[column] ?? null).filter((cell) => cell !== null);
}

function all(table: Table, column: string, fits: (cell: Cell) => boolean): boolean {
  const cells = filled(table, column);
  return cells.length > 0 && cells.every(fits);
}

export function isNumeric(cell: Cell): boolean {
  return typeof cell === "number" || (typeof cell === "string" && /^-?\d+(\.\d+)?$/.test(cell));
}

/** The columns that can be drawn, those called `value` first. */
export function valueColumns(table: Table): string[] {
  const found = table.columns.filter(
    (column) =>
      !NO_FIGURES.has(last(column)) && !PERIODS.has(last(parent(column))) && all(table, column, isNumeric),
  );
  return found.sort((a, b) => Number(last(b) === "value") - Number(last(a) === "value"));
}

/** The column with the periods of a value: of those that say most of them the one nearest to it. */
export function periodColumn(table: Table, value: string): string | undefined {
  const found = table.columns.filter(
    (column) =>
      (PERIODS.has(last(column)) || PERIODS.has(last(parent(column)))) &&
      all(table, column, (cell) => begins(cell) !== undefined),
  );
  const rank = (column: string) => shared(column, value) * 4 - ["code", "start", "end"].indexOf(last(column));
  const told = (column: string) => filled(table, column).length;
  return found.sort((a, b) => told(b) - told(a) || rank(b) - rank(a))[0];
}

function shared(a: string, b: string): number {
  const other = b.split(".");
  const differs = a.split(".").findIndex((name, index) => name !== other[index]);
  return differs < 0 ? other.length : differs;
}

export function comparatorColumn(table: Table, value: string): string | undefined {
  const column = within(parent(value), "comparator");
  return table.columns.includes(column) ? column : undefined;
}

/**
 * The unit of a value: beside it, of its metric, or, for an observation, of the metric it is listed
 * by. Not any unit there is, for a change in percent of a metric in yuan is not in yuan.
 */
export function unitColumn(table: Table, value: string): string | undefined {
  const owners = [parent(value)];
  if (/^observations?$/.test(last(owners[0]!))) {
    while (owners.at(-1)) owners.push(parent(owners.at(-1)!));
  }
  const objects = owners.flatMap((owner) => [owner, within(owner, "metric")]);
  const wanted = objects.flatMap((object) => UNITS.map((unit) => within(object, unit)));
  return wanted.find((column) => table.columns.includes(column));
}

/** The columns whose texts can tell figures apart, the best first: places, metrics, other names. */
export function labelColumns(table: Table): string[] {
  const found = table.columns.filter(
    (column) =>
      !NO_LABELS.has(last(column)) &&
      !column.split(".").some((name) => ASIDE.has(name)) &&
      all(table, column, (cell) => typeof cell === "string" && cell.length <= 120 && !isNumeric(cell)) &&
      !all(table, column, (cell) => begins(cell) !== undefined),
  );
  return found.sort((a, b) => rank(table, a) - rank(table, b));
}

function rank(table: Table, column: string): number {
  const of = last(parent(column));
  const name = LABELS.has(last(column)) ? [...LABELS].indexOf(last(column)) / 10 : 0.5;
  const constant = all(table, column, (cell) => /^[A-Z_]+$/.test(String(cell)));
  if (constant) return 9;
  if (/district/i.test(of)) return name;
  if (/metric/i.test(of)) return 1 + name;
  return LABELS.has(last(column)) || column === "field" ? 2 + name : 5;
}
