"""Positions of rows: judged against the operator's box, looked up where stated only in words.

A fault that most positions of a file have in common, such as lat and lon exchanged, is the file's.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from contracts.settings.sections import Settings
from contracts.tables import Table
from geo import hexgrid, sphere
from ingest.clean.centroids import keys, of_operator
from ingest.clean.findings import FILE_DOUBT, POSITION, Findings

_NO_POSITION = ((0.0, 0.0), (-1.0, -1.0))
# columns looked up among the operator's centroids, the loc_method this gives, and the loc_methods
# it is better than: where the trouble is comes before where the customer lives
_LOOKED_UP = (
    ("postcode", "postcode", ["none"]),
    ("place_text", "stated_place", ["none", "postcode", "address"]),
)
_MOST_DEGREES, _FACTORS = 360, (1e-5, 1e-6, 1e-7)
_METRES = ", unless they are metres of a map projection such as UTM: then give degrees"
# positions of a file from which all of them say something, and half a turn in radians
_ENOUGH, _PI = 20, np.pi


def place(
    ours: pd.DataFrame, theirs: pd.DataFrame, table: Table, settings: Settings, findings: Findings
) -> None:
    """Fills in lat, lon, loc_method and hex_id of `ours`; an unusable position becomes missing.

    `ours`: the typed columns, changed in place; where it has lat and lon, hex_id is the hexagon one
    level finer than `[grid] level`, else that of hex_text. `theirs`: the file's columns, for the
    findings. `table`: whose rows they are; loc_method is made where it has that column.
    `settings`: the operator's box and centroids. `findings` gets a line for each position refused,
    and the faults of the file. InputError where the centroids can't be read.
    """
    if "hex_text" in ours:
        hexes = pd.Series(hexgrid.from_text(ours["hex_text"]), index=ours.index, dtype="UInt64")
        ours["hex_id"] = hexes.mask(hexes == hexgrid.NO_HEX)
    _judge_position(ours, theirs, settings, findings)
    if "loc_method" in table.columns:
        _locate(ours, theirs, settings, findings)
    if {*POSITION} <= set(ours):
        ours["lon"] = sphere.wrapped(ours["lon"])
        under = hexgrid.hexes_of(lat=ours["lat"], lon=ours["lon"], level=settings.grid.level + 1)
        hex_id = pd.Series(under, index=ours.index).astype("UInt64")
        ours["hex_id"] = hex_id.where(ours["lat"].notna())


def _judge_position(
    ours: pd.DataFrame, theirs: pd.DataFrame, settings: Settings, findings: Findings
) -> None:
    """A position outside the operator's box, or half of one, becomes missing, with a reason."""
    if not {*POSITION} <= {*ours}:
        ours[[name for name in POSITION if name in ours]] = np.nan
        return
    is_usable = _is_usable(ours, settings)
    is_given = ours["lat"].notna() & ours["lon"].notna()
    is_outside = is_given & ~is_usable
    is_swapped = is_outside & _is_usable(_exchanged(ours), settings)
    n_given = int(is_given.sum())
    findings.file.extend(_swap_faults(int(is_swapped.sum()), n_given))
    findings.file.extend(_factor_faults(ours[is_outside], n_given, settings))
    findings.file.extend(_size_faults(ours[is_given]))
    reason = pd.Series("no position in [operator] bbox", index=ours.index)
    reason = reason.mask(
        is_swapped, "in [operator] bbox only with lat and lon exchanged; mend the row"
    )
    is_polar = ours["lat"].abs().between(sphere.MOST_LAT, 90, inclusive="right") & ~is_swapped
    reason = reason.mask(
        is_polar, f"at a pole: maps and hexagons end at {sphere.MOST_LAT:g} degrees"
    )
    findings.add("value", "lat", theirs, is_outside, reason)
    ours[[*POSITION]] = ours[[*POSITION]].where(is_usable)


def _locate(
    ours: pd.DataFrame, theirs: pd.DataFrame, settings: Settings, findings: Findings
) -> None:
    """The best position of an event and its loc_method: point, stated place, address, postcode.

    An event whose loc_method is `cell` has no position: the mast's is not its own, and its cell's
    footprint stands for it.
    """
    for name in POSITION:
        ours[name] = ours.get(name, np.nan)
    method = ours["loc_method"] if "loc_method" in ours else pd.Series("point", index=ours.index)
    method = method.fillna("point").where(ours["lat"].notna() & (method != "cell"), "none")
    centroids = of_operator(settings)
    for name, kind, worse in _LOOKED_UP if len(centroids) else ():
        if name in ours:
            places = centroids.reindex(keys(ours[name])).set_index(ours.index)
            places = places.where(_is_usable(places, settings))
            is_absent = ours[name].notna() & places["lat"].isna()
            findings.add(
                "value", name, theirs, is_absent, "not in [operator] postcodes, or outside bbox"
            )
            is_better = places["lat"].notna() & method.isin(worse)
            ours[[*POSITION]] = ours[[*POSITION]].mask(is_better, places)
            method = method.mask(is_better, kind)
    ours[[*POSITION]] = ours[[*POSITION]].where(method != "none")
    has_cell = ours["cell_id"].notna() if "cell_id" in ours else False
    ours["loc_method"] = method.mask((method == "none") & has_cell, "cell")


def _is_usable(rows: pd.DataFrame, settings: Settings) -> pd.Series:
    """Whether lat and lon lie in the operator's box and are none of those that mean "none"."""
    west, south, east, north = settings.operator.bbox
    east = east if west < east else east + 360
    # a longitude beyond 180 is a slip, unless a box says what it can mean
    is_inside = rows["lon"].between(west, east)
    for turn in (360, -360) if east - west < 360 else ():
        is_inside |= (rows["lon"] + turn).between(west, east)
    is_inside &= rows["lat"].between(max(south, -sphere.MOST_LAT), min(north, sphere.MOST_LAT))
    for lat, lon in _NO_POSITION:
        is_inside &= ~((rows["lat"] == lat) & (rows["lon"] == lon))
    return is_inside


def _exchanged(ours: pd.DataFrame) -> pd.DataFrame:
    return ours[[*POSITION]].rename(columns={"lat": "lon", "lon": "lat"})


def _swap_faults(n: int, n_given: int) -> Iterator[str]:
    if n > FILE_DOUBT * n_given:
        yield (
            f"lat and lon: {n} of {n_given} positions lie in [operator] bbox only when "
            "exchanged; exchange them in [source.columns]"
        )


def _factor_faults(outside: pd.DataFrame, n_given: int, settings: Settings) -> Iterator[str]:
    """Why positions seem to be whole millionths of a degree, or the like.

    `outside`: rows whose position is not usable. `n_given`: how many rows have a position.
    """
    points = outside[[*POSITION]]
    is_whole = (points == points.round()).all(axis=1)
    integers = points[is_whole & (points.abs() > _MOST_DEGREES).any(axis=1)]
    for factor in _FACTORS:
        n = int(_is_usable(integers * factor, settings).sum())
        if n > FILE_DOUBT * n_given:
            metres = "" if factor < _FACTORS[0] else _METRES
            yield (
                f"lat and lon: {n} of {n_given} positions are whole numbers, degrees only times "
                f"{factor:g}; give [source.scale] lat = {factor:g} and lon = {factor:g}{metres}"
            )
            return


def _size_faults(points: pd.DataFrame) -> Iterator[str]:
    """Why positions that could be ones are none, by their numbers.

    `points`: rows with a position.
    """
    if len(points[[*POSITION]].drop_duplicates()) < _ENOUGH:
        return
    # within these bounds of the point 0, 0 there is sea alone
    if (points["lat"].abs() <= _PI / 2).all() and (points["lon"].abs() <= _PI).all():
        yield (
            "lat and lon: all positions lie in the sea around 0, 0, as degrees given in "
            "radians do; give [source.scale] lat = 57.29577951 and lon = 57.29577951"
        )
