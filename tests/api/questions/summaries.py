"""What is computed of sets of figures."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import cached_property
from itertools import combinations, pairwise

from answers import COMPUTED, FIGURE, TEXT, OneOf, Question, figure_told, slug
from computed import no_value, percentile, quotient, root, sum_comparator, with_value
from data_set import DataSet, Figure, Metric, Place
from dimensions import DIMENSIONS, OF_FIGURES_ALONE, key_of, value_in
from draw import Draw
from filters import asks_for_more, figure_test, mixes_places_and_periods, picked_figures

SUMMARY = f"""
  count missing distinct(of: $of)
  sum {COMPUTED} mean {COMPUTED} mixedMean: mean(mixed: true) {COMPUTED}
  min {COMPUTED} max {COMPUTED}
  median {COMPUTED} percentile(p: $p) {COMPUTED} mixedPercentile: percentile(p: $p, mixed: true) {COMPUTED}
  standardDeviation {COMPUTED} mixedDeviation: standardDeviation(mixed: true) {COMPUTED}
  reason explanation first {FIGURE} last {FIGURE} coverage {{ parent {{ slug }} have of }}
"""


def places_overlap(first: Place, second: Place) -> bool:
    """Whether places are not known to lie apart, as the parts do that a place is divided into."""
    for one, other in zip(first.path, second.path):
        if one is not other:
            return not (one.parent and one.partition and other.partition)
    return True


def overlap(figures: list[Figure]) -> bool:
    """Whether figures are of places or periods that overlap, or of places and of initiatives."""
    places, periods = {f.district for f in figures}, sorted({f.period for f in figures})
    return (
        len({f.initiative is None for f in figures}) > 1
        or any(first.overlaps(second) for first, second in pairwise(periods))
        or any(places_overlap(*pair) for pair in combinations(places, 2))
    )


class Expected:
    """How many figures there would be if none that were asked for were missing."""

    def __init__(self, data: DataSet, condition: dict, by: tuple[str, ...] = ()):
        self.data, self.by = data, by
        self.test = figure_test(condition)
        #: Whether figures that are not there cannot be told from those not asked for.
        self.unknown = (
            bool(OF_FIGURES_ALONE & set(by)) or asks_for_more(condition) or mixes_places_and_periods(condition)
        )
        self.counted: dict[tuple[Metric, bool], Counter] = {}

    def asked_for(self, metric: Metric, of_initiatives: bool) -> Counter:
        """How many figures of a metric were asked for with each key and at each period.

        They are of each place, or each initiative, and each period that the metric has figures of.
        """
        if (metric, of_initiatives) not in self.counted:
            figures = self.data.of_metric[metric]
            holders = {
                (f.district, f.initiative) for f in figures if (f.initiative is not None) == of_initiatives
            }
            would_be = (
                Figure(metric, *holder, period, Decimal(0), "EQUAL", "NORMAL")
                for holder in holders for period in {f.period for f in figures}
            )
            self.counted[metric, of_initiatives] = Counter(
                (key_of(f, self.by), f.period) for f in would_be if self.test(f) is True
            )
        return self.counted[metric, of_initiatives]

    def number(self, key: tuple, found: list[Figure]) -> int:
        """How many there would be with a key: of periods as long as those found; of ranges, of those."""
        periods = {f.period for f in found}
        lengths = {p.frequency for p in periods} - {"RANGE"}
        asked_for = self.asked_for(found[0].metric, found[0].initiative is not None)
        return sum(
            count for (its_key, period), count in asked_for.items()
            if its_key == key and (period.frequency in lengths or period in periods)
        )


class Summary:
    """What is computed of a set of figures."""

    def __init__(self, data: DataSet, figures: list[Figure], expected: Expected, key: tuple = ()):
        self.data = data
        self.figures = figures
        self.valued = [f for f in figures if f.value is not None]
        self.metrics = {f.metric for f in self.valued}
        self.units = {m.unit for m in self.metrics}
        self.present = self.expected = None
        self.reason = self.reason_of_all(expected, key)

    def reason_of_all(self, expected: Expected, key: tuple) -> str | None:
        """What should be known of any number made of the figures with a value."""
        if len(self.units) > 1:
            return "UNLIKE_UNITS"
        if len(self.metrics) > 1:
            return "UNLIKE_METRICS"
        if overlap(self.valued):
            return "OVERLAP"
        if not self.valued:
            return None
        complete = len(self.figures)
        if not expected.unknown:
            self.present = len(self.valued)
            complete = self.expected = expected.number(key, self.valued)
        return "INCOMPLETE" if len(self.valued) < complete else None

    def computed(self, number: Callable[[], tuple], mixed: bool = False, needs: int = 1) -> dict:
        """What is computed, if the figures may be taken together or `mixed` says that they are."""
        if not self.valued:
            return no_value("NO_VALUE")
        if self.reason == "UNLIKE_UNITS" or not mixed and self.reason in ("UNLIKE_METRICS", "OVERLAP"):
            return no_value(self.reason)
        if len(self.valued) < needs:
            return no_value("TOO_FEW")
        return with_value(*number(), *self.units) | {
            "reason": self.reason, "explanation": self.reason and TEXT,
            "present": self.present, "expected": self.expected,
        }

    @cached_property
    def total(self) -> Decimal:
        """The exact sum of the values."""
        return sum((f.value for f in self.valued), Decimal(0))

    @cached_property
    def total_comparator(self) -> str:
        """How the true sum relates to that of the values."""
        return sum_comparator(f.comparator for f in self.valued)

    def sum(self) -> dict:
        """The sum; where several things are in the way, the schema does not say which is told."""
        in_the_way = {self.reason} & {"UNLIKE_UNITS", "UNLIKE_METRICS", "OVERLAP"}
        if len(self.metrics) > 1:
            in_the_way.add("UNLIKE_METRICS")
        stocks = any(m.accumulation == "STOCK" for m in self.metrics) and len({f.period for f in self.valued}) > 1
        if stocks or any(m.aggregation != "SUM" for m in self.metrics):
            in_the_way.add("NOT_ADDITIVE")
        if in_the_way:
            return no_value(OneOf(*in_the_way))
        return self.computed(lambda: ((self.total, True), self.total_comparator))

    def mean(self, mixed: bool = False) -> dict:
        """The mean."""
        return self.computed(lambda: (quotient(self.total, len(self.valued)), self.total_comparator), mixed)

    def percentile(self, percent: Decimal, mixed: bool = False) -> dict:
        """A percentile; 0 is the minimum, 50 the median, 100 the maximum."""
        def number():
            value, comparator = percentile(self.valued, percent)
            return (value, True), comparator
        return self.computed(number, mixed)

    def standard_deviation(self, mixed: bool = False) -> dict:
        """The standard deviation of a sample."""
        def number():
            count = len(self.valued)
            squares = sum((f.value * f.value for f in self.valued), Decimal(0))
            comparators = {f.comparator for f in self.valued} - {"EQUAL"}
            comparator = "UNKNOWN" if comparators - {"ABOUT"} else "ABOUT" if comparators else "EQUAL"
            return root(squares * count - self.total * self.total, count * (count - 1)), comparator
        return self.computed(number, mixed, needs=2)

    def coverage(self) -> dict | None:
        """Of how many parts of a place the figures with a value are."""
        places = {f.district for f in self.valued}
        parents = {p.parent if p.partition else None for p in places}
        if len(parents) != 1 or None in parents:
            return None
        (parent,) = parents
        return {"parent": slug(parent), "have": len(places), "of": len(self.data.parts(parent))}

    def told(self, of: str, percent: Decimal) -> dict:
        """The summary as `SUMMARY` selects it."""
        def by_period(figure):
            return figure.period, self.data.number[figure]
        return {
            "count": len(self.figures),
            "missing": len(self.figures) - len(self.valued),
            "distinct": len({value_in(of, f) for f in self.figures} - {None}),
            "sum": self.sum(),
            "mean": self.mean(),
            "mixedMean": self.mean(mixed=True),
            "min": self.percentile(Decimal(0), mixed=True),
            "max": self.percentile(Decimal(100), mixed=True),
            "median": self.percentile(Decimal(50)),
            "percentile": self.percentile(percent),
            "mixedPercentile": self.percentile(percent, mixed=True),
            "standardDeviation": self.standard_deviation(),
            "mixedDeviation": self.standard_deviation(mixed=True),
            "reason": self.reason,
            "explanation": self.reason and TEXT,
            "first": figure_told(min(self.valued, key=by_period, default=None)),
            "last": figure_told(max(self.valued, key=by_period, default=None)),
            "coverage": self.coverage(),
        }


def summary_question(draw: Draw) -> Question:
    """What is computed of the figures of a place, a metric or an initiative."""
    root, rows = draw.choice([
        ("district", draw.data.places), ("metric", draw.data.metrics), ("initiative", draw.data.initiatives),
    ])
    row = draw.choice(rows)
    condition, of, percent = draw.figure_filter(), draw.choice(list(DIMENSIONS)), draw.percent()
    whole = {"and": [{root: {"slug": {"eq": row.slug}}}, condition]}
    summary = Summary(draw.data, picked_figures(draw.data.figures, whole), Expected(draw.data, whole))
    return Question(
        f"{{ {root}(slug: $slug) {{ observationSummary(filter: $filter) {{ {SUMMARY} }} }} }}",
        {"slug": row.slug, "filter": condition, "of": of, "p": str(percent)},
        {root: {"observationSummary": summary.told(of, percent)}},
    )
