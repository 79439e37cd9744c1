"""Draw a random data set."""

from datetime import date
from decimal import Decimal
from random import Random

from data_set import DataSet, Figure, Initiative, Metric, Place
from periods import CALENDAR, FREQUENCIES, Period, calendar_period

#: Metrics: slug, unit, measure, aggregation, accumulation.
METRICS = [
    ("output", "eur", "LEVEL", "SUM", "FLOW"),
    ("spending", "eur", "LEVEL", "SUM", "FLOW"),
    ("visitors", "persons", "LEVEL", "SUM", "FLOW"),
    ("population", "persons", "LEVEL", "SUM", "STOCK"),
    ("debt", "eur", "LEVEL", "SUM", "STOCK"),
    ("price", "eur", "LEVEL", "NONE", None),
    ("share", "percent", "SHARE", "NONE", None),
    ("growth", "percent", "GROWTH", "MEAN", None),
    ("satisfaction", "points", "SCORE", "MEAN", None),
]
BOUNDS = ["MORE_THAN", "AT_LEAST", "LESS_THAN", "AT_MOST", "ABOUT", "NEARLY"]
STATUSES = ["PROVISIONAL", "ESTIMATED", "FORECAST", "IMPUTED", "BREAK", "UNRELIABLE"]
#: Periods that are no parts of the calendar.
RANGES = [
    Period(date(2021, 1, 1), date(2023, 12, 31)),
    Period(date(2022, 1, 1), date(2023, 12, 31)),
    Period(date(2024, 1, 1), date(2024, 11, 30)),
    Period(date(2023, 1, 1), date(2023, 11, 30)),
    Period(date(2023, 1, 1), date(2023, 9, 30)),
    Period(date(2023, 3, 5), date(2023, 4, 4)),
    Period(date(2023, 12, 28), date(2024, 1, 3)),
]


def draw_data_set(random: Random) -> DataSet:
    """Draw places, initiatives, metrics, and figures that are dense or sparse."""
    places = draw_places(random)
    initiatives = []
    for place in random.sample(places, random.randint(2, 5)):
        for _ in range(random.choice([1, 1, 2, 3])):
            initiatives.append(Initiative(f"project-{len(initiatives)}", place))
    random.shuffle(initiatives)
    metrics = [Metric(*row) for row in random.sample(METRICS, random.randint(5, 8))]
    figures = []
    manner = Manner(random)
    for metric in metrics:
        for holder in [*places, *initiatives]:
            if random.random() < manner.holders:
                figures += manner.draw_figures(metric, holder)
    random.shuffle(figures)
    return DataSet(places, initiatives, metrics, figures)


def draw_places(random: Random) -> list[Place]:
    """Draw a city with its districts and their parts, a smaller city, and a place apart."""
    city = Place("city", "CITY", None, False)
    districts = [Place(f"district-{n}", "DISTRICT", city, True) for n in range(random.randint(2, 4))]
    zones = [Place(f"zone-{n}", "ECONOMIC_ZONE", city, False) for n in range(random.randint(0, 2))]
    divided = random.choice(districts)
    parts = [Place(f"part-{n}", "DISTRICT", divided, random.random() < 0.8) for n in range(random.randint(0, 3))]
    town = Place("town", "CITY", None, False)
    wards = [Place(f"ward-{n}", "DISTRICT", town, n > 0 or random.random() < 0.5) for n in range(2)]
    widest, inside = [city, town, Place("apart", "DISTRICT", None, False)], [*districts, *zones, *wards]
    random.shuffle(widest)
    random.shuffle(inside)
    return [*widest, *inside, *parts]


class Manner:
    """What the figures of a data set are like: how many there are, and how many are not ordinary."""

    def __init__(self, random: Random):
        self.random = random
        self.holders = random.choice([0.3, 0.6, 0.9])
        self.density = random.choice([0.4, 0.75, 0.95])
        self.missing = random.choice([0, 0.08, 0.25])
        self.bounds = random.choice([0, 0, 0.1, 0.4])
        self.statuses = random.choice([0, 0.15])
        self.years = random.randint(2, 4)
        self.frequencies = random.sample(FREQUENCIES, random.randint(2, 5))
        self.few_values = random.random() < 0.3
        if "ANNUAL" not in self.frequencies and random.random() < 0.7:
            self.frequencies.append("ANNUAL")

    def draw_figures(self, metric: Metric, holder: Place | Initiative) -> list[Figure]:
        """Draw the figures of a metric that a place or an initiative has."""
        place, initiative = (holder, None) if isinstance(holder, Place) else (holder.district, holder)
        figures = []
        lengths = self.random.randint(1, min(3, len(self.frequencies)))
        for frequency in self.random.sample(self.frequencies, lengths):
            for period in self.draw_periods(frequency):
                if self.random.random() < self.density:
                    figures.append(Figure(metric, place, initiative, period, *self.draw_value(metric)))
        return figures

    def draw_periods(self, frequency: str) -> list[Period]:
        """Draw periods of one length that follow one another; of ranges, some."""
        if frequency == "RANGE":
            return self.random.sample(RANGES, self.random.randint(1, 3))
        first = date(2024 - self.years, self.random.choice([1, 1, 7]), 1)
        if frequency not in CALENDAR[:4]:
            first = self.random.choice([date(2023, 12, 20), date(2024, 1, 29)])
        count = {"ANNUAL": self.years + 1, "HALF_YEARLY": 4, "QUARTERLY": 8}.get(frequency, self.random.randint(3, 7))
        return [calendar_period(frequency, first).shifted(step) for step in range(count)]

    def draw_value(self, metric: Metric) -> tuple[Decimal | None, str, str]:
        """Draw a value, its comparator and its status."""
        random = self.random
        if random.random() < self.missing:
            return None, "EQUAL", random.choice(["MISSING", "SUPPRESSED"])
        comparator = random.choice(BOUNDS) if random.random() < self.bounds else "EQUAL"
        status = random.choice(STATUSES) if random.random() < self.statuses else "NORMAL"
        if self.few_values:
            return Decimal(random.randint(-1, 6)), comparator, status
        low = -50 if metric.measure == "GROWTH" or random.random() < 0.05 else 0
        value = Decimal(random.randint(low * 1000, 900_000)).scaleb(-random.randint(0, 3))
        return value, comparator, status
