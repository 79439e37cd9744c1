const DAY = 24 * 60 * 60 * 1000;

/**
 * The first day of a period such as `2025`, `2025-S1`, `2025-Q1`, `2025-06`, `2025-W05`, `2025-06-30`
 * or `2021/2025`, in milliseconds since 1970; undefined for anything else.
 */
export function begins(code: unknown): number | undefined {
  return typeof code === "string" ? days(code)?.[0] : undefined;
}

/** Whether nothing lies between two periods, the first of which is the earlier. */
export function adjoin(earlier: string, later: string): boolean {
  const [before, after] = [days(earlier), days(later)];
  return before !== undefined && after !== undefined && after[0] <= before[1];
}

/** The first day of a period, and the first after it. */
function days(code: string): [number, number] | undefined {
  const [first, last, ...more] = code.split("/").map(daysOfOne);
  if (!first || more.length) return undefined;
  if (!code.includes("/")) return first;
  return last && [first[0], last[1]];
}

function daysOfOne(code: string): [number, number] | undefined {
  const match = /^(\d{4})(?:-(?:S([12])|Q([1-4])|W(\d\d)|(\d\d)(?:-(\d\d))?))?$/.exec(code);
  if (!match) return undefined;
  const [half, quarter, week, month, day] = match.slice(2).map((part) => (part ? Number(part) : undefined));
  const year = Number(match[1]);
  if (week !== undefined) return [weekBegins(year, week), weekBegins(year, week + 1)];
  if (month !== undefined && day !== undefined) return [Date.UTC(year, month - 1, day), Date.UTC(year, month - 1, day + 1)];
  const months = half ? 6 : quarter ? 3 : month ? 1 : 12;
  const first = ((half ?? quarter ?? month ?? 1) - 1) * months;
  return [Date.UTC(year, first), Date.UTC(year, first + months)];
}

/** The Monday of a week (ISO 8601): the first week is that of 4 January. */
function weekBegins(year: number, week: number): number {
  const fourth = Date.UTC(year, 0, 4);
  const sinceMonday = (new Date(fourth).getUTCDay() + 6) % 7;
  return fourth + ((week - 1) * 7 - sinceMonday) * DAY;
}
