"""The dimensions that figures are grouped by."""

from collections.abc import Iterable

from answers import PERIOD, period_told, slug
from data_set import Figure
from periods import Period

#: The dimensions: what a figure has in each, and how a key of groups selects it.
DIMENSIONS = {
    "DISTRICT": (lambda f: f.district, "district { slug }"),
    "METRIC": (lambda f: f.metric, "metric { slug }"),
    "INITIATIVE": (lambda f: f.initiative, "initiative { slug }"),
    "PERIOD": (lambda f: f.period, f"period {PERIOD}"),
    "YEAR": (lambda f: f.period.part("ANNUAL"), f"year {PERIOD}"),
    "QUARTER": (lambda f: f.period.part("QUARTERLY"), f"quarter {PERIOD}"),
    "MONTH": (lambda f: f.period.part("MONTHLY"), f"month {PERIOD}"),
    "FREQUENCY": (lambda f: f.period.frequency, "frequency"),
    "STATUS": (lambda f: f.status, "status"),
    "COMPARATOR": (lambda f: f.comparator, "comparator"),
    "UNIT": (lambda f: f.metric.unit, "unit { slug }"),
    "DISTRICT_KIND": (lambda f: f.district.kind, "districtKind"),
    "PARENT_DISTRICT": (lambda f: f.district.parent, "parentDistrict { slug }"),
}
#: Those that say more of a figure than its metric, place, initiative and period.
OF_FIGURES_ALONE = {"STATUS", "COMPARATOR"}
#: Those whose words have an order that is not described.
WORDS = {"FREQUENCY", "STATUS", "COMPARATOR", "DISTRICT_KIND"}


def value_in(dimension: str, figure: Figure):
    """What a figure has in a dimension."""
    return DIMENSIONS[dimension][0](figure)


def key_of(figure: Figure, by: Iterable[str]) -> tuple:
    """What a figure has in several dimensions."""
    return tuple(value_in(dimension, figure) for dimension in by)


def key_selected(by: Iterable[str]) -> str:
    """How a key is selected."""
    return "key { %s }" % " ".join(DIMENSIONS[dimension][1] for dimension in by) if by else ""


def key_told(by: Iterable[str], key: tuple) -> dict:
    """A key as it is selected."""
    told = {}
    for dimension, value in zip(by, key):
        if isinstance(value, Period):
            value = period_told(value)
        elif dimension == "UNIT":
            value = {"slug": value}
        elif dimension not in WORDS:
            value = slug(value)
        told[DIMENSIONS[dimension][1].split()[0]] = value
    return told
