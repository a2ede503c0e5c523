"""Persons that one dropped call less avoids, and what follows for places."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from analysis.arrays import Floats
from analysis.uncertainty.draws import with_interval

# --- the present ------------------------------------------------------------------------------


class PerDrop(NamedTuple):
    """Persons that one drop less avoids: as expected, and as draws, (draw,); NaN = not known.

    `worth`: what each of them counts as: 1 for the persons themselves, or their revenue.
    """

    expected: float
    draws: Floats
    worth: float = 1.0

    def of(self, expected: Floats, drops: Floats, at_most: Floats) -> tuple[Floats, Floats]:
        """What follows from drops avoided, as expected, (place,), and in each draw, (place, draw).

        `expected`: drops avoided, as expected, (place,).
        `drops`: drops avoided in each draw, (place, draw).
        `at_most`: persons that there are, (place,); NaN = not known.
        """
        at_most = np.where(np.isnan(at_most), np.inf, at_most)
        persons = np.minimum(expected * self.expected, at_most)
        drawn = np.minimum(drops * self.draws, at_most[:, None])
        return persons * self.worth, drawn * self.worth


Slopes = Mapping[str, PerDrop]
"""What a drop less avoids, by the name of the column that it fills."""


def following(
    expected: Floats, drops: Floats, slopes: Slopes, at_most: Floats
) -> dict[str, Floats]:
    """Columns of what follows from drops avoided: each slope's name, with its interval.

    `expected`, `drops`, `at_most`: as of `PerDrop.of`. A place can't lose more detractors than live
        there.
    `slopes`: persons for one drop, by the name of their column.
    """
    columns: dict[str, Floats] = {}
    for name, slope in slopes.items():
        columns |= with_interval(name, *slope.of(expected, drops, at_most))
    return columns
