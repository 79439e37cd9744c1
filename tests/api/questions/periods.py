"""Periods: spans of whole days, and the parts of the calendar that they may be."""

from __future__ import annotations

import re
from collections import namedtuple
from datetime import date, timedelta
from functools import cached_property

DAY = timedelta(days=1)
#: The parts of the calendar that consist of months, the longest first, with how many.
MONTHS = {"ANNUAL": 12, "HALF_YEARLY": 6, "QUARTERLY": 3, "MONTHLY": 1}
#: The parts of the calendar from the longest to the shortest.
CALENDAR = [*MONTHS, "WEEKLY", "DAILY"]
#: All lengths in the order in which they are preferred.
FREQUENCIES = [*CALENDAR, "RANGE"]


class Period(namedtuple("Period", ["start", "end"])):
    """A span of days, both ends included; ordered by its first day, then by its last."""

    @cached_property
    def frequency(self) -> str:
        """Which part of the calendar it is, or RANGE."""
        return next((f for f in CALENDAR if calendar_period(f, self.start) == self), "RANGE")

    @cached_property
    def code(self) -> str:
        """The period as it is written: `2025-Q1`; a range as its first and last day."""
        year, month = self.start.year, self.start.month
        match self.frequency:
            case "ANNUAL":
                return f"{year}"
            case "HALF_YEARLY":
                return f"{year}-S{(month + 5) // 6}"
            case "QUARTERLY":
                return f"{year}-Q{(month + 2) // 3}"
            case "MONTHLY":
                return f"{year}-{month:02}"
            case "WEEKLY":
                return f"{self.start:%G-W%V}"
            case "DAILY":
                return f"{self.start}"
        return f"{self.start}/{self.end}"

    def within(self, other: Period) -> bool:
        """Whether it is the other one or a part of it."""
        return other.start <= self.start and self.end <= other.end

    def overlaps(self, other: Period) -> bool:
        """Whether a day is in both."""
        return self.start <= other.end and other.start <= self.end

    def part(self, frequency: str) -> Period | None:
        """The part of the calendar of a length that it lies in."""
        part = calendar_period(frequency, self.start)
        return part if self.within(part) else None

    @property
    def year(self) -> Period | None:
        """The year that it lies in; of a week, the year of its number."""
        if self.frequency == "WEEKLY":
            return calendar_period("ANNUAL", date(self.start.isocalendar().year, 1, 1))
        return self.part("ANNUAL")

    def shifted(self, steps: int) -> Period:
        """The part of the calendar of the same length that is so many steps later."""
        if self.frequency in MONTHS:
            months = MONTHS[self.frequency]
            return calendar_period(self.frequency, months_later(self.start, months * steps))
        days = (self.end - self.start + DAY) * steps
        return Period(self.start + days, self.end + days)

    def year_ago(self) -> Period | None:
        """The same part of the calendar one year earlier; None where that year has none."""
        if self.frequency in MONTHS:
            return self.shifted(-12 // MONTHS[self.frequency])
        try:
            if self.frequency == "WEEKLY":
                year, week, _ = self.start.isocalendar()
                return calendar_period("WEEKLY", date.fromisocalendar(year - 1, week, 1))
            if self.frequency == "DAILY":
                return calendar_period("DAILY", self.start.replace(year=self.start.year - 1))
        except ValueError:
            pass
        return None

    def as_long_as(self, other: Period) -> bool:
        """Whether the lengths are the same; of ranges, as many months between the same days."""
        if self.frequency != "RANGE" or other.frequency != "RANGE":
            return self.frequency == other.frequency
        (days, months), (other_days, other_months) = (
            ((p.start.day, (p.end + DAY).day), months_between(p.start, p.end + DAY)) for p in (self, other)
        )
        return days == other_days and months == other_months


def months_between(first: date, last: date) -> int:
    """How many months the month of a day is after that of another."""
    return (last.year - first.year) * 12 + last.month - first.month


def months_later(day: date, months: int) -> date:
    """The first day of the month that is so many months after that of a day."""
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, 1)


def calendar_period(frequency: str, day: date) -> Period:
    """The part of the calendar of a length that a day lies in."""
    if frequency in MONTHS:
        months = MONTHS[frequency]
        start = date(day.year, (day.month - 1) // months * months + 1, 1)
        return Period(start, months_later(start, months) - DAY)
    if frequency == "WEEKLY":
        start = day - DAY * day.weekday()
        return Period(start, start + 6 * DAY)
    return Period(day, day)


def read_period(text: str) -> Period:
    """The period that a code stands for."""
    if "/" in text:
        first, last = map(read_period, text.split("/"))
        return Period(first.start, last.end)
    if match := re.fullmatch(r"(\d{4})-([SQW])(\d+)", text):
        year, number = int(match[1]), int(match[3])
        if match[2] == "W":
            return calendar_period("WEEKLY", date.fromisocalendar(year, number, 1))
        frequency = {"S": "HALF_YEARLY", "Q": "QUARTERLY"}[match[2]]
        return calendar_period(frequency, date(year, MONTHS[frequency] * number, 1))
    parts = [int(part) for part in text.split("-")]
    frequency = {1: "ANNUAL", 2: "MONTHLY", 3: "DAILY"}[len(parts)]
    return calendar_period(frequency, date(*parts, *[1] * (3 - len(parts))))


def longest(frequencies) -> str | None:
    """The longest of several lengths."""
    return min(frequencies, key=FREQUENCIES.index, default=None)


def newest_of_longest(periods) -> Period | None:
    """The newest of the longest periods."""
    periods = list(periods)
    length = longest(p.frequency for p in periods)
    return max((p for p in periods if p.frequency == length), default=None)
