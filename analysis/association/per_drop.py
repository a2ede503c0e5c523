"""Persons that one dropped call less spares, and what follows for places."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from analysis.arrays import Floats
from analysis.uncertainty.draws import with_interval

# --- the present ------------------------------------------------------------------------------


class PerDrop(NamedTuple):
    """Persons that one drop less spares: as expected, and as draws, (draw,); NaN = not known.

    `worth`: what is told for each of them: 1 for the persons themselves, or their revenue.
    """

    expected: float
    draws: Floats
    worth: float = 1.0

    def of(self, expected: Floats, drops: Floats, at_most: Floats) -> tuple[Floats, Floats]:
        """What follows from drops spared, as expected and in each draw.

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

    `at_most`: as of `PerDrop.of`: a place can't lose more detractors than live there.
    """
    found = {name: with_interval(name, *slope.of(expected, drops, at_most))
             for name, slope in slopes.items()}  # fmt: skip
    return {column: values for part in found.values() for column, values in part.items()}
