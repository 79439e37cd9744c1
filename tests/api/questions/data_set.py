"""A data set: places, initiatives, metrics and figures, written as tables for `hutong import`."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from periods import Period

#: Units: slug, symbol, dimension, factor.
UNITS = [
    ("eur", "EUR", "CURRENCY", ""),
    ("persons", "persons", "COUNT", ""),
    ("percent", "%", "RATIO", "0.01"),
    ("points", "points", "SCORE", ""),
]


@dataclass(eq=False)
class Place:
    """A district."""

    slug: str
    kind: str
    parent: Place | None
    partition: bool

    @cached_property
    def path(self) -> list[Place]:
        """The place and those around it, the widest first."""
        return [*(self.parent.path if self.parent else []), self]


@dataclass(eq=False)
class Initiative:
    """An initiative and the place it runs in."""

    slug: str
    district: Place


@dataclass(eq=False)
class Metric:
    """A metric."""

    slug: str
    unit: str
    measure: str
    aggregation: str
    accumulation: str | None


@dataclass(eq=False)
class Figure:
    """An observation; `value` is None where it is marked MISSING or SUPPRESSED."""

    metric: Metric
    district: Place
    initiative: Initiative | None
    period: Period
    value: Decimal | None
    comparator: str
    status: str


@dataclass
class DataSet:
    """All rows, each kind in the order in which it is loaded."""

    places: list[Place]
    initiatives: list[Initiative]
    metrics: list[Metric]
    figures: list[Figure]

    @cached_property
    def number(self) -> dict:
        """The place of each row in the order in which it is loaded."""
        rows = (self.places, self.initiatives, self.metrics, self.figures, [slug for slug, *_ in UNITS])
        return {row: number for kind in rows for number, row in enumerate(kind)}

    @cached_property
    def of_metric(self) -> dict[Metric, list[Figure]]:
        """The figures of each metric."""
        found = defaultdict(list)
        for figure in self.figures:
            found[figure.metric].append(figure)
        return found

    @cached_property
    def in_place(self) -> dict[tuple[Metric, Place], dict[Initiative | None, dict[Period, Figure]]]:
        """The figures of each metric in each place, by whose they are and by their periods."""
        found = defaultdict(lambda: defaultdict(dict))
        for figure in self.figures:
            found[figure.metric, figure.district][figure.initiative][figure.period] = figure
        return found

    def of_holder(self, metric: Metric, place: Place, holder: Initiative | None) -> dict[Period, Figure]:
        """The figures of a metric that a place itself or an initiative in it has, by their periods."""
        return self.in_place.get((metric, place), {}).get(holder, {})

    def parts(self, place: Place) -> list[Place]:
        """The places that a place is divided into without overlap."""
        return [p for p in self.places if p.parent is place and p.partition]

    def write(self, folder: Path) -> None:
        """Write a data package of CSV tables."""
        resources = []
        for name, rows in self.tables().items():
            path = folder / f"{name}.csv"
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
            resources.append({"name": name, "path": path.name})
        package = {"name": "questions", "resources": resources}
        (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")

    def tables(self) -> dict[str, list[dict]]:
        """The rows of each table."""
        return {
            "source": [{"slug": "report", "title_en": "Report"}],
            "unit": [
                {"slug": slug, "symbol": symbol, "name_en": slug, "dimension": dimension, "factor": factor}
                for slug, symbol, dimension, factor in UNITS
            ],
            "district": [
                {"slug": p.slug, "kind": p.kind, "parent": p.parent.slug if p.parent else "",
                 "name_en": p.slug, "partition": str(p.partition).lower()}
                for p in self.places
            ],
            "initiative": [
                {"slug": i.slug, "district": i.district.slug, "kind": "PROJECT", "status": "ONGOING",
                 "title_en": i.slug}
                for i in self.initiatives
            ],
            "metric": [
                {"slug": m.slug, "name_en": m.slug, "unit": m.unit, "measure": m.measure,
                 "aggregation": m.aggregation, "accumulation": m.accumulation or "",
                 "direction": "NEUTRAL", "decimals": 0}
                for m in self.metrics
            ],
            "observation": [
                {"metric": f.metric.slug, "district": f.district.slug,
                 "initiative": f.initiative.slug if f.initiative else "", "period": f.period.code,
                 "value": "" if f.value is None else f"{f.value:f}", "comparator": f.comparator,
                 "status": f.status, "source": "report"}
                for f in self.figures
            ],
        }
