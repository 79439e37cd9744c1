"""How figures differ from others, and figures in proportion to others."""

from answers import COMPUTED, FIGURE, PERIOD, OneOf, Question, figure_told, period_told
from computed import difference_comparator, no_value, quotient, quotient_comparator, with_value
from data_set import DataSet, Figure, Metric
from draw import Draw
from filters import picked_figures
from periods import MONTHS, Period

CHANGE = f"{{ from {FIGURE} absolute {COMPUTED} points {COMPUTED} percent {COMPUTED} }}"
CHANGES = f"""
  previousChange: change {CHANGE} yearChange: change(basis: YEAR_AGO) {CHANGE}
  baseChange: change(basis: BASE, base: $base) {CHANGE}
"""


def own_line(data: DataSet, figure: Figure) -> dict[Period, Figure]:
    """The figures of the metric, place and initiative of a figure, by their periods."""
    return data.of_holder(figure.metric, figure.district, figure.initiative)


def previous(data: DataSet, figure: Figure) -> Figure | None:
    """The newest earlier figure with a value, of a period as long."""
    earlier = [
        f for f in own_line(data, figure).values()
        if f.value is not None and f.period < figure.period and f.period.as_long_as(figure.period)
    ]
    return max(earlier, key=lambda f: f.period, default=None)


def missing(figure: Figure | None, other: Figure | None) -> list[str]:
    """The reasons why a figure cannot be compared with another one, as far as one has no value."""
    without = ((figure, "NO_VALUE"), (other, "NO_BASE"))
    return [reason for figure, reason in without if figure is None or figure.value is None]


def change(figure: Figure, other: Figure | None, unlike_periods: bool = False) -> dict:
    """How a figure differs from another one."""
    percentage = figure.metric.unit == "percent"
    name, not_applicable = ("points", "absolute") if percentage else ("absolute", "points")
    told = {"from": figure_told(other), not_applicable: no_value("NOT_APPLICABLE")}
    in_the_way = missing(figure, other) + ["UNLIKE_PERIODS"] * unlike_periods
    if in_the_way:
        reason = no_value(OneOf(*in_the_way))
        return told | {
            name: reason, "percent": reason, not_applicable: no_value(OneOf("NOT_APPLICABLE", *in_the_way)),
        }
    unit = None if percentage else figure.metric.unit
    told[name] = with_value((figure.value - other.value, True), difference_comparator(figure, other), unit)
    return told | {"percent": growth(figure, other)}


def growth(figure: Figure, other: Figure) -> dict:
    """The difference in percent of the figure it is compared with."""
    if other.value == 0:
        return no_value("BASE_ZERO")
    if other.value < 0:
        return no_value("NOT_POSITIVE")
    number = quotient((figure.value - other.value) * 100, other.value)
    return with_value(number, quotient_comparator(figure, other))


def changes_told(data: DataSet, figure: Figure, base: Period) -> dict:
    """The changes of a figure as `CHANGES` selects them."""
    line = own_line(data, figure)
    return {
        "previousChange": change(figure, previous(data, figure)),
        "yearChange": change(figure, line.get(figure.period.year_ago())),
        "baseChange": change(figure, line.get(base), not base.as_long_as(figure.period)),
    }


def changes_question(draw: Draw) -> Question:
    """Figures and what they are compared with."""
    condition, base = draw.one_place_filter(), draw.period()
    nodes = [
        {"previous": figure_told(previous(draw.data, f))} | changes_told(draw.data, f, base)
        for f in picked_figures(draw.data.figures, condition)
    ]
    return Question(
        f"""{{ observations(filter: $filter, first: 1000, orderBy: [{{by: RECORDED_AT}}]) {{
          nodes {{ previous {FIGURE} {CHANGES} }}
        }} }}""",
        {"filter": condition, "base": draw.code(base)},
        {"observations": {"nodes": nodes}},
    )


def denominator(data: DataSet, figure: Figure, metric: Metric) -> Figure | None:
    """The figure that a figure is divided by."""
    candidates = {
        p: f for p, f in data.of_holder(metric, figure.district, None).items() if f.value is not None
    }
    period = figure.period
    parts = [period.part(length) for length in ["WEEKLY", *reversed(MONTHS)]]
    for candidate in [period, *parts, period.year]:
        if candidate in candidates:
            return candidates[candidate]
    begin = period.year.start if period.year else period.start.replace(month=1, day=1)
    earlier = [p for p in candidates if p.end < begin]
    newest = max(earlier, key=lambda p: (p.end, p.end - p.start), default=None)
    return candidates.get(newest)


def proportion(figure: Figure, other: Figure | None, scale: int) -> dict:
    """A figure divided by another, times the scale."""
    in_the_way = missing(figure, other)
    if figure.metric.aggregation != "SUM":
        in_the_way.append("NOT_APPLICABLE")
    if "UNRELIABLE" in (figure.status, other and other.status):
        in_the_way.append("UNRELIABLE")
    if other and other.value == 0:
        in_the_way.append("BASE_ZERO")
    if in_the_way:
        return no_value(OneOf(*in_the_way))
    return with_value(quotient(figure.value * scale, other.value), quotient_comparator(figure, other))


def proportions_question(draw: Draw) -> Question:
    """Figures in proportion to those of another metric."""
    condition, metric, scale = draw.one_place_filter(), draw.metric(), draw.choice([1, 100, 10000])
    nodes = []
    for figure in picked_figures(draw.data.figures, condition):
        other = denominator(draw.data, figure, metric)
        nodes.append({"per": {
            "value": proportion(figure, other, scale), "denominator": figure_told(other),
            "period": period_told(other and other.period),
        }})
    return Question(
        f"""{{ observations(filter: $filter, first: 1000, orderBy: [{{by: RECORDED_AT}}]) {{
          nodes {{ per(metric: $metric, scale: $scale) {{ value {COMPUTED} denominator {FIGURE} period {PERIOD} }} }}
        }} }}""",
        {"filter": condition, "metric": metric.slug, "scale": scale},
        {"observations": {"nodes": nodes}},
    )
