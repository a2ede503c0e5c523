"""Answers and reports on the released grids: who they come from, and which rows there are.

A row that exists only where somebody answered would say so. So the places that have rows are known
beforehand, and a hidden one may hold nobody.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.rates.released import BY, PLACE_MONTH
from geo import hexgrid
from ingest.privacy import release


def known_blocks(rows: pd.DataFrame, known: npt.ArrayLike | None, level: int) -> pd.DataFrame:
    """The hexagons that may have rows, and nowhere: hex_id of `level`.

    `rows`: answers or reports with hex_id, missing = no position. `known`: hexagons of `level` that
    readers know beforehand; None = those of the rows. `level`: H3 level.
    """
    own = rows["hex_id"].dropna() if known is None else known
    hexes = np.unique(hexgrid.parents(own, level=level))
    return pd.DataFrame({"hex_id": np.append(hexes, np.uint64(hexgrid.NO_HEX)).astype("uint64")})


def witnesses(placed: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Answers of each cell of `keys`, and persons: who answers in several cells counts in one.

    `placed`: hex_id (NO_HEX = nowhere), BY and witness. `keys`: columns that name a cell, BY among
    them. A person counts in a hexagon rather than nowhere.
    """
    answers = placed.groupby(keys, dropna=False).size().rename("answers").reset_index()
    # the largest number of a hexagon: nowhere is 0
    homes = placed.sort_values([*keys, "hex_id"]).drop_duplicates([*BY, "witness"], keep="last")
    persons = homes.groupby(keys, dropna=False).size().rename("persons").reset_index()
    return answers.merge(persons, "left", keys).fillna({"persons": 0})


def survey_places(
    placed: pd.DataFrame, blocks: pd.DataFrame, regions: pd.Series, *, fewest: float
) -> pd.DataFrame:
    """How every place leaves in every month and class: BY, PLACE, shown.

    `placed`: answers or reports with hex_id (NO_HEX = nowhere), BY and witness. `blocks`: as of
    `known_blocks`. `regions`: region by hex_id. `fewest`: persons of a place that leaves.
    """
    tables = placed[BY].drop_duplicates()
    cells = blocks.merge(tables, how="cross")
    keys = ["hex_id", *BY]
    cells = cells.merge(witnesses(placed, keys), "left", keys)
    cells = cells.fillna({"answers": 0, "persons": 0})
    cells["region"] = cells["hex_id"].map(regions).astype("str")
    return release.survey(cells, BY, fewest=fewest)


def with_figures(shown: pd.DataFrame, figures: pd.DataFrame, *, is_fixed: bool) -> pd.DataFrame:
    """The places with their figures; a place without answers is hidden, as one of few is.

    `shown`: as of `survey_places`. `figures`: PLACE_MONTH, denominator and others, where anybody
    answered. `is_fixed`: whether readers know all hexagons beforehand; if not, those that are shown
    in no month have no rows.
    """
    rows = shown.merge(figures, "left", PLACE_MONTH)
    rows["shown"] = rows["shown"].mask(~(rows["denominator"] > 0), "hidden")
    is_shown = (rows["shown"] == "shown").groupby(rows["hex_id"]).transform("any")
    is_hex = rows["level"] > release.REGION
    return rows if is_fixed else rows[is_shown | ~is_hex].reset_index(drop=True)
