"""Positions of rows: judged, located, exchanged coordinates refused."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from contracts.settings.sections import Settings
from contracts.tables import Table
from geo import hexgrid
from ingest.clean.centroids import keys, of_operator
from ingest.clean.findings import FILE_DOUBT, POSITION, Findings

_NO_POSITION = ((0.0, 0.0), (-1.0, -1.0))
# what is looked up among the operator's centroids, what it then is, and what it is better than:
# where the trouble is comes before where the customer lives
_LOOKED_UP = (
    ("postcode", "postcode", ["none"]),
    ("place_text", "stated_place", ["none", "postcode", "address"]),
)
_MOST_DEGREES, _FACTORS = 360, (1e-5, 1e-6, 1e-7)


def place(
    ours: pd.DataFrame, theirs: pd.DataFrame, of: Table, settings: Settings, found: Findings
) -> None:
    """Position, how it is known, and the hexagon; an unusable position is none."""
    if "hex_text" in ours:
        named = pd.Series(hexgrid.from_text(ours["hex_text"]), index=ours.index, dtype="UInt64")
        ours["hex_id"] = named.mask(named == hexgrid.NO_HEX)
    _judge_position(ours, theirs, settings, found)
    if "loc_method" in of.columns:
        _locate(ours, theirs, settings, found)
    if {*POSITION} <= set(ours):
        hexes = hexgrid.hexes_of(lat=ours["lat"], lon=ours["lon"], level=settings.grid.level + 1)
        hex_id = pd.Series(hexes, index=ours.index).astype("UInt64")
        ours["hex_id"] = hex_id.where(ours["lat"].notna())


def _judge_position(
    ours: pd.DataFrame, theirs: pd.DataFrame, settings: Settings, found: Findings
) -> None:
    """A position outside the operator's box, or half of one, is none; why, is told."""
    if not {*POSITION} <= {*ours}:
        ours[[name for name in POSITION if name in ours]] = np.nan
        return
    usable = _usable(ours, settings)
    given = ours["lat"].notna() & ours["lon"].notna()
    swapped = given & ~usable & _usable(_exchanged(ours), settings)
    found.file.extend(_swap_faults(int(swapped.sum()), int(given.sum())))
    found.file.extend(_factor_faults(ours[given & ~usable], int(given.sum()), settings))
    reason = pd.Series("no position in [operator] bbox", index=ours.index)
    reason = reason.mask(
        swapped, "in [operator] bbox only with lat and lon exchanged; mend the row"
    )
    found.add("value", "lat", theirs, given & ~usable, reason)
    ours[[*POSITION]] = ours[[*POSITION]].where(usable)


def _locate(ours: pd.DataFrame, theirs: pd.DataFrame, settings: Settings, found: Findings) -> None:
    """The best position of an event and how it is known: point, stated place, address, postcode.

    Of an event known by its cell the mast's position is none: its cell's footprint stands for it.
    """
    for name in POSITION:
        ours[name] = ours.get(name, np.nan)
    method = ours["loc_method"] if "loc_method" in ours else pd.Series("point", index=ours.index)
    method = method.fillna("point").where(ours["lat"].notna() & (method != "cell"), "none")
    centroids = of_operator(settings)
    for name, kind, worse in _LOOKED_UP if len(centroids) else ():
        if name in ours:
            at = centroids.reindex(keys(ours[name])).set_index(ours.index)
            at = at.where(_usable(at, settings))
            strange = ours[name].notna() & at["lat"].isna()
            found.add(
                "value", name, theirs, strange, "not in [operator] postcodes, or outside bbox"
            )
            better = at["lat"].notna() & method.isin(worse)
            ours[[*POSITION]] = ours[[*POSITION]].mask(better, at)
            method = method.mask(better, kind)
    ours[[*POSITION]] = ours[[*POSITION]].where(method != "none")
    by_cell = method == "none"
    by_cell &= ours["cell_id"].notna() if "cell_id" in ours else False
    ours["loc_method"] = method.mask(by_cell, "cell")


def _usable(ours: pd.DataFrame, settings: Settings) -> pd.Series:
    west, south, east, north = settings.operator.bbox
    inside = ours["lat"].between(south, north) & ours["lon"].between(west, east)
    for lat, lon in _NO_POSITION:
        inside &= ~((ours["lat"] == lat) & (ours["lon"] == lon))
    return inside


def _exchanged(ours: pd.DataFrame) -> pd.DataFrame:
    return ours[[*POSITION]].rename(columns={"lat": "lon", "lon": "lat"})


def _swap_faults(n: int, n_given: int) -> Iterator[str]:
    if n > FILE_DOUBT * n_given:
        yield (
            f"lat and lon: {n} of {n_given} positions lie in [operator] bbox only when "
            "exchanged; exchange them in [source.columns]"
        )


def _factor_faults(outside: pd.DataFrame, n_given: int, settings: Settings) -> Iterator[str]:
    """Positions in whole millionths of a degree, or the like."""
    at = outside[[*POSITION]]
    whole = at[(at == at.round()).all(axis=1) & (at.abs() > _MOST_DEGREES).any(axis=1)]
    for factor in _FACTORS:
        n = int(_usable(whole * factor, settings).sum())
        if n > FILE_DOUBT * n_given:
            yield (
                f"lat and lon: {n} of {n_given} positions are whole numbers, degrees only times "
                f"{factor:g}; give [source.scale] lat = {factor:g} and lon = {factor:g}"
            )
            return
