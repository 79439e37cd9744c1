import type { Cell, Table } from "./table.ts";

/**
 * The table as CSV (RFC 4180). The mark at the beginning tells spreadsheets that it is UTF-8. A text
 * that a spreadsheet would run as a formula gets an apostrophe before it; numbers stay numbers.
 */
export function csvOf({ columns, rows }: Table): string {
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column] ?? null))];
  return `\uFEFF${lines.map((cells) => `${line(cells)}\r\n`).join("")}`;
}

/** A row of one empty cell has quotes, for without them it would be no row. */
function line(cells: Cell[]): string {
  return cells.map(field).join(",") || '""';
}

function field(cell: Cell): string {
  const text = harmless(cell === null ? "" : String(cell));
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function harmless(text: string): string {
  const number = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text);
  return !number && /^\s*[=+\-@＝＋－＠\t\r\n]/u.test(text) ? `'${text}` : text;
}
