/**
 * A GraphQL answer as a table, by the rule of the server's files (`src/http/file/table.rs`):
 *
 * - Objects inside one another become columns with dotted names, in the order of the answer:
 *   `period.code`.
 * - Each element of a list becomes a row, which repeats what stands outside of the list; so does each
 *   element of a list in a list. An empty list leaves the row it is in.
 * - `nodes`, `edges` and `node` are no part of a name. `pageInfo` is left out, and `totalCount` where
 *   the rows are there themselves.
 * - A list of plain values, a text in several languages and a GeoJSON shape stay one cell.
 * - Of a single field at the root the name is left out. Several fields without a list are a row each,
 *   and their names are the first column, `field`.
 *
 * Lists beside each other, of which the server makes no file, stand one below the other here: pairing
 * their elements would count them more than once.
 *
 * Values stay as they came: a decimal is the text it was, and what is missing stays missing.
 */
export interface Table {
  columns: string[];
  rows: Row[];
}

export type Cell = string | number | boolean | null;

/** The cells by column. A column without a cell has no meaning for the row; a null has no value. */
export type Row = Record<string, Cell>;

type Json = Cell | Json[] | { [key: string]: Json };

/** The rows of a part of the answer, and whether a list made them. */
interface Part {
  rows: Row[];
  listed: boolean;
}

export function tableOf(data: unknown): Table {
  const answer = (data ?? {}) as { [key: string]: Json };
  const fields = Object.entries(answer).map(([field, value]) => ({
    field,
    ...part(value, isPlain(value) ? field : ""),
  }));
  const told = rowsOf(answer, fields).filter((row) => Object.keys(row).length > 0);
  return { columns: columnsOf(told), rows: told };
}

function rowsOf(answer: { [key: string]: Json }, fields: (Part & { field: string })[]): Row[] {
  if (fields.length === 1) return fields[0]!.rows;
  if (fields.filter(({ listed }) => listed).length === 1) return part(answer, "").rows;
  return fields.flatMap(({ field, rows }) => rows.map((row) => ({ field, ...row })));
}

function part(value: Json, path: string, inEdge = false): Part {
  // An element of a list that is null itself has no column of its own.
  if (isPlain(value)) return { rows: [path ? { [path]: value } : {}], listed: false };
  if (Array.isArray(value)) return list(value, path, inEdge);
  if (isShape(value)) return { rows: [{ [path]: JSON.stringify(value) }], listed: false };
  const parts: Part[] = [];
  for (const [key, inner] of Object.entries(value)) {
    if (isAboutTheList(key, value)) continue;
    const transparent = (inEdge && key === "node") || isRows(key, inner);
    parts.push(part(inner, transparent ? path : join(path, key), key === "edges"));
  }
  const lists = parts.filter(({ listed }) => listed);
  const rows = lists.flatMap((list) => list.rows.map((row) => inPlace(parts, list, row)));
  return { rows: rows.length ? rows : [inPlace(parts)], listed: lists.length > 0 };
}

/** A row of one of the lists, with what stands outside of them, in the order of the answer. */
function inPlace(parts: Part[], list?: Part, row?: Row): Row {
  const cells = parts.map((one) => (one === list ? row : one.listed ? {} : one.rows[0]));
  return Object.assign({}, ...cells) as Row;
}

function list(values: Json[], path: string, inEdge: boolean): Part {
  if (values.length && values.every(isPlain)) {
    return { rows: [{ [path]: values.map((value) => value ?? "").join("; ") }], listed: false };
  }
  if (values.length && values.every(isText)) {
    return { rows: [{ [path]: values.map(({ language, text }) => `${language}: ${text}`).join("; ") }], listed: false };
  }
  return { rows: values.flatMap((value) => part(value, path, inEdge).rows), listed: true };
}

/**
 * In the order of the answer: a column that a row is the first to have stands before the next one of
 * that row. What is an object in one row and null in another has the columns of the object.
 */
function columnsOf(rows: Row[]): string[] {
  const columns: string[] = [];
  const filled = new Set<string>();
  for (const row of rows) {
    let next = columns.length;
    for (const [column, cell] of Object.entries(row).reverse()) {
      const place = columns.indexOf(column);
      if (place < 0) columns.splice(next, 0, column);
      else next = place;
      if (cell !== null) filled.add(column);
    }
  }
  const isObjectElsewhere = (column: string) => columns.some((other) => other.startsWith(`${column}.`));
  return columns.filter((column) => filled.has(column) || !isObjectElsewhere(column));
}

function join(path: string, key: string): string {
  return path ? `${path}.${key}` : key;
}

function isPlain(value: Json): value is Cell {
  return value === null || typeof value !== "object";
}

function isText(value: Json): value is { language: string; text: string } {
  return !isPlain(value) && Object.keys(value).sort().join() === "language,text";
}

function isShape(value: { [key: string]: Json }): boolean {
  return typeof value.type === "string" && ("coordinates" in value || "geometries" in value);
}

function isRows(key: string, value: Json): boolean {
  return (key === "nodes" || key === "edges") && Array.isArray(value);
}

function isAboutTheList(key: string, beside: { [key: string]: Json }): boolean {
  if (key === "totalCount") return Object.entries(beside).some(([key, value]) => isRows(key, value));
  return key === "pageInfo" || key === "__typename";
}
