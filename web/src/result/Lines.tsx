import { type Chart, type Figure, told } from "./figures.ts";
import { adjoin } from "./period.ts";
import { scale, short, ticksOf } from "./scale.ts";

const HEIGHT = 280;
const [LEFT, RIGHT, TOP, BOTTOM] = [56, 24, 12, 30];

/**
 * Lines over time. A bound has a hollow mark, and a missing figure breaks its line; where the answer
 * says nothing of the time between two figures, the line is dashed.
 */
export function Lines({ chart, width }: { chart: Chart; width: number }) {
  const figures = chart.figures.filter(({ begins }) => begins !== undefined);
  const days = figures.map(({ begins }) => begins!);
  const values = figures.flatMap(({ value }) => value ?? []);
  const ticks = values.length ? ticksOf(Math.min(...values), Math.max(...values)) : ticksOf(0, 1);
  const x = scale([Math.min(...days), Math.max(...days)], [LEFT + 16, width - RIGHT]);
  const y = scale([ticks[0]!, ticks.at(-1)!], [HEIGHT - BOTTOM, TOP]);
  const labels = labelsOf(chart);
  const periods = thinned([...new Map(figures.map(({ begins, period }) => [begins!, period]))], (width - LEFT) / 64);
  return (
    <svg role="img" aria-label={chart.title || "Lines"} className="chart" width={width} height={HEIGHT}>
      <title>{`${chart.title || "Lines"}: ${figures.length} figures`}</title>
      {ticks.map((tick) => (
        <g key={tick} className={tick === 0 ? "zero" : "tick"}>
          <line x1={LEFT} x2={width - RIGHT} y1={y(tick)} y2={y(tick)} />
          <text x={LEFT - 8} y={y(tick)} textAnchor="end">{short(tick)}</text>
        </g>
      ))}
      {periods.map(([begins, period]) => (
        <text key={begins} className="period" x={x(begins)} y={HEIGHT - BOTTOM + 18} textAnchor="middle">{period}</text>
      ))}
      {labels.map((label, index) => {
        const own = figures.filter((figure) => figure.label === label).sort((a, b) => a.begins! - b.begins!);
        return (
          <g key={label} className={`line color-${index % 8}`}>
            {runsOf(own).map((run) => (
              <polyline key={run[0]!.period} points={run.map((one) => `${x(one.begins!)},${y(one.value!)}`).join(" ")} />
            ))}
            {silencesOf(own).map(([from, to]) => (
              <line key={from.period} x1={x(from.begins!)} y1={y(from.value!)} x2={x(to.begins!)} y2={y(to.value!)} />
            ))}
            {own.filter(({ value }) => value !== null).map((figure, place) => (
              <circle
                key={place}
                className={figure.bound ? "mark hollow" : "mark"}
                data-bound={figure.bound || undefined}
                cx={x(figure.begins!)}
                cy={y(figure.value!)}
                r={figure.bound ? 5 : 4}
              >
                <title>{told(figure, chart.unit)}</title>
              </circle>
            ))}
          </g>
        );
      })}
    </svg>
  );
}

/** The lines there are, in order of appearance. */
export function labelsOf({ figures }: Chart): string[] {
  return [...new Set(figures.map(({ label }) => label))];
}

/** The stretches in which one figure follows the other. */
export function runsOf(figures: Figure[]): Figure[][] {
  const runs: Figure[][] = [];
  let before: Figure | undefined;
  for (const figure of figures) {
    if (figure.value !== null) {
      if (before && before.value !== null && adjoin(before.period, figure.period)) runs.at(-1)!.push(figure);
      else runs.push([figure]);
    }
    before = figure;
  }
  return runs;
}

/** Figures one after the other, with a time between that the answer does not speak of. */
export function silencesOf(figures: Figure[]): [Figure, Figure][] {
  const pairs = figures.slice(1).map((figure, index): [Figure, Figure] => [figures[index]!, figure]);
  return pairs.filter(([from, to]) => from.value !== null && to.value !== null && !adjoin(from.period, to.period));
}

/** Evenly fewer, so that their names have room. */
function thinned<T>(all: T[], most: number): T[] {
  const step = Math.ceil(all.length / Math.max(most, 1));
  return all.filter((_, index) => index % step === 0);
}
