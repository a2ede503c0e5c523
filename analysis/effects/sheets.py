"""Which works are judged together, on what, and what they may have touched."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.arrays import Flags
from analysis.effects.judge import AFTER_DAYS, PAST, When
from analysis.places.neighbours import GEOGRAPHY, HANDOVERS, spillover
from geo import hexgrid

RINGS = 2
"""Hexagons around a mast in which others may take over its traffic, or give some of theirs."""


@dataclass(frozen=True)
class Works:
    """Works at one cell or site that are judged together, from the oldest's start.

    `place_type`: cell or site. `place_id`: which. `start`, `end`: columns of the days on which the
    first began and after the last was over. `n_spans`: how much of its past is free of other works.
    `ids`: of the interventions. `site_id`: of the place, or its cell's. `spill_basis`: whether its
    neighbours are known by handovers or by geography.
    """

    place_type: str
    place_id: str
    start: int
    end: int
    n_spans: int
    ids: tuple[str, ...]
    site_id: str = ""
    spill_basis: str = GEOGRAPHY


def done(
    interventions: pd.DataFrame, sites: pd.Series, calendar: pd.DatetimeIndex, timezone: str
) -> pd.DataFrame:
    """The works that were begun at known places, and the columns of their days.

    intervention_id, cell_id (missing = at the site), site_id, status, project_id, and `start`, the
    column of the day on which a work began, `end` of the day after it was over. One that was rolled
    back was done too: what it touched is not untouched.

    `interventions`: table of that name. `sites`: site of each cell by cell_id. `calendar`: days of
    the counters. `timezone`: of the operator.
    """
    works = interventions[interventions["status"].fillna("done") != "planned"]
    begin, over = (_days(works[name], timezone) for name in ("start_utc", "end_utc"))
    first_day = calendar[0]
    start = (begin - first_day).dt.days
    end = (over.fillna(begin) - first_day).dt.days
    of_cell = works["cell_id"].map(sites)
    rows = works[["intervention_id", "cell_id", "status", "project_id"]].assign(
        site_id=works["site_id"].fillna(of_cell), start=start, end=np.maximum(end, start) + 1
    )
    is_placed = rows["cell_id"].isin(sites.index) | rows["site_id"].isin(set(sites.dropna()))
    return rows[is_placed].sort_values(["start", "intervention_id"]).reset_index(drop=True)


def _days(instants: pd.Series, timezone: str) -> pd.Series:
    return instants.dt.tz_convert(timezone).dt.tz_localize(None).dt.normalize()


def together(works: pd.DataFrame) -> Iterator[Works]:
    """Works as they are judged: those of one place whose weeks overlap are one.

    `works`: as of `done`. A work at a cell and one at its site that overlap are judged at the site.
    """
    for site, of_site in works.groupby(works["site_id"].fillna(works["cell_id"]), sort=True):
        for group in _overlapping(of_site):
            cells = group["cell_id"].unique()
            is_cell = len(cells) == 1 and pd.notna(cells[0])
            yield Works(
                "cell" if is_cell else "site",
                str(cells[0]) if is_cell else str(site),
                int(group["start"].min()),
                int(group["end"].max()),
                _n_spans(group, of_site),
                tuple(sorted(group["intervention_id"])),
                str(site),
            )


def _overlapping(works: pd.DataFrame) -> list[pd.DataFrame]:
    """Works of one site in groups: of one cell, or of the site with whatever cells it overlaps."""
    groups: list[pd.DataFrame] = []
    for row in range(len(works)):
        group = works.iloc[[row]]
        begins, cell = int(group["start"].iloc[0]), group["cell_id"].iloc[0]
        for other in [each for each in groups if each["end"].max() + AFTER_DAYS > begins]:
            is_of_site = pd.isna(cell) or other["cell_id"].isna().any()
            if is_of_site or cell in set(other["cell_id"]):
                group = pd.concat([other, group])
                groups = [each for each in groups if each is not other]
        groups.append(group)
    return groups


def _n_spans(group: pd.DataFrame, of_site: pd.DataFrame) -> int:
    """How many spans of the past are there that no other work of the place lies in."""
    others = of_site[~of_site["intervention_id"].isin(group["intervention_id"])]
    cell = set(group["cell_id"].dropna())
    at_place = others[others["cell_id"].isna() | others["cell_id"].isin(cell) | (not cell)]
    start = int(group["start"].min())
    if start + PAST[-1][0] < 0:
        return len(PAST) - 1
    is_late = (at_place["end"] <= start) & (at_place["end"] > start + PAST[-1][0])
    return len(PAST) - 1 if is_late.any() else len(PAST)


def by_handovers(
    neighbour: pd.DataFrame, site_of: pd.Series, sites: Collection[str]
) -> dict[str, frozenset[str]]:
    """Of each of the sites whose handovers are known, the others whose cells take 95 % of them.

    `neighbour`: table of that name; rows by geography say nothing. `site_of`: site of each cell by
    cell_id. `sites`: those asked for.
    """
    pairs = neighbour[neighbour["basis"] == HANDOVERS]
    site = pairs["cell_id"].map(site_of)
    is_asked = site.isin(list(sites))
    near = {}
    for name, rows in pairs[is_asked].groupby(site[is_asked]):
        cells = spillover(rows, rows["cell_id"].unique().tolist())
        near[str(name)] = frozenset(site_of.reindex(cells).dropna()) - {str(name)}
    return near


def neighbours(sites: pd.DataFrame, level: int) -> dict[str, frozenset[str]]:
    """Of each site, the others within two rings of hexagons around its own.

    `sites`: site_id, lat and lon, one row a site. `level`: H3 level of the hexagons.
    """
    placed = sites.dropna(subset=["lat", "lon"])
    hexes = hexgrid.hexes_of(lat=placed["lat"], lon=placed["lon"], level=level)
    of_hex: dict[int, list[str]] = {}
    for site, own in zip(placed["site_id"], hexes.tolist(), strict=True):
        of_hex.setdefault(own, []).append(site)
    rings = {own: hexgrid.disk(own, RINGS).tolist() for own in of_hex}
    return {
        site: frozenset(each for one in rings[own] for each in of_hex.get(one, ())) - {site}
        for own, here in of_hex.items()
        for site in here
    }


def touched(
    works: pd.DataFrame, units: pd.Series, n_days: int, near: dict[str, frozenset[str]]
) -> Flags:
    """Days of works at each unit, at its site or near it, (unit, day).

    `works`: as of `done`. `units`: site of each unit by its id: cell_id, or the site itself.
    `n_days`: of the panel. `near`: other sites near each, as of `neighbours` or `by_handovers`.
    """
    flags = np.zeros((len(units), n_days), bool)
    rows_of_site = units.groupby(units).indices
    for site, start, end in works[["site_id", "start", "end"]].itertuples(index=False):
        for each in {site, *near.get(site, ())}:
            flags[rows_of_site.get(each, []), max(start, 0) : max(end, 0)] = True
    return flags


def is_alone(flags: Flags, when: When) -> Flags:
    """Units at and near which nothing was done in all the time that is looked at, (unit,).

    `flags`: as of `touched`. `when`: of the works. The placebo date before it is looked at too.
    """
    first = max(when.start + when.past[-1][0] - when.n_after, 0)
    return np.asarray(~flags[:, first : when.end + when.n_after].any(axis=1))
