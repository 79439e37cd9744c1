import { useId } from "react";
import { type Chart, told } from "./figures.ts";
import { scale, short, ticksOf } from "./scale.ts";

const ROW = 28;
const HEAD = 22;

/** Bars from zero, one below the other; a bound is hatched, a missing figure has no bar. */
export function Bars({ chart, width }: { chart: Chart; width: number }) {
  const hatched = useId();
  const values = chart.figures.flatMap(({ value }) => value ?? []);
  const ticks = ticksOf(Math.min(0, ...values), Math.max(0, ...values));
  const names = Math.min(220, width * 0.4);
  const letters = Math.floor(names / 7);
  const x = scale([ticks[0]!, ticks.at(-1)!], [names, width - 24]);
  const height = HEAD + chart.figures.length * ROW + 8;
  return (
    <svg role="img" aria-label={chart.title || "Bars"} className="chart" width={width} height={height}>
      <title>{`${chart.title || "Bars"}: ${chart.figures.length} figures`}</title>
      <pattern id={hatched} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect className="ground" width="6" height="6" />
        <rect className="color-0" width="3" height="6" />
      </pattern>
      {ticks.map((tick) => (
        <g key={tick} className={tick === 0 ? "zero" : "tick"}>
          <line x1={x(tick)} x2={x(tick)} y1={HEAD} y2={height - 4} />
          <text x={x(tick)} y={HEAD - 8} textAnchor="middle">{short(tick)}</text>
        </g>
      ))}
      {chart.figures.map((figure, index) => {
        const { label, value, bound } = figure;
        const y = HEAD + index * ROW;
        const [from, to] = [x(0), x(value ?? 0)];
        return (
          <g key={index} data-bound={bound || undefined} data-missing={value === null || undefined}>
            <title>{told(figure, chart.unit)}</title>
            <rect className="hit" x="0" y={y} width={width} height={ROW} />
            <text className="name" x={names - 8} y={y + ROW / 2} textAnchor="end">{cut(label, letters)}</text>
            {value === null ? (
              <text className="none" x={from + 6} y={y + ROW / 2}>no figure</text>
            ) : (
              <rect
                className="color-0 mark"
                x={Math.min(from, to)}
                y={y + 5}
                width={Math.max(Math.abs(to - from), 1)}
                height={ROW - 10}
                {...(bound && { style: { fill: `url(#${hatched})` } })}
              />
            )}
          </g>
        );
      })}
    </svg>
  );
}

function cut(text: string, letters: number): string {
  return text.length > letters ? `${text.slice(0, letters - 1).trimEnd()}…` : text;
}
