"""Draw what questions are about: periods, places and other arguments."""

from decimal import Decimal
from random import Random

from data_set import DataSet, Figure, Initiative, Metric, Place
from periods import CALENDAR, FREQUENCIES, Period, calendar_period


class Draw:
    """Draws arguments of questions about a data set."""

    def __init__(self, data: DataSet, random: Random):
        self.data = data
        self.random = random
        self.choice = random.choice

    def chance(self, probability: float) -> bool:
        """Whether something of this probability comes about."""
        return self.random.random() < probability

    def metric(self) -> Metric:
        """A metric."""
        return self.choice(self.data.metrics)

    def place(self) -> Place:
        """A place."""
        return self.choice(self.data.places)

    def initiative(self, place: Place | None = None) -> Initiative | None:
        """Mostly none, or else an initiative, one in a place if there is any."""
        there = [i for i in self.data.initiatives if i.district is place] or self.data.initiatives
        return self.choice(there) if self.chance(0.25) else None

    def figure(self) -> Figure:
        """A figure."""
        return self.choice(self.data.figures)

    def frequency(self) -> str | None:
        """A length of periods, or none."""
        return self.choice([None, None, None, *FREQUENCIES])

    def period(self) -> Period:
        """A period: that of a figure, or the part of the calendar it begins in."""
        period = self.figure().period
        return calendar_period(self.choice(CALENDAR), period.start) if self.chance(0.5) else period

    def code(self, period: Period) -> str:
        """One of the ways to write a period."""
        return f"{period.start}/{period.end}" if self.chance(0.1) else period.code

    def percent(self) -> Decimal:
        """A percentage."""
        return Decimal(self.choice(["0", "10", "25", "33.3", "50", "75", "90", "99.9", "100"]))

    # Filters

    def period_filter(self) -> dict:
        """A `PeriodFilter`."""
        names = ["eq", "ne", "in", "notIn", "gt", "gte", "lt", "lte", "during", "from", "to", "frequency", "isNull"]
        weights = [3, 1, 2, 1, 2, 3, 2, 3, 4, 1, 1, 4, 0.3]
        condition = {}
        for name in self.random.choices(names, weights, k=self.choice([1, 1, 2, 3])):
            if name in ("in", "notIn"):
                condition[name] = [self.code(self.period()) for _ in range(self.random.randint(0, 4))]
            elif name == "frequency":
                condition[name] = self.choice([*FREQUENCIES, "ANNUAL"])
            elif name == "isNull":
                condition[name] = self.chance(0.3)
            else:
                condition[name] = self.code(self.period())
        return condition

    def place_filter(self) -> dict:
        """A `DistrictFilter`."""
        place = self.place()
        return self.choice([
            {"slug": {"eq": place.slug}},
            {"slug": {"in": [p.slug for p in self.random.sample(self.data.places, 3)]}},
            {"slug": {"ne": place.slug}},
            {"kind": {"eq": place.kind}},
            {"partition": {"eq": self.chance(0.7)}},
            {"parent": {"slug": {"eq": place.slug}}},
            {"parent": {"slug": {"eq": "city"}}, "partition": {"eq": True}},
            {"parent": {}},
            {"not": {"parent": {}}},
            {"or": [{"slug": {"eq": place.slug}}, {"parent": {"slug": {"eq": place.slug}}}]},
        ])

    def metric_filter(self) -> dict:
        """A `MetricFilter`, mostly of one metric."""
        metric = self.metric()
        return self.random.choices([
            {"slug": {"eq": metric.slug}},
            {"slug": {"in": [m.slug for m in self.random.sample(self.data.metrics, 2)]}},
            {"aggregation": {"eq": metric.aggregation}},
            {"accumulation": {"eq": metric.accumulation or "FLOW"}},
            {"accumulation": {"isNull": True}},
            {"unit": {"slug": {"eq": metric.unit}}},
            {"not": {"accumulation": {"eq": "STOCK"}}},
        ], [12, 1, 1, 1, 1, 1, 1])[0]

    def initiative_filter(self) -> dict:
        """An `ObservationFilter` of the initiative."""
        initiative = self.choice(self.data.initiatives)
        return self.choice([
            {"not": {"initiative": {}}},
            {"not": {"initiative": {}}},
            {"initiative": {}},
            {"initiative": {"slug": {"eq": initiative.slug}}},
            {"initiative": {"district": self.place_filter()}},
            {"not": {"initiative": {"slug": {"eq": initiative.slug}}}},
        ])

    def further_filter(self) -> dict:
        """An `ObservationFilter` of something else than metric, place, initiative and period."""
        value = self.figure().value or Decimal(1)
        operator = self.choice(["gt", "gte", "lt", "lte", "ne", "eq"])
        return self.choice([
            {"value": {operator: f"{value:f}"}},
            {"value": {"isNull": self.chance(0.3)}},
            {"not": {"value": {"isNull": self.chance(0.7)}}},
            {"not": {"value": {operator: f"{value:f}"}}},
            {"status": {"ne": "MISSING"}},
            {"status": {"in": ["NORMAL", "PROVISIONAL"]}},
            {"comparator": {"eq": "EQUAL"}},
        ])

    def figure_filter(self, depth: int = 0) -> dict:
        """An `ObservationFilter`."""
        condition = {}
        if self.chance(0.85):
            condition["metric"] = self.metric_filter()
        if self.chance(0.6):
            condition["period"] = self.period_filter()
        if self.chance(0.5):
            condition["district"] = self.place_filter()
        if self.chance(0.5):
            condition |= self.initiative_filter()
        # Further in, whether anything is missing is left open: `expected` may be null there.
        if depth == 0 and self.chance(0.1):
            condition |= self.further_filter()
        if depth < 2 and self.chance(0.15):
            name = self.choice(["and", "or", "not"])
            parts = [self.figure_filter(depth + 1) for _ in range(self.random.randint(0, 3))]
            condition[name] = self.figure_filter(depth + 1) if name == "not" else parts
        return condition

    def one_place_filter(self) -> dict:
        """An `ObservationFilter` of one metric in one place."""
        figure = self.figure()
        return {
            "metric": {"slug": {"eq": figure.metric.slug}}, "district": {"slug": {"eq": figure.district.slug}},
        }
