"""Questions, the answers expected to them, and where a server's answers differ."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from data_set import Figure
from periods import Period


class OneOf:
    """Any of several answers, where the schema leaves it open which."""

    def __init__(self, *answers):
        self.answers = answers

    def __repr__(self) -> str:
        return f"one of {self.answers}"


class Text:
    """Any text that is not empty."""

    def __repr__(self) -> str:
        return "a text"


TEXT = Text()

#: The variables of all questions, and their types.
TYPES = {
    "among": "DistrictFilter", "base": "Period!", "by": "[ObservationDimension!]!",
    "direction": "Direction", "district": "String!", "districts": "[String!]!", "filter": "ObservationFilter",
    "frequency": "Frequency", "from": "Period", "gaps": "SeriesGaps!", "initiative": "String",
    "metric": "String!", "metrics": "[String!]!", "newestOfEach": "Boolean!", "of": "ObservationDimension!",
    "other": "String!", "over": "Int!", "p": "Decimal!", "period": "Period", "periods": "[Period!]",
    "samePeriod": "Boolean!", "scale": "Int!", "slug": "String!", "ties": "RankingTies!", "to": "Period",
}


@dataclass
class Question:
    """A query, its variables, and the answer expected to it."""

    query: str
    variables: dict
    expected: object
    #: What of the answer is compared with `expected`.
    compared: Callable[[dict], object] = lambda data: data

    def __post_init__(self):
        types = {name: TYPES[name] for name in self.variables}
        declared = ", ".join(f"${name}: {type}" for name, type in types.items())
        self.query = f"query ({declared}) {self.query}"

    def differences(self, answer: dict) -> list[str]:
        """Where an answer is not the one expected."""
        if errors := answer.get("errors"):
            if self.expected == {"code": errors[0]["extensions"]["code"]}:
                return []
            return [f"expected {self.expected!r}, found the error {errors[0]!r}"]
        return list(differences(self.expected, self.compared(answer["data"])))


def differences(expected, found, path: str = "") -> Iterator[str]:
    """Where a part of an answer is not what is expected."""
    if isinstance(expected, dict) and isinstance(found, dict) and expected.keys() == found.keys():
        for name, value in expected.items():
            yield from differences(value, found[name], f"{path}.{name}")
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for number, pair in enumerate(zip(expected, found)):
            yield from differences(*pair, f"{path}[{number}]")
    elif not same(expected, found):
        yield f"{path}: expected {expected!r}, found {found!r}"


def same(expected, found) -> bool:
    """Whether a value is what is expected."""
    if isinstance(expected, OneOf):
        return any(not any(differences(answer, found)) for answer in expected.answers)
    if isinstance(expected, Decimal):
        return isinstance(found, str) and Decimal(found) == expected
    if expected is TEXT:
        return isinstance(found, str) and found != ""
    return expected == found


# What is selected of rows, and how it is told

PERIOD = "{ start end frequency }"
FIGURE = "{ district { slug } metric { slug } initiative { slug } period { start end } }"
COMPUTED = "{ value comparator exact unit { slug } reason explanation present expected }"


def slug(row) -> dict | None:
    """A row by its slug."""
    return row and {"slug": row.slug}


def period_told(period: Period | None) -> dict | None:
    """A period as `PERIOD` selects it."""
    return period and {"start": str(period.start), "end": str(period.end), "frequency": period.frequency}


def figure_told(figure: Figure | None) -> dict | None:
    """A figure as `FIGURE` selects it."""
    return figure and {
        "district": slug(figure.district), "metric": slug(figure.metric),
        "initiative": slug(figure.initiative),
        "period": {"start": str(figure.period.start), "end": str(figure.period.end)},
    }
