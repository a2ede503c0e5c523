"""What a column is, and the kinds of columns that there are."""

from dataclasses import dataclass
from typing import Literal

Type = Literal[
    "VARCHAR", "BIGINT", "UBIGINT", "INTEGER", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMPTZ"
]


@dataclass(frozen=True)
class Field:
    """One column: what it is called, what it holds, and which values are possible.

    `unit`: '' = it has none. `meaning`: what it says, and what NULL means, for the dictionary.
    `low` and `high`: the smallest and largest value allowed; None = no bound. `choices`: the texts
    allowed; none = any.
    """

    name: str
    type: Type
    unit: str
    meaning: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def is_time(self) -> bool:
        """Whether it holds instants."""
        return self.type == "TIMESTAMPTZ"

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers, whole or not."""
        return self.type in ("BIGINT", "UBIGINT", "INTEGER", "DOUBLE")


# more than any network counts in any period
_MOST = 1e12


def text(name: str, meaning: str, *choices: str) -> Field:
    """A text; of `choices` where there are any.

    `name` and `meaning`: as of `Field`. `choices`: the values allowed; none = any.
    """
    return Field(name, "VARCHAR", "", meaning, choices=choices)


def count(name: str, meaning: str) -> Field:
    """A whole count of a cell, which adds over periods; `name` and `meaning` as of `Field`."""
    return Field(name, "BIGINT", "n", meaning, low=0, high=_MOST)


def spread(name: str, meaning: str) -> Field:
    """A count, whole in a cell and fractional in a hexagon; `name` and `meaning` as of `Field`."""
    # whole in a cell, fractional in a hexagon that gets a part of the cell: one name, one type
    return Field(name, "DOUBLE", "n", meaning, low=0, high=_MOST)


def amount(
    name: str, unit: str, meaning: str, low: float | None = None, high: float | None = None
) -> Field:
    """An amount in `unit`, from `low` to `high` where it has bounds.

    `name` and `meaning`: as of `Field`. `low` and `high`: in `unit`, both allowed; None = no bound.
    """
    return Field(name, "DOUBLE", unit, meaning, low, high)


def share(name: str, meaning: str) -> Field:
    """A share, from 0 to 1; `name` and `meaning` as of `Field`."""
    return Field(name, "DOUBLE", "share", meaning, 0, 1)


def rate(name: str, meaning: str) -> Field:
    """A rate, from 0 up; `name` and `meaning` as of `Field`."""
    # a drop counts as the call ends, its attempt as it started: few calls may drop more than began
    return Field(name, "DOUBLE", "share", meaning, 0)


def percent(name: str, meaning: str) -> Field:
    """A percentage, from 0 to 100; `name` and `meaning` as of `Field`."""
    return Field(name, "DOUBLE", "%", meaning, 0, 100)


def time(name: str, meaning: str) -> Field:
    """An instant, in UTC; `name` and `meaning` as of `Field`."""
    return Field(name, "TIMESTAMPTZ", "UTC", meaning)


def date(name: str, meaning: str) -> Field:
    """A local calendar day; `name` and `meaning` as of `Field`."""
    return Field(name, "DATE", "local day", meaning)


def flag(name: str, meaning: str) -> Field:
    """Yes or no; `name` and `meaning` as of `Field`."""
    return Field(name, "BOOLEAN", "", meaning)


def whole(name: str, unit: str, meaning: str, low: float | None, high: float | None) -> Field:
    """A whole number in `unit`, from `low` to `high` where it has bounds.

    `name` and `meaning`: as of `Field`. `low` and `high`: in `unit`, both allowed; None = no bound.
    """
    return Field(name, "INTEGER", unit, meaning, low, high)
