import { isNumeric, last, parent } from "./columns.ts";
import type { Cell, Table } from "./table.ts";

/** The rows shown at the most; the CSV file has all of them. */
const MOST = 1000;

export function TableView({ table }: { table: Table }) {
  const { columns, rows } = table;
  return (
    <>
      {/* Reached by the keyboard, for it scrolls. */}
      <div className="table" tabIndex={0} role="region" aria-label="The result as a table">
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col" title={column}>
                  <small>{last(parent(column))}</small> {last(column)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, MOST).map((row, index) => (
              <tr key={index}>
                {columns.map((column) => <Value key={column} cell={row[column]} />)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > MOST && <p className="hint">The first {MOST} of {rows.length} rows; the CSV file has all.</p>}
    </>
  );
}

function Value({ cell }: { cell: Cell | undefined }) {
  if (cell === undefined) return <td />;
  if (cell === null) return <td className="null" title="null: there is no value">–</td>;
  const text = String(cell);
  return <td dir="auto" className={isNumeric(cell) ? "number" : text.length > 40 ? "long" : undefined}>{text}</td>;
}
