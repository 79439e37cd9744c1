"""What the server must answer of the panel, in exact fractions and without Hutong.

It takes nothing from the server but its rules: sums and picked values are exact, quotients and
roots have 15 significant digits, half to even; what is withheld is not zero.
"""

from decimal import Context, Decimal
from fractions import Fraction
from math import isqrt

# How many significant digits a quotient or a root keeps.
DIGITS = 15


def plain(value):
    """An exact decimal without an exponent or trailing zeros."""
    number = Decimal(value.numerator) if isinstance(value, Fraction) else Decimal(value)
    if isinstance(value, Fraction):
        number = Context(prec=100).divide(number, Decimal(value.denominator))
        assert Fraction(number) == value, f"{value} is no decimal"
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def exactly(value):
    return {"value": plain(value)}


def rounded(value, known=True):
    """What comes of a division or a root: 15 significant digits, half to even. `known` says
    whether `value` is the very number, or a neighbour with many digits more."""
    scale = Fraction(1)
    while abs(value) * scale >= 10**DIGITS:
        scale /= 10
    while value and abs(value) * scale < 10 ** (DIGITS - 1):
        scale *= 10
    # Python rounds fractions half to even.
    near = round(value * scale) / scale
    return {"value": plain(near), "exact": known and near == value}


def root(value, degree):
    """A root with 60 digits, and whether it is the very number."""
    context = Context(prec=60)
    number = context.divide(Decimal(value.numerator), Decimal(value.denominator))
    power = context.power(number, context.divide(Decimal(1), Decimal(degree)))
    if degree == 2:
        power = context.sqrt(number)
        square = isqrt(value.numerator) ** 2, isqrt(value.denominator) ** 2
        if square == (value.numerator, value.denominator):
            return Fraction(isqrt(value.numerator), isqrt(value.denominator)), True
    return Fraction(power), Fraction(power) ** degree == value


def percentile(values, percent):
    rank = (len(values) - 1) * Fraction(percent) / 100
    below = int(rank)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (rank - below)


def mean(values):
    return sum(values, Fraction(0)) / len(values)


def deviation(values):
    middle = mean(values)
    return root(sum((value - middle) ** 2 for value in values) / (len(values) - 1), 2)


def valued(figures):
    return [figure for figure in figures if figure.value is not None]


def measures(figures):
    """All that is computed of figures, in the order of loading, but sums."""
    have = valued(figures)
    values = sorted(figure.value for figure in have)
    # Sorting keeps the order of loading within a year.
    dated = sorted(have, key=lambda figure: figure.year)
    last = [figure for figure in have if figure.year == dated[-1].year][-1]

    def one(figure):
        return {"value": figure.text, "period": {"code": figure.year},
                "district": {"slug": figure.country}}

    return {
        "count": len(figures),
        "missing": len(figures) - len(have),
        "distinct": len({figure.country for figure in figures}),
        "mean": rounded(mean(values)),
        "min": exactly(values[0]),
        "max": exactly(values[-1]),
        "median": exactly(percentile(values, "50")),
        "low": exactly(percentile(values, "10")),
        "high": exactly(percentile(values, "90")),
        "third": exactly(percentile(values, "33.3")),
        "standardDeviation": rounded(*deviation(values)),
        "first": one(dated[0]),
        "last": one(last),
    }


def grouped(figures, *keys):
    """The groups by these attributes: places and metrics as they were loaded, years ascending."""
    groups = {}
    for figure in figures:
        groups.setdefault(tuple(getattr(figure, key) for key in keys), []).append(figure)
    countries = list(dict.fromkeys(figure.country for figure in figures))
    metrics = list(dict.fromkeys(figure.metric for figure in figures))
    order = {"metric": metrics.index, "country": countries.index, "region": str, "year": str}
    ordered = sorted(groups, key=lambda group: [order[key](part) for key, part in zip(keys, group)])
    return [(dict(zip(keys, group)), groups[group]) for group in ordered]


FIELDS = {"metric": ("metric", "slug"), "country": ("district", "slug"),
          "region": ("parentDistrict", "slug"), "year": ("year", "code")}


def key(group):
    return {FIELDS[name][0]: {FIELDS[name][1]: value} for name, value in group.items()}


def groups(figures):
    few = ("count", "missing", "mean", "median", "standardDeviation", "last")
    people = [figure for figure in figures if figure.metric == "population"]
    income = [figure for figure in figures if figure.metric == "gdp-per-capita"]
    parts = {group["region"]: len({figure.country for figure in own})
             for group, own in grouped(figures, "region")}

    def total(group, own):
        values = [figure.value for figure in own]
        return {"key": key(group), "sum": {**exactly(sum(values)), "exact": True},
                "mean": rounded(mean(values))}

    def coverage(group, own):
        have = len({figure.country for figure in valued(own)})
        region = group["region"]
        return {"key": key(group), "count": len(own), "missing": len(own) - len(valued(own)),
                "coverage": {"have": have, "of": parts[region], "parent": {"slug": region}}}

    return {
        "byYear": [{"key": key(group), **measures(own)}
                   for group, own in grouped(figures, "metric", "year")],
        "byRegion": [{"key": key(group), **measures(own)}
                     for group, own in grouped(figures, "region", "metric")],
        "byCountry": [{"key": key(group),
                       **{name: value for name, value in measures(own).items() if name in few}}
                      for group, own in grouped(figures, "country", "metric")],
        "populationByYear": [total(*group) for group in grouped(people, "year")],
        "populationByRegion": [total(*group) for group in grouped(people, "region", "year")],
        "coverage": [coverage(*group) for group in grouped(income, "region", "year")],
    }


def largest(figures):
    """The three countries of each region with the most people in 2007."""
    nodes = []
    of_2007 = [f for f in figures if f.metric == "population" and f.year == "2007"]
    for group, own in grouped(of_2007, "region"):
        top = sorted(own, key=lambda figure: -figure.value)[:3]
        nodes.append({"key": key(group), "observations": {
            "totalCount": len(own),
            "nodes": [{"value": figure.text, "district": {"slug": figure.country}}
                      for figure in top]}})
    return nodes


def orders(figures):
    """Countries and regions in the order of what was computed of them, with the measure."""
    def by(metric, measure, backward, chosen=lambda value: True, keys=("country",)):
        own = [figure for figure in figures if figure.metric == metric]
        computed = [(key(group), measure([figure.value for figure in valued(rows)]))
                    for group, rows in grouped(own, *keys)]
        kept = [(group, value) for group, value in computed if chosen(value)]
        # A stable sort: groups alike stay in the order of their keys, in both directions.
        return sorted(kept, key=lambda pair: -pair[1] if backward else pair[1])

    def spread(values):
        return deviation(values)[0]

    def middle(values):
        return percentile(sorted(values), "50")

    edge = middle([figure.value for figure in figures
                   if (figure.country, figure.metric) == ("norway", "life-expectancy")])
    return {
        # Those whose mean is 72 or more, the highest first.
        "longLived": [{"key": group, "mean": rounded(value)} for group, value in
                      by("life-expectancy", mean, True, lambda value: value >= 72)],
        # Those whose median is no less than Norway's, which is the edge.
        "noLessThanNorway": {"edge": plain(edge), "nodes": [
            {"key": group, "median": exactly(value)} for group, value in
            by("life-expectancy", middle, False, lambda value: value >= edge)]},
        # Regions and years with more than 500 million people, the most first.
        "crowded": [{"key": group, "sum": exactly(value)} for group, value in by(
            "population", sum, True, lambda value: value > 500_000_000, ("region", "year"))],
        # How unlike the years of a country were, the most unlike first.
        "unsteady": [{"key": group, "standardDeviation": {"value": rounded(value, False)["value"]}}
                     for group, value in by("gdp-per-capita", spread, True)],
        # The poorest year of each, the poorest first.
        "poorest": [{"key": group, "min": exactly(value)} for group, value in
                    by("gdp-per-capita", min, False)],
    }


def changed(figure, base, missing="NO_BASE"):
    """The change from one figure to another."""
    nothing = {"value": None, "reason": "NO_VALUE" if figure.value is None else missing}
    if figure.value is None or base is None or base.value is None:
        return {"absolute": nothing, "percent": nothing}
    difference = figure.value - base.value
    percent = rounded(difference / base.value * 100)
    return {"absolute": {**exactly(difference), "reason": None},
            "percent": {"value": percent["value"], "reason": None}}


def earlier(figure, own):
    """The newest figure before with a value."""
    before = [other for other in valued(own) if other.year < figure.year]
    return before[-1] if before else None


def changes(figures):
    """How every figure of 2002 differs from the one before and from that of 1952."""
    nodes = []
    for _, own in grouped(figures, "country", "metric"):
        figure = next(figure for figure in own if figure.year == "2002")
        before = earlier(figure, own)
        nodes.append({
            "district": {"slug": figure.country}, "metric": {"slug": figure.metric},
            "value": figure.text,
            "change": {"from": {"value": before.text, "period": {"code": before.year}},
                       **changed(figure, before)},
            "since": changed(figure, own[0]),
        })
    return nodes


def series(figures):
    """Places over time: one that grew, one that fell and rose, one with a figure withheld."""
    found = {}
    for group, own in grouped(figures, "country", "metric"):
        if group["country"] not in ("china", "rwanda", "kuwait"):
            continue
        have = valued(own)
        # Of several alike, the earliest: `min` and `max` give the first they meet.
        least, most = min(have, key=lambda f: f.value), max(have, key=lambda f: f.value)
        first, last = have[0], have[-1]
        power, _ = root(last.value / first.value, int(last.year) - int(first.year))
        base = next(figure for figure in own if figure.year == "1977")

        def point(figure):
            index = {"value": None, "reason": "NO_VALUE"}
            if figure.value is not None:
                index = {"value": rounded(figure.value / base.value * 100)["value"], "reason": None}
            return {"period": {"code": figure.year}, "observation": {"value": figure.text},
                    "change": changed(figure, earlier(figure, own)),
                    "since": changed(figure, base), "index": index}

        found.setdefault(group["country"], {})[group["metric"]] = {
            "frequency": "ANNUAL",
            "points": [point(figure) for figure in own],
            "first": {"period": {"code": first.year}},
            "latest": {"period": {"code": last.year}},
            "minimum": {"period": {"code": least.year}, "observation": {"value": least.text}},
            "maximum": {"period": {"code": most.year}, "observation": {"value": most.text}},
            "cagr": rounded((power - 1) * 100, False),
        }
    return found


def filters(figures):
    """The countries whose figures are such, in the order of loading."""
    names = dict.fromkeys(figure.country for figure in figures)

    def of(country, metric):
        return [f for f in figures if f.country == country and f.metric == metric]

    def countries(like):
        return [country for country in names if like(country)]

    def over(figure, value):
        return figure.value is not None and figure.value > Fraction(value)

    def years(country, metric, value):
        return sum(over(figure, value) for figure in of(country, metric))

    def lives(country):
        return of(country, "life-expectancy")

    region = {figure.country: figure.region for figure in figures}
    found = {
        # Fewer than 30 years of life to be expected, in one year at least.
        "someBelow30": countries(lambda c: any(f.value < 30 for f in lives(c))),
        # Always more than 10,000 dollars; a withheld figure is not known to be more.
        "everyOver10000": countries(lambda c: all(over(f, 10000) for f in of(c, "gdp-per-capita"))),
        # Never more than a million people.
        "noneOverMillion": countries(lambda c: years(c, "population", 1_000_000) == 0),
        # More than 70 years in exactly six of the twelve.
        "sixOver70": countries(lambda c: years(c, "life-expectancy", 70) == 6),
        # More than 75 years in three or more.
        "threeOver75": countries(lambda c: years(c, "life-expectancy", 75) >= 3),
        # With a figure withheld.
        "withheld": countries(lambda c: any(f.withheld for f in of(c, "gdp-per-capita"))),
        # African, and more than 10,000 dollars in 2007.
        "richAfrican": countries(lambda c: region[c] == "africa"
                                 and over(of(c, "gdp-per-capita")[-1], 10000)),
        # Never below 35 years before 1985, and below 40 in one after.
        "fell": countries(
            lambda c: not any(f.value < 35 for f in lives(c) if f.year < "1985")
            and any(f.value < 40 for f in lives(c) if f.year > "1985")),
    }
    # Regions all of whose countries passed 60 years by 2007; with 30 countries or more.
    regions = sorted(set(region.values()))
    found["regionsOver60"] = [r for r in regions if all(
        lives(c)[-1].value > 60 for c in names if region[c] == r)]
    found["regionsOf30"] = [r for r in regions if list(region.values()).count(r) >= 30]
    return found


def ranking(figures, metric, year):
    """Countries by a metric in a year, the greatest first; those without a value have no place.
    Of those alike MIN gives all the best place, DENSE leaves no place out, AVERAGE the mean."""
    own = [figure for figure in figures if figure.metric == metric and figure.year == year]
    values = [figure.value for figure in valued(own)]
    nodes = []
    for figure in sorted(valued(own), key=lambda figure: -figure.value):
        best = 1 + sum(value > figure.value for value in values)
        alike = values.count(figure.value)
        nodes.append({"district": figure.country, "value": figure.text, "min": best,
                      "dense": 1 + len({value for value in values if value > figure.value}),
                      "average": plain(best + Fraction(alike - 1, 2))})
    without = [figure.country for figure in own if figure.value is None]
    return {"of": len(nodes), "without": without, "nodes": nodes}


def expected(figures):
    return {
        **groups(figures), "largest": largest(figures), **orders(figures),
        "changes": changes(figures), "series": series(figures), "filters": filters(figures),
        "names": {figure.country: figure.name for figure in figures},
        "ranking": {"gdpPerCapita2007": ranking(figures, "gdp-per-capita", "2007"),
                    "gdpPerCapita1997": ranking(figures, "gdp-per-capita", "1997"),
                    "lifeExpectancy2007": ranking(figures, "life-expectancy", "2007"),
                    "lifeExpectancy1962": ranking(figures, "life-expectancy", "1962")},
    }
