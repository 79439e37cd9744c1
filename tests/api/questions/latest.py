"""Which figures stand for a place, and the latest of them."""

from collections.abc import Callable, Iterable

from answers import FIGURE, Question, figure_told
from data_set import DataSet, Figure, Initiative, Metric, Place
from draw import Draw
from periods import Period, newest_of_longest

Accept = Callable[[Period], bool]


class SeveralInitiatives(Exception):
    """A place has no figure of its own, and several initiatives in it have one."""


def standing(data: DataSet, metric: Metric, place: Place, wanted: Initiative | None,
             accept: Accept) -> dict[Period, Figure]:
    """The figures with a value that stand for a place at accepted periods.

    They are those of the initiative wanted; else the place's own; or else, where it has none of
    the metric with a value at whatever period, those of the one initiative in it that has any.
    """
    holders = data.in_place.get((metric, place), {})
    if wanted or any(f.value is not None for f in holders.get(None, {}).values()):
        holders = {wanted: holders.get(wanted, {})}
    found = []
    for figures in holders.values():
        accepted = {p: f for p, f in figures.items() if f.value is not None and accept(p)}
        if accepted:
            found.append(accepted)
    if len(found) > 1:
        raise SeveralInitiatives
    return found[0] if found else {}


def of_length(frequency: str | None) -> Accept:
    """Whether a period is as long as wanted; any is where nothing is."""
    return lambda period: frequency in (None, period.frequency)


def newest(figures: dict[Period, Figure]) -> Figure | None:
    """The figure of the newest of the longest periods."""
    return figures.get(newest_of_longest(figures))


def newest_period(data: DataSet, metric: Metric, places: Iterable[Place], wanted: Initiative | None,
                  frequency: str | None, of_all: bool = False) -> Period | None:
    """Of the longest periods at which one of the places, or each, has a value, the newest."""
    having = []
    for place in places:
        having.append(set())
        for period in {p for figures in data.in_place.get((metric, place), {}).values() for p in figures}:
            try:
                if of_length(frequency)(period) and standing(data, metric, place, wanted, period.__eq__):
                    having[-1].add(period)
            except SeveralInitiatives:
                pass
    found = set.intersection(*having) if of_all else set().union(*having)
    return newest_of_longest(found)


def latest_question(draw: Draw) -> Question:
    """The newest figure of a metric in a place."""
    metric, place, frequency = draw.metric(), draw.place(), draw.frequency()
    initiative = draw.initiative(place)
    root, other = draw.random.sample([("metric", metric), ("district", place)], 2)
    try:
        figure = newest(standing(draw.data, metric, place, initiative, of_length(frequency)))
        expected = {root[0]: {"latest": figure_told(figure)}}
    except SeveralInitiatives:
        expected = {"code": "AMBIGUOUS"}
    return Question(
        f"""{{ {root[0]}(slug: $slug) {{
          latest({other[0]}: $other, frequency: $frequency, initiative: $initiative) {FIGURE}
        }} }}""",
        {"slug": root[1].slug, "other": other[1].slug, "frequency": frequency,
         "initiative": initiative and initiative.slug},
        expected,
    )
