"""Which figures and places a filter picks.

A filter becomes a test of rows: it gives True, False, or None where a value that matters is null.
"""

import operator
from collections.abc import Callable
from decimal import Decimal
from functools import cache

from data_set import Figure, Metric, Place
from periods import Period, read_period

Test = Callable[[object], bool | None]

VALUE_TESTS = {
    "eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "gte": operator.ge,
    "lt": operator.lt, "lte": operator.le,
    "in": lambda value, wanted: value in wanted, "notIn": lambda value, wanted: value not in wanted,
}
PERIOD_TESTS = {
    "eq": operator.eq, "ne": operator.ne,
    "in": lambda period, wanted: period in wanted, "notIn": lambda period, wanted: period not in wanted,
    "gt": lambda period, other: period.start > other.end,
    "gte": lambda period, other: period.start >= other.start,
    "lt": lambda period, other: period.end < other.start,
    "lte": lambda period, other: period.end <= other.end,
    "from": lambda period, other: period.start >= other.start,
    "to": lambda period, other: period.end <= other.end,
    "during": Period.within,
}


def all_of(tests: list[Test]) -> Test:
    """Whether all tests hold."""
    def tested(row):
        held = True
        for test in tests:
            result = test(row)
            if result is False:
                return False
            if result is None:
                held = None
        return held
    return tests[0] if len(tests) == 1 else tested


def opposite(test: Test) -> Test:
    """Whether a test does not hold."""
    def tested(row):
        result = test(row)
        return None if result is None else not result
    return tested


def combined(condition: dict, test_of: Callable[[str, object], Test]) -> Test:
    """The test of a filter; `test_of` makes that of one of its own fields."""
    tests = []
    for name, wanted in condition.items():
        if name == "and":
            tests.append(all_of([combined(part, test_of) for part in wanted]))
        elif name == "or":
            tests.append(opposite(all_of([opposite(combined(part, test_of)) for part in wanted])))
        elif name == "not":
            tests.append(opposite(combined(wanted, test_of)))
        else:
            tests.append(test_of(name, wanted))
    return all_of(tests)


def value_test(condition: dict, get: Callable[[object], object]) -> Test:
    """The test of a filter of a word, a text or a number, which `get` takes from a row."""
    def test_of(name, wanted):
        if name == "isNull":
            return lambda row: (get(row) is None) == wanted
        test = VALUE_TESTS[name]
        return lambda row: None if (value := get(row)) is None else test(value, wanted)
    return all_of([test_of(*item) for item in condition.items()])


def decimals(condition: dict) -> dict:
    """A `DecimalFilter` with its numbers read."""
    return {name: wanted if name == "isNull" else Decimal(wanted) for name, wanted in condition.items()}


def period_test(condition: dict) -> Test:
    """The test of a `PeriodFilter` for periods."""
    def test_of(name, wanted):
        if name == "isNull":
            return lambda period: not wanted
        if name == "frequency":
            return lambda period: period.frequency == wanted
        read = [read_period(w) for w in wanted] if isinstance(wanted, list) else read_period(wanted)
        test = PERIOD_TESTS[name]
        return lambda period: test(period, read)
    return all_of([test_of(*item) for item in condition.items()])


def row_test(condition: dict, test: Callable[[dict], Test], get: Callable[[object], object]) -> Test:
    """The test of a filter of the row that `get` takes from another; without one it does not hold."""
    tested = cache(test(condition))
    return lambda row: (other := get(row)) is not None and tested(other) is True


def place_test(condition: dict) -> Test:
    """The test of a `DistrictFilter` for places."""
    def test_of(name, wanted):
        get = operator.attrgetter(name)
        return row_test(wanted, place_test, get) if name == "parent" else value_test(wanted, get)
    return combined(condition, test_of)


def metric_test(condition: dict) -> Test:
    """The test of a `MetricFilter` for metrics."""
    def test_of(name, wanted):
        return value_test(wanted["slug"] if name == "unit" else wanted, operator.attrgetter(name))
    return combined(condition, test_of)


def initiative_test(condition: dict) -> Test:
    """The test of an `InitiativeFilter` for initiatives."""
    def test_of(name, wanted):
        get = operator.attrgetter(name)
        return row_test(wanted, place_test, get) if name == "district" else value_test(wanted, get)
    return combined(condition, test_of)


def figure_test(condition: dict) -> Test:
    """The test of an `ObservationFilter` for figures."""
    rows = {
        "period": period_test, "metric": metric_test, "district": place_test, "initiative": initiative_test,
    }

    def test_of(name, wanted):
        get = operator.attrgetter(name)
        if name in rows:
            return row_test(wanted, rows[name], get)
        return value_test(decimals(wanted) if name == "value" else wanted, get)
    return combined(condition, test_of)


def picked_figures(figures: list[Figure], condition: dict) -> list[Figure]:
    """The figures that an `ObservationFilter` picks."""
    test = figure_test(condition)
    return [figure for figure in figures if test(figure) is True]


def picked_places(places: list[Place], condition: dict) -> list[Place]:
    """The places that a `DistrictFilter` picks."""
    test = place_test(condition)
    return [place for place in places if test(place) is True]


# What an `ObservationFilter` asks by


def nested(condition: dict) -> list[dict]:
    """The filters within a filter."""
    negated = [condition["not"]] if "not" in condition else []
    return [*condition.get("and", []), *condition.get("or", []), *negated]


def asks_for_more(condition: dict) -> bool:
    """Whether it asks by more than metric, place, initiative and period.

    That there be a value is no matter.
    """
    other = condition.keys() - {"and", "or", "not", "period", "metric", "district", "initiative"}
    if condition.get("value") == {"isNull": False}:
        other -= {"value"}
    return bool(other) or any(map(asks_for_more, nested(condition)))


def subjects(condition: dict) -> set[str]:
    """What it is about; that of an initiative is a place, too."""
    found = {"district" if name == "initiative" else name for name in condition} - {"and", "or", "not"}
    return found.union(*map(subjects, nested(condition)))


def mixes_places_and_periods(condition: dict) -> bool:
    """Whether one `or` or `not` in it is about both places and periods."""
    mixes = any(
        {"district", "period"} <= subjects({name: condition[name]}) for name in ("or", "not") if name in condition
    )
    return mixes or any(map(mixes_places_and_periods, nested(condition)))
