/**
 * A GraphQL answer as a table. The rule:
 *
 * - Objects inside one another become columns with dotted names: `period.code`.
 * - Each element of a list becomes a row, which repeats what stands outside of the list. A list in a
 *   list multiplies rows; lists beside each other stand one below the other, for pairing their
 *   elements would count them more than once. An empty list leaves the row it is in.
 * - `nodes`, `edges` and `node` are no part of a name. `pageInfo` is left out, and `totalCount` where
 *   the rows are there themselves.
 * - A text in several languages, `names { language text }`, becomes a column for each: `names.zh`.
 * - A list of plain values and a GeoJSON shape stay one cell.
 * - The name of the field at the root is left out where there is one field, and the first column,
 *   `field`, where there are several.
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
  const fields = Object.entries((data ?? {}) as { [key: string]: Json });
  const rows = fields.flatMap(([field, value]) => {
    const { rows } = part(value, isPlain(value) ? field : "");
    return fields.length === 1 ? rows : rows.map((row) => ({ field, ...row }));
  });
  const told = rows.filter((row) => Object.keys(row).length > 0);
  return { columns: columnsOf(told), rows: told };
}

function part(value: Json, path: string, inEdge = false): Part {
  // An element of a list that is null itself has no column of its own.
  if (isPlain(value)) return { rows: [path ? { [path]: value } : {}], listed: false };
  if (Array.isArray(value)) return list(value, path, inEdge);
  if (isShape(value)) return { rows: [{ [path]: JSON.stringify(value) }], listed: false };
  const single: Row = {};
  const lists: Row[] = [];
  let listed = false;
  for (const [key, inner] of Object.entries(value)) {
    if (isAboutTheList(key, value)) continue;
    const transparent = (inEdge && key === "node") || isRows(key, inner);
    const of = part(inner, transparent ? path : join(path, key), key === "edges");
    if (of.listed) {
      listed = true;
      lists.push(...of.rows);
    } else {
      Object.assign(single, of.rows[0]);
    }
  }
  const rows = lists.length ? lists.map((row) => ({ ...single, ...row })) : [single];
  return { rows, listed };
}

function list(values: Json[], path: string, inEdge: boolean): Part {
  if (values.length && values.every(isText)) {
    const texts = values.map(({ language, text }) => [join(path, language), text]);
    return { rows: [Object.fromEntries(texts) as Row], listed: false };
  }
  if (values.length && values.every(isPlain)) {
    return { rows: [{ [path]: values.map((value) => value ?? "").join("; ") }], listed: false };
  }
  return { rows: values.flatMap((value) => part(value, path, inEdge).rows), listed: true };
}

/** In order of appearance; the columns of an object stand where it was null before. */
function columnsOf(rows: Row[]): string[] {
  const seen = new Set<string>();
  const filled = new Set<string>();
  for (const row of rows) {
    for (const [column, cell] of Object.entries(row)) {
      seen.add(column);
      if (cell !== null) filled.add(column);
    }
  }
  const inside = (column: string) => [...seen].filter((other) => other.startsWith(`${column}.`));
  const placed = [...seen].flatMap((column) => {
    const parts = filled.has(column) ? [] : inside(column);
    return parts.length ? parts : [column];
  });
  const stubs = new Set([...seen].filter((column) => !filled.has(column) && inside(column).length));
  return [...new Set(placed)].filter((column) => !stubs.has(column));
}

function join(path: string, key: string): string {
  return path ? `${path}.${key}` : key;
}

function isPlain(value: Json): value is Cell {
  return value === null || typeof value !== "object";
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return value !== undefined && !isPlain(value) && !Array.isArray(value);
}

function isText(value: Json): value is { language: string; text: string } {
  return isObject(value) && Object.keys(value).sort().join() === "language,text";
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
