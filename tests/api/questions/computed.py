"""Numbers that are computed of figures: how they are rounded, and how exactly they are known."""

from collections.abc import Iterable
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow, setcontext

from answers import TEXT, OneOf
from data_set import Figure

#: How many digits quotients and roots are rounded to; half to even.
DIGITS = 15
#: What has more digits than a Decimal can hold.
TOO_LARGE = Decimal("1e28")

INFINITY = Decimal("Infinity")

#: Everything but what is divided or rounded here is calculated exactly, or it is an error.
setcontext(Context(prec=120, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow]))


def rounded(number: Decimal) -> Decimal:
    """A number rounded to `DIGITS`."""
    return Context(prec=DIGITS).plus(number)


def quotient(number: Decimal, divisor: Decimal | int) -> tuple[Decimal, bool]:
    """A quotient, rounded, and whether it did not need to be."""
    context = Context(prec=DIGITS)
    value = context.divide(number, Decimal(divisor))
    return value, not context.flags[Inexact]


def root(number: Decimal, divisor: Decimal | int) -> tuple[Decimal, bool]:
    """The square root of a quotient, rounded, and whether it did not need to be."""
    wide = Context(prec=80)
    value = wide.sqrt(wide.divide(number, Decimal(divisor)))
    narrow = rounded(value)
    return narrow, narrow == value and not wide.flags[Inexact]


def no_value(reason) -> dict:
    """A `Computed` without a value."""
    return {
        "value": None, "comparator": None, "exact": None, "unit": None, "reason": reason,
        "explanation": TEXT, "present": None, "expected": None,
    }


def with_value(number: tuple[Decimal, bool], comparator, unit: str | None = None) -> dict:
    """A `Computed` with a value and nothing to say beside it."""
    value, exact = number
    return {
        "value": value, "comparator": comparator, "exact": exact, "unit": unit and {"slug": unit},
        "reason": None, "explanation": None, "present": None, "expected": None,
    }


# How true results relate to those of the values

LOWER_BOUNDS, UPPER_BOUNDS = {"MORE_THAN", "AT_LEAST"}, {"LESS_THAN", "AT_MOST", "NEARLY"}
#: What a comparator becomes where the order of numbers is turned round.
TURNED = {
    "EQUAL": "EQUAL", "ABOUT": "ABOUT", "MORE_THAN": "LESS_THAN", "AT_LEAST": "AT_MOST",
    "LESS_THAN": "MORE_THAN", "AT_MOST": "AT_LEAST", "NEARLY": "MORE_THAN",
}


def sum_comparator(comparators: Iterable[str]) -> str:
    """How the true sum relates to the sum of values with these comparators."""
    kinds = set(comparators) - {"EQUAL"}
    if len(kinds) < 2:
        return next(iter(kinds), "EQUAL")
    if kinds <= LOWER_BOUNDS:
        return "MORE_THAN"
    return "LESS_THAN" if kinds <= UPPER_BOUNDS else "UNKNOWN"


def difference_comparator(figure: Figure, other: Figure) -> str:
    """How the true difference relates to that of the values: that of two bounds is UNKNOWN."""
    if figure is other:
        return "EQUAL"
    kinds = figure.comparator, other.comparator
    if "EQUAL" not in kinds:
        return "ABOUT" if kinds == ("ABOUT", "ABOUT") else "UNKNOWN"
    return sum_comparator([figure.comparator, TURNED[other.comparator]])


def quotient_comparator(figure: Figure, other: Figure):
    """How the true quotient relates to that of the values."""
    if figure is other:
        return "EQUAL"
    kinds = figure.comparator, other.comparator
    if "EQUAL" not in kinds:
        return "ABOUT" if kinds == ("ABOUT", "ABOUT") else "UNKNOWN"
    if other.comparator == "EQUAL":
        return kinds[0] if other.value > 0 else TURNED[kinds[0]]
    if figure.value == 0:
        return "EQUAL"
    turned = TURNED[kinds[1]]
    return turned if figure.value > 0 else OneOf(kinds[1], TURNED[turned])


def lower_end(figure: Figure) -> tuple[Decimal, bool]:
    """The least that the true figure may be, and whether it is greater than that."""
    bounded = figure.comparator == "EQUAL" or figure.comparator in LOWER_BOUNDS
    return (figure.value if bounded else -INFINITY), figure.comparator == "MORE_THAN"


def upper_end(figure: Figure) -> tuple[Decimal, bool]:
    """The greatest that the true figure may be, and whether it is not less than that."""
    bounded = figure.comparator == "EQUAL" or figure.comparator in UPPER_BOUNDS
    return (figure.value if bounded else INFINITY), figure.comparator not in ("LESS_THAN", "NEARLY")


def percentile(figures: list[Figure], percent: Decimal) -> tuple[Decimal, OneOf]:
    """A percentile by linear interpolation, and how the true one relates to it.

    The true one lies between the same percentile of the lower ends of what the figures may be,
    and that of the upper ends: where it comes of ends that are the values, they bound it. The
    schema does not say that a comparator is as strict as can be, only that it is true: accepted
    is, too, what is true of any number between the smallest and the largest.
    """
    rank = percent * (len(figures) - 1)
    below, weight = int(rank // 100), rank % 100 * Decimal("0.01")
    picked = slice(below, below + (2 if weight else 1))
    values = sorted(f.value for f in figures)
    value = values[below] + (values[below + 1] - values[below]) * weight if weight else values[below]
    lower, upper = (sorted(map(end, figures))[picked] for end in (lower_end, upper_end))
    least, most = ([end for end, _ in ends] == values[picked] for ends in (lower, upper))
    if least and most:
        strict = "EQUAL"
    elif least:
        strict = "MORE_THAN" if any(more for _, more in lower) else "AT_LEAST"
    elif most:
        strict = "AT_MOST" if all(level for _, level in upper) else "LESS_THAN"
    else:
        strict = "UNKNOWN"
    return value, OneOf(strict, comparator_of_any(figures))


def comparator_of_any(figures: list[Figure]) -> str:
    """How a true number between the smallest and the largest of figures relates to that of the values."""
    kinds = {f.comparator for f in figures} - {"EQUAL"}
    if not kinds:
        return "EQUAL"
    if kinds == {"ABOUT"}:
        return "ABOUT"
    return "AT_LEAST" if kinds <= LOWER_BOUNDS else "AT_MOST" if kinds <= UPPER_BOUNDS else "UNKNOWN"
