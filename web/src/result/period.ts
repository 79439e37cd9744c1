const DAY = 24 * 60 * 60 * 1000;

/**
 * The first day of a period such as `2025`, `2025-S1`, `2025-Q1`, `2025-06`, `2025-W05`, `2025-06-30`
 * or `2021/2025`, in milliseconds since 1970; undefined for anything else.
 */
export function begins(code: unknown): number | undefined {
  if (typeof code !== "string") return undefined;
  const [first, last, ...more] = code.split("/");
  const start = beginsOne(first!);
  const complete = more.length === 0 && (last === undefined || beginsOne(last) !== undefined);
  return complete ? start : undefined;
}

function beginsOne(code: string): number | undefined {
  const match = /^(\d{4})(?:-(?:S([12])|Q([1-4])|W(\d\d)|(\d\d)(?:-(\d\d))?))?$/.exec(code);
  if (!match) return undefined;
  const [half, quarter, week, month, day] = match.slice(2).map((part) => (part ? Number(part) : undefined));
  const year = Number(match[1]);
  if (week !== undefined) return weekBegins(year, week);
  const months = half ? (half - 1) * 6 : quarter ? (quarter - 1) * 3 : (month ?? 1) - 1;
  return Date.UTC(year, months, day ?? 1);
}

/** The Monday of a week (ISO 8601): the first week is that of 4 January. */
function weekBegins(year: number, week: number): number {
  const fourth = Date.UTC(year, 0, 4);
  const sinceMonday = (new Date(fourth).getUTCDay() + 6) % 7;
  return fourth + ((week - 1) * 7 - sinceMonday) * DAY;
}
