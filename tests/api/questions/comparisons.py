"""Metrics and places side by side."""

from dataclasses import dataclass

from answers import FIGURE, PERIOD, TEXT, Question, figure_told, period_told, slug
from data_set import DataSet, Initiative, Metric, Place
from draw import Draw
from latest import Accept, SeveralInitiatives, newest, newest_period, of_length, standing
from periods import FREQUENCIES, Period


@dataclass
class Comparison:
    """A comparison: its arguments, and what they give."""

    data: DataSet
    metrics: list[Metric]
    places: list[Place]
    periods: list[Period] | None
    frequency: str | None
    initiative: Initiative | None
    same_period: bool

    def rows(self) -> list[dict]:
        """The rows as they are told."""
        if self.periods:
            return [self.row_at(metric, period) for metric in self.metrics for period in self.periods]
        return [self.newest_row(metric) for metric in self.metrics]

    def newest_row(self, metric: Metric) -> dict:
        """A row of the newest figures, all of the longest periods there are."""
        if self.same_period:
            period = newest_period(
                self.data, metric, self.places, self.initiative, self.frequency, of_all=True
            )
            if period:
                return self.row_at(metric, period)
            cells = [cell(place, None, None, "NO_COMMON_PERIOD") for place in self.places]
            return row(metric, None, None, cells)
        length = self.frequency or self.longest(metric)
        accept = of_length(length) if length else lambda period: False
        return row(metric, None, length, [self.cell(metric, place, accept) for place in self.places])

    def longest(self, metric: Metric) -> str | None:
        """The longest periods for which one of the places has a value."""
        for length in FREQUENCIES:
            for place in self.places:
                try:
                    if standing(self.data, metric, place, self.initiative, of_length(length)):
                        return length
                except SeveralInitiatives:
                    pass
        return None

    def row_at(self, metric: Metric, period: Period) -> dict:
        """A row of one period."""
        cells = [self.cell(metric, place, period.__eq__, period) for place in self.places]
        return row(metric, period, period.frequency, cells)

    def cell(self, metric: Metric, place: Place, accept: Accept, period: Period | None = None) -> dict:
        """The newest figure of a place at accepted periods; or that of one, which may be marked missing."""
        try:
            figure = newest(standing(self.data, metric, place, self.initiative, accept))
        except SeveralInitiatives:
            return cell(place, period, None, "SEVERAL_INITIATIVES")
        if figure is None:
            marked = self.data.of_holder(metric, place, self.initiative).get(period)
            return cell(place, period, marked, "NO_VALUE")
        return cell(place, figure.period, figure, None)


def row(metric: Metric, period: Period | None, frequency: str | None, cells: list[dict]) -> dict:
    """A row as it is told."""
    return {"metric": slug(metric), "period": period_told(period), "frequency": frequency, "cells": cells}


def cell(place, period, figure, reason) -> dict:
    """A cell as it is told; with a reason there is no value."""
    valued = None if reason else figure
    return {
        "district": slug(place), "period": period_told(period),
        "observation": figure_told(figure), "initiative": slug(figure and figure.initiative),
        "value": valued and valued.value, "comparator": valued and valued.comparator,
        "status": figure and figure.status, "reason": reason, "explanation": reason and TEXT,
    }


def comparison_question(draw: Draw) -> Question:
    """Metrics and places side by side."""
    data, random = draw.data, draw.random
    how = draw.choice(["periods", "same period", "frequency", "newest"])
    comparison = Comparison(
        data, random.sample(data.metrics, random.randint(1, 3)), random.sample(data.places, random.randint(1, 4)),
        list(dict.fromkeys(draw.period() for _ in range(random.randint(1, 3)))) if how == "periods" else None,
        draw.frequency() if how in ("same period", "frequency") else None,
        random.choice(data.initiatives) if draw.chance(0.2) else None,
        how == "same period",
    )
    return Question(
        f"""{{ compare(metrics: $metrics, districts: $districts, periods: $periods, frequency: $frequency,
            initiative: $initiative, samePeriod: $samePeriod) {{
          metrics {{ slug }} districts {{ slug }}
          rows {{ metric {{ slug }} period {PERIOD} frequency cells {{
            district {{ slug }} period {PERIOD} observation {FIGURE} initiative {{ slug }}
            value comparator status reason explanation
          }} }}
        }} }}""",
        {
            "metrics": [m.slug for m in comparison.metrics], "districts": [p.slug for p in comparison.places],
            "periods": comparison.periods and [draw.code(p) for p in comparison.periods],
            "frequency": comparison.frequency, "samePeriod": comparison.same_period,
            "initiative": comparison.initiative and comparison.initiative.slug,
        },
        {"compare": {
            "metrics": [slug(m) for m in comparison.metrics], "districts": [slug(p) for p in comparison.places],
            "rows": comparison.rows(),
        }},
    )
