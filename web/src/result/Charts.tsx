import { useEffect, useMemo, useRef, useState } from "react";
import { Bars } from "./Bars.tsx";
import { comparatorColumn, valueColumns } from "./columns.ts";
import { type Chart, chartsOf } from "./figures.ts";
import { labelsOf, Lines } from "./Lines.tsx";
import type { Table } from "./table.ts";

/** What is drawn at the most: more would not be looked at. */
const MOST = { charts: 12, bars: 60, lines: 12 };

export function Charts({ table }: { table: Table }) {
  const columns = valueColumns(table);
  const [asked, ask] = useState("");
  const value = columns.includes(asked) ? asked : columns[0];
  const [frame, width] = useWidth();
  const charts = useMemo(() => (value ? chartsOf(table, value) : []), [table, value]);
  return (
    <div className="charts" ref={frame}>
      {!value && <p className="hint">There is no column of figures to draw. Ask for a <code>value</code>.</p>}
      {columns.length > 1 && (
        <label>
          Figures <select value={value} onChange={(event) => ask(event.target.value)}>
            {columns.map((column) => <option key={column}>{column}</option>)}
          </select>
        </label>
      )}
      {charts.slice(0, MOST.charts).map((chart, index) => <One key={index} chart={chart} width={width} />)}
      {charts.length > MOST.charts && <p className="hint">{charts.length - MOST.charts} more charts are not drawn; the table has all figures.</p>}
      {value && <p className="hint">{legend(table, value)}</p>}
    </div>
  );
}

function One({ chart, width }: { chart: Chart; width: number }) {
  const lines = chart.kind === "lines";
  const labels = lines ? labelsOf(chart) : [];
  const kept = new Set(labels.slice(0, MOST.lines));
  const figures = lines ? chart.figures.filter(({ label }) => kept.has(label)) : chart.figures.slice(0, MOST.bars);
  const drawn = { ...chart, figures };
  const left = lines ? labels.length - kept.size : chart.figures.length - figures.length;
  return (
    <figure data-kind={chart.kind}>
      <figcaption>
        <bdi>{chart.title}</bdi>
        {chart.unit && <span className="unit"> in <bdi>{chart.unit}</bdi></span>}
      </figcaption>
      {lines ? <Lines chart={drawn} width={width} /> : <Bars chart={drawn} width={width} />}
      {kept.size > 1 && (
        <ul className="legend">
          {[...kept].map((label, index) => <li key={label} className={`color-${index % 8}`}><bdi>{label}</bdi></li>)}
        </ul>
      )}
      {left > 0 && <p className="hint">{left} more {lines ? "lines" : "bars"} are not drawn; the table has all figures.</p>}
    </figure>
  );
}

function legend(table: Table, value: string): string {
  return comparatorColumn(table, value)
    ? "Hollow marks and hatched bars are bounds or approximations. Gaps are missing figures; of the time along a dashed line the answer says nothing. Point at a figure to read it."
    : "Without its comparator a bound looks like an exact figure: ask for it beside the value.";
}

/** The width there is, followed as the pane is dragged. */
function useWidth(): [React.RefObject<HTMLDivElement | null>, number] {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(480);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.max(260, Math.floor(entry.contentRect.width))));
    observer.observe(frame.current!);
    return () => observer.disconnect();
  }, []);
  return [frame, width];
}
