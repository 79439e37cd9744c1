"""Rankings of places."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from answers import COMPUTED, FIGURE, PERIOD, TEXT, OneOf, Question, figure_told, period_told, slug
from computed import LOWER_BOUNDS, UPPER_BOUNDS, no_value, quotient, quotient_comparator, with_value
from data_set import DataSet, Figure, Initiative, Metric, Place
from draw import Draw
from filters import picked_places
from latest import SeveralInitiatives, newest, newest_period, of_length, standing
from periods import Period

#: Statuses of figures that may lie on either side of their values.
UNCERTAIN = {"PROVISIONAL", "ESTIMATED", "FORECAST", "IMPUTED", "UNRELIABLE"}


@dataclass
class Ranking:
    """A ranking: its arguments, and what they give."""

    data: DataSet
    metric: Metric
    period: Period | None
    frequency: str | None
    newest_of_each: bool
    initiative: Initiative | None
    among: dict | None
    direction: str
    ties: str

    def __post_init__(self):
        places = self.places()
        found = self.period or newest_period(self.data, self.metric, places, self.initiative, self.frequency)
        length = found and found.frequency
        accept = of_length(length) if self.newest_of_each and length else lambda period: period == found
        self.ranked: list[Figure] = []
        self.unranked: list[tuple[Place, str]] = []
        for place in places:
            try:
                figures = standing(self.data, self.metric, place, self.initiative, accept)
                if figures:
                    self.ranked.append(newest(figures))
                else:
                    self.unranked.append((place, "NO_VALUE"))
            except SeveralInitiatives:
                self.unranked.append((place, "SEVERAL_INITIATIVES"))
        self.ranked.sort(key=lambda f: f.value, reverse=self.direction == "DESC")
        self.of_period = None if self.newest_of_each else found
        self.of_frequency = length

    def places(self) -> list[Place]:
        """The places that take part: those picked, or those that have a figure of the metric."""
        if self.among is not None:
            return picked_places(self.data.places, self.among)
        having = {
            f.district for f in self.data.of_metric[self.metric] if self.initiative in (None, f.initiative)
        }
        return [p for p in self.data.places if p in having]

    def told(self) -> dict:
        """The ranking without its unranked places."""
        number = len(self.ranked)
        nodes = [
            {
                "position": self.position(figure), "of": number, "district": slug(figure.district),
                "period": period_told(figure.period), "initiative": slug(figure.initiative),
                "observation": figure_told(figure), "provisional": self.provisional(figure),
                "share": share(self.data, figure),
            }
            for figure in self.ranked
        ]
        return {
            "period": period_told(self.of_period), "frequency": self.of_frequency, "of": number,
            "missing": len(self.unranked), "entries": {"totalCount": number, "nodes": nodes},
        }

    def unranked_told(self) -> dict:
        """The unranked places of the ranking."""
        return {"unranked": [
            {"district": slug(place), "reason": reason, "explanation": TEXT} for place, reason in self.unranked
        ]}

    def position(self, figure: Figure) -> Decimal:
        """The position of a figure."""
        values = [f.value for f in self.ranked]
        before, level = values.index(figure.value), values.count(figure.value)
        if self.ties == "DENSE":
            return Decimal(len(set(values[:before])) + 1)
        return Decimal(before + 1) + (Decimal(level - 1) / 2 if self.ties == "AVERAGE" else 0)

    def provisional(self, figure: Figure) -> bool:
        """Whether the position of a figure is uncertain."""
        if any(not certain(figure, other) for other in self.ranked if other is not figure):
            return True
        before = self.ranked[:[f.value for f in self.ranked].index(figure.value)]
        return self.ties == "DENSE" and any(not certain(*pair) for pair in combinations(before, 2))


def certain(one: Figure, other: Figure) -> bool:
    """Whether the order of two true figures follows from what is known of them."""
    if any(f.comparator == "ABOUT" or f.status in UNCERTAIN for f in (one, other)):
        return False
    if one.value == other.value:
        return one.comparator == other.comparator == "EQUAL"
    high, low = (one, other) if one.value > other.value else (other, one)
    return high.comparator not in UPPER_BOUNDS and low.comparator not in LOWER_BOUNDS


def share(data: DataSet, figure: Figure) -> dict:
    """A figure in percent of the own one of the place around it at the same period."""
    place = figure.district
    if figure.metric.aggregation != "SUM":
        return no_value("NOT_ADDITIVE")
    if place.parent is None:
        return no_value("NO_BASE")
    if not place.partition:
        return no_value("NOT_ADDITIVE")
    base = data.of_holder(figure.metric, place.parent, None).get(figure.period)
    if base is None or base.value is None:
        return no_value("NO_BASE")
    in_the_way = ["BASE_ZERO"] if base.value == 0 else []
    if base.value < 0 or figure.value < 0:
        in_the_way.append("NOT_POSITIVE")
    if "UNRELIABLE" in (figure.status, base.status):
        in_the_way.append("UNRELIABLE")
    if in_the_way:
        return no_value(OneOf(*in_the_way))
    return with_value(quotient(figure.value * 100, base.value), quotient_comparator(figure, base))


def draw_ranking(draw: Draw, selected: str) -> tuple[Ranking, str, dict]:
    """Draw a ranking: what it gives, its query and its variables."""
    period = draw.period() if draw.chance(0.4) else None
    ranking = Ranking(
        draw.data, draw.metric(), period,
        None if period else draw.frequency(), not period and draw.chance(0.4),
        draw.choice(draw.data.initiatives) if draw.chance(0.2) else None,
        draw.place_filter() if draw.chance(0.5) else None,
        draw.choice(["ASC", "DESC"]), draw.choice(["MIN", "DENSE", "AVERAGE"]),
    )
    query = f"""{{ metric(slug: $slug) {{
      ranking(period: $period, frequency: $frequency, newestOfEach: $newestOfEach, initiative: $initiative,
          among: $among, direction: $direction, ties: $ties) {{ {selected} }}
    }} }}"""
    return ranking, query, {
        "slug": ranking.metric.slug, "period": period and draw.code(period), "frequency": ranking.frequency,
        "newestOfEach": ranking.newest_of_each, "initiative": ranking.initiative and ranking.initiative.slug,
        "among": ranking.among, "direction": ranking.direction, "ties": ranking.ties,
    }


def ranking_question(draw: Draw) -> Question:
    """The places that are ranked."""
    ranking, query, variables = draw_ranking(draw, f"""
      period {PERIOD} frequency of missing
      entries(first: 100) {{ totalCount nodes {{
        position of district {{ slug }} period {PERIOD} initiative {{ slug }}
        observation {FIGURE} provisional share {COMPUTED}
      }} }}""")
    return Question(query, variables, {"metric": {"ranking": ranking.told()}})


def unranked_question(draw: Draw) -> Question:
    """The places that are not ranked."""
    ranking, query, variables = draw_ranking(draw, "unranked(first: 100) { district { slug } reason explanation }")
    return Question(query, variables, {"metric": {"ranking": ranking.unranked_told()}})
