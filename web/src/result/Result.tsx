import { type GraphiQLPlugin, useGraphiQL } from "@graphiql/react";
import { useMemo, useState } from "react";
import { Charts } from "./Charts.tsx";
import { csvOf } from "./csv.ts";
import { type Table, tableOf } from "./table.ts";
import { TableView } from "./TableView.tsx";

/** The plugin that shows the answer as a table and as a chart. */
export const RESULT_PLUGIN: GraphiQLPlugin = { title: "Result", icon: Icon, content: Result };

const VIEWS = ["Table", "Chart"] as const;

function Result() {
  const tab = useGraphiQL((state) => state.tabs[state.activeTabIndex]);
  const response = tab?.response ?? "";
  const answer = useMemo(() => read(response), [response]);
  const [view, setView] = useState<(typeof VIEWS)[number]>("Table");
  const { table, errors } = answer;
  return (
    <section className="result" aria-label="Result">
      <header>
        <h2>Result</h2>
        <div className="views" role="group" aria-label="Show as">
          {VIEWS.map((one) => (
            <button key={one} type="button" aria-pressed={one === view} onClick={() => setView(one)}>{one}</button>
          ))}
        </div>
        <button type="button" disabled={!table.rows.length} onClick={() => download(table, tab?.title)}>
          Download CSV
        </button>
      </header>
      {errors > 0 && (
        <p role="status" className="errors">
          The answer has {errors === 1 ? "an error" : `${errors} errors`}: what failed is missing here.
        </p>
      )}
      {!table.rows.length && <p className="hint">{response ? "The answer has no rows." : "Run a query, and its answer is here."}</p>}
      {table.rows.length > 0 && (view === "Table" ? <TableView table={table} /> : <Charts table={table} />)}
      {table.rows.length > 0 && (
        <footer className="hint">
          {count(table.rows.length, "row")}, {count(table.columns.length, "column")}. Each element of a list is a row.
        </footer>
      )}
    </section>
  );
}

/** The answer of a tab, which is text; nothing where it is no answer. */
function read(response: string): { table: Table; errors: number } {
  try {
    const { data, errors } = JSON.parse(response) as { data?: unknown; errors?: unknown };
    return { table: tableOf(data), errors: Array.isArray(errors) ? errors.length : 0 };
  } catch {
    return { table: { columns: [], rows: [] }, errors: 0 };
  }
}

function download(table: Table, title: string | undefined): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csvOf(table)], { type: "text/csv;charset=utf-8" }));
  link.download = `${title?.replace(/\W+/g, "") || "result"}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function Icon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" aria-hidden="true">
      <path d="M3 3v18h18M8 17v-5M13 17V6M18 17v-8" />
    </svg>
  );
}
