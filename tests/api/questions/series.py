"""Metrics of a place over time."""

from decimal import Context, Decimal
from fractions import Fraction

from answers import COMPUTED, FIGURE, PERIOD, OneOf, Question, figure_told, period_told, slug
from changes import CHANGES, changes_told, missing
from computed import TOO_LARGE, no_value, quotient, quotient_comparator, rounded, sum_comparator, with_value
from data_set import DataSet, Figure, Initiative, Metric, Place
from draw import Draw
from latest import SeveralInitiatives, of_length, standing
from periods import MONTHS, Period, longest, months_between


class Series:
    """A metric of a place over time."""

    def __init__(self, data: DataSet, metric: Metric, place: Place, wanted: Initiative | None,
                 frequency: str | None, first: Period | None, last: Period | None, gaps: bool):
        self.data, self.metric, self.place = data, metric, place
        stand = standing(data, metric, place, wanted, of_length(frequency))
        self.initiative = next(iter(stand.values())).initiative if stand else wanted
        line = data.of_holder(metric, place, self.initiative)
        asked_for = [
            p for p in line
            if (first is None or p.start >= first.start) and (last is None or p.end <= last.end)
        ]
        with_value = [p for p in asked_for if line[p].value is not None]
        self.frequency = frequency or longest(p.frequency for p in with_value or asked_for)
        self.line = {p: f for p, f in line.items() if p.frequency == self.frequency}
        self.periods = sorted(p for p in asked_for if p in self.line)
        if gaps and self.frequency != "RANGE":
            self.periods = without_gaps(self.periods)
        figures = [self.line[p] for p in self.periods if p in self.line]
        self.valued = [f for f in figures if f.value is not None]

    def value(self, period: Period) -> Decimal | None:
        """The value at a period, which may lie outside of the part asked for."""
        figure = self.line.get(period)
        return figure and figure.value

    def total(self, periods: list[Period]) -> tuple[Decimal, str] | None:
        """The sum of the values at periods, if all have one, and its comparator."""
        values = [self.value(p) for p in periods]
        if None in values:
            return None
        return sum(values, Decimal(0)), sum_comparator(self.line[p].comparator for p in periods)

    def cumulative(self, period: Period):
        """The sum of all points up to one."""
        if self.metric.aggregation != "SUM" or self.metric.accumulation != "FLOW":
            return no_value("NOT_ADDITIVE")
        if self.frequency == "RANGE":
            return no_value("NOT_APPLICABLE")
        total = self.total([p for p in without_gaps(self.periods) if p <= period])
        if total is None:
            return no_value("NO_VALUE")
        return with_value((total[0], True), total[1], self.metric.unit)

    def moving_average(self, period: Period, over: int):
        """The mean of a point and those before it."""
        if self.frequency == "RANGE":
            return no_value("NOT_APPLICABLE")
        total = self.total([period.shifted(-step) for step in range(over)])
        if total is None:
            return no_value(OneOf("NO_VALUE", "TOO_FEW"))
        return with_value(quotient(total[0], over), total[1], self.metric.unit)

    def index(self, period: Period, base: Period) -> dict:
        """The figure at a period, where that of the base period is 100."""
        figure, other = self.line.get(period), self.line.get(base)
        in_the_way = missing(figure, other)
        if not period.as_long_as(base):
            in_the_way.append("UNLIKE_PERIODS")
        if other and other.value == 0:
            in_the_way.append("BASE_ZERO")
        if in_the_way:
            return no_value(OneOf(*in_the_way))
        return with_value(quotient(figure.value * 100, other.value), quotient_comparator(figure, other))

    def cagr(self) -> dict:
        """The compound annual growth rate from the first value to the latest."""
        in_the_way = []
        if len(self.valued) < 2:
            in_the_way.append("TOO_FEW" if self.valued else "NO_VALUE")
        if self.frequency and self.frequency not in MONTHS:
            in_the_way.append("NOT_APPLICABLE")
        if in_the_way:
            return no_value(OneOf(*in_the_way))
        first, last = self.valued[0], self.valued[-1]
        if first.value == 0:
            return no_value("BASE_ZERO")
        if first.value < 0 or last.value <= 0:
            return no_value("NOT_POSITIVE")
        months = months_between(first.period.start, last.period.start)
        rate, exact = annual_rate(last.value, first.value, months)
        if rate >= TOO_LARGE:
            return no_value("OUT_OF_RANGE")
        return with_value((rate, exact), quotient_comparator(last, first))

    def told(self, over: int, base: Period) -> dict:
        """The series as its query selects it."""
        def point(figure):
            return figure and {"period": period_told(figure.period)}
        points = [
            {
                "period": period_told(period), "observation": figure_told(self.line.get(period)),
                "cumulative": self.cumulative(period), "movingAverage": self.moving_average(period, over),
                "index": self.index(period, base),
            } | changes_told(self.data, self.figure(period), base)
            for period in self.periods
        ]
        values = [f.value for f in self.valued]
        return {
            "initiative": slug(self.initiative), "frequency": self.frequency,
            "first": point(self.valued[0] if values else None),
            "latest": point(self.valued[-1] if values else None),
            "minimum": point(self.valued[values.index(min(values))] if values else None),
            "maximum": point(self.valued[values.index(max(values))] if values else None),
            "cagr": self.cagr(), "points": points,
        }

    def figure(self, period: Period) -> Figure:
        """The figure at a period; for a gap, one without a value."""
        gap = Figure(self.metric, self.place, self.initiative, period, None, "EQUAL", "MISSING")
        return self.line.get(period, gap)


def without_gaps(periods: list[Period]) -> list[Period]:
    """All parts of the calendar from the first to the last."""
    filled = periods[:1]
    while filled and filled[-1] < periods[-1]:
        filled.append(filled[-1].shifted(1))
    return filled


def annual_rate(number: Decimal, divisor: Decimal, months: int) -> tuple[Decimal, bool]:
    """The rate a year in percent that makes a quotient in so many months, and whether it is exact."""
    wide = Context(prec=80)
    factor = wide.power(wide.divide(number, divisor), wide.divide(Decimal(12), Decimal(months)))
    rate = rounded(wide.multiply(wide.subtract(factor, Decimal(1)), Decimal(100)))
    exact = (1 + Fraction(rate) / 100) ** months == (Fraction(number) / Fraction(divisor)) ** 12
    return rate, exact


def series_question(draw: Draw) -> Question:
    """A metric of a place over time."""
    metric, place, frequency = draw.metric(), draw.place(), draw.frequency()
    initiative = draw.initiative(place)
    first, last = [draw.period() if draw.chance(0.25) else None for _ in range(2)]
    if first and last:
        first, last = sorted([first, last])
    gaps, over, base = draw.chance(0.4), draw.random.randint(2, 4), draw.period()
    try:
        series = Series(draw.data, metric, place, initiative, frequency, first, last, gaps)
        expected = {"metric": {"series": series.told(over, base)}}
    except SeveralInitiatives:
        expected = {"code": "AMBIGUOUS"}
    return Question(
        f"""{{ metric(slug: $slug) {{
          series(district: $district, initiative: $initiative, from: $from, to: $to,
              frequency: $frequency, gaps: $gaps) {{
            initiative {{ slug }} frequency
            first {{ period {PERIOD} }} latest {{ period {PERIOD} }}
            minimum {{ period {PERIOD} }} maximum {{ period {PERIOD} }} cagr {COMPUTED}
            points {{
              period {PERIOD} observation {FIGURE} cumulative {COMPUTED}
              movingAverage(over: $over) {COMPUTED} index(base: $base) {COMPUTED} {CHANGES}
            }}
          }}
        }} }}""",
        {"slug": metric.slug, "district": place.slug, "initiative": initiative and initiative.slug,
         "from": first and draw.code(first), "to": last and draw.code(last), "frequency": frequency,
         "gaps": "NULL" if gaps else "OMIT", "over": over, "base": draw.code(base)},
        expected,
    )
