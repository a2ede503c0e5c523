"""Cells, sites, hexagons and regions as places that cells' counts add up to."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy import sparse

from contracts.tables import TABLES, assemble
from geo import hexgrid, sphere
from ingest.settle.cells import newest_rows

OUTSIDE = ""
_SPAN = ("valid_from", "valid_to")


@dataclass(frozen=True)
class Places:
    """Which part of each cell belongs to each place: a sparse matrix (place, part).

    A part is a cell while one of its footprints holds; parts of a cell share out the cube's days.
    """

    ids: npt.NDArray[np.generic]
    share: sparse.csr_array
    cell: npt.NDArray[np.intp]
    """Place of each part's cell in the cube."""
    days: npt.NDArray[np.bool_]
    """Whether each day of the cube belongs to the part, shape (part, day)."""

    def counts(
        self, cube: xr.Dataset, name: str, days: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.float64]:
        """One variable on some days, by part, shape (part, day); NaN outside the part's days.

        `cube`: counters by cell and day, as of `cube.of_cell_days`. `name`: of the variable.
        `days`: which days of the cube, (day,).
        """
        return self.parts(cube[name].to_numpy(), days)

    def parts(
        self, values: npt.NDArray[np.float64], days: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.float64]:
        """An array by cell and day on some days, by part, (part, day); NaN outside its days.

        `values`: (cell, day) of the cube. `days`: which of its days, (day,).
        """
        return np.where(self.days[:, days], values[:, days][self.cell], np.nan)


@dataclass(frozen=True)
class Kind:
    """One kind of place: what goes into each (cell_id, place, weight), and what is known of it.

    `weights` as `of_weights` takes them. `known`: place, place_name, region, lat, lon,
    and hex_id where the place is no hexagon. `rest`: the place of whatever is in no other.
    """

    name: str
    weights: pd.DataFrame
    known: pd.DataFrame
    rest: str | None = None


def of_weights(weights: pd.DataFrame, cube: xr.Dataset, *, rest: str | None = None) -> Places:
    """Places that cells' counts add up to, against the cube's cells and days.

    `weights`: cell_id, place, weight (part of the cell that is the place's); valid_from and
        valid_to, where the frame has them, say on which days a weight holds (missing = always).
        Cells that the cube does not have are left out.
    `cube`: counters by cell and day.
    `rest`: name of the place that gets what no other place has of a cell; None = nobody.
    """
    cells = pd.Index(cube["cell_id"].to_numpy())
    weights = _of_cells(weights, cells)
    # a part is a cell while one of its footprints holds
    by_part = weights.groupby(["cell", *_SPAN], dropna=False, sort=True)
    parts = by_part.size().index.to_frame(index=False)
    part_cells, part_days = parts["cell"].to_numpy(np.intp), _days_of(parts, cube)
    bare_days = _bare_days(part_cells, part_days, n_cells=len(cells))
    bare_cells = np.flatnonzero(bare_days.any(axis=1))
    ids, row = np.unique(weights["place"].to_numpy(), return_inverse=True)
    # (place, part): of the parts without a footprint no place has any
    shape = (len(ids), len(parts) + len(bare_cells))
    entries = (weights["weight"].to_numpy(float), (row, by_part.ngroup().to_numpy()))
    share = sparse.csr_array(entries, shape)
    if rest is not None:
        left = np.clip(1 - share.sum(axis=0), 0, 1).round(12)
        share = sparse.vstack([share, sparse.csr_array(left[None, :])], format="csr")
        ids = np.append(ids, rest)
    return Places(
        ids, share, np.r_[part_cells, bare_cells], np.vstack([part_days, bare_days[bare_cells]])
    )


def _of_cells(weights: pd.DataFrame, cells: pd.Index) -> pd.DataFrame:
    """Weights of the cells alone, with `cell` (their place among them) and both ends as times."""
    weights = weights.assign(cell=cells.get_indexer(pd.Index(weights["cell_id"])))
    weights = weights[weights["cell"] >= 0]
    for name in _SPAN:
        limits = weights[name] if name in weights else pd.Series(None, index=weights.index)
        weights[name] = pd.to_datetime(limits)
    return weights


def _bare_days(
    part_cells: npt.NDArray[np.intp], part_days: npt.NDArray[np.bool_], *, n_cells: int
) -> npt.NDArray[np.bool_]:
    """Days on which a cell has no part, (cell, day).

    `part_cells`: (part,); `part_days`: (part, day).
    """
    bare_days = np.ones((n_cells, part_days.shape[1]), bool)
    np.logical_and.at(bare_days, part_cells, ~part_days)
    return bare_days


def _days_of(parts: pd.DataFrame, cube: xr.Dataset) -> npt.NDArray[np.bool_]:
    """Days of the cube that belong to each part, (part, day)."""
    calendar = cube["day_local"].to_numpy()[None, :]
    begins, ends = (parts[name].to_numpy("datetime64[s]")[:, None] for name in _SPAN)
    return (np.isnat(begins) | (begins <= calendar)) & (np.isnat(ends) | (calendar < ends))


def kinds(
    seen: pd.Series, cells: pd.DataFrame, cell_hex: pd.DataFrame, hexes: pd.DataFrame, *, level: int
) -> Iterator[Kind]:
    """Cells, and with an inventory sites, hexagons of `level` and regions of hexagons too.

    `seen`: ids of cells that have counters. `cells`, `cell_hex`, `hexes`: tables `cell`, `cell_hex`
    and `hex_place`.
    """
    newest = newest_rows(cells)
    named = newest.assign(place_name=newest["cell_name"].fillna(newest["cell_id"]))
    each = pd.DataFrame({"cell_id": seen, "place": seen, "weight": 1.0})
    yield Kind("cell", each, _places_of(named, "cell_id", level))
    if cells.empty:
        return
    on_site = newest.dropna(subset=["site_id"])
    named = on_site.assign(place_name=on_site["site_name"].fillna(on_site["site_id"]))
    parts = on_site[["cell_id"]].assign(place=on_site["site_id"], weight=1.0)
    yield Kind("site", parts, _places_of(named, "site_id", level))
    parts = cell_hex.assign(place=cell_hex["hex_id"].to_numpy(np.uint64))
    named = hexes.assign(place=hexes["hex_id"].to_numpy(np.uint64))
    named["place_name"] = hexgrid.as_text(hexes["hex_id"])
    yield Kind("hex", parts, named[["place", "place_name", "region", "lat", "lon"]])
    if hexes["region"].notna().any():
        yield _regions(parts, hexes, level)


def _regions(parts: pd.DataFrame, hexes: pd.DataFrame, level: int) -> Kind:
    """Regions as the hexagons whose centre they hold; the rest is outside them or has no place."""
    inside = hexes[hexes["level"] == level].dropna(subset=["region"])
    region = parts["hex_id"].map(inside.set_index("hex_id")["region"])
    region_parts = parts.assign(place=region.astype("str"))[region.notna()]
    keys = ["cell_id", "place", *_SPAN]
    weights = region_parts.groupby(keys, dropna=False, sort=False)[["weight"]].sum().reset_index()
    middle = sphere.middles(inside, inside["region"])
    places = middle.rename_axis("place").reset_index()
    places = places.assign(place_name=places["place"], region=places["place"])
    outside = {"place": OUTSIDE, "place_name": "outside all regions"}
    places = pd.concat([places, pd.DataFrame([outside])], ignore_index=True)
    none = pd.Series(pd.NA, index=places.index, dtype="UInt64")
    return Kind("region", weights, places.assign(hex_id=none), rest=OUTSIDE)


def members(kinds: Iterable[Kind], cells: pd.DataFrame) -> pd.DataFrame:
    """Rows of table `place_cell`: which part of which cell belongs to each place, and when.

    Beside the places of the lists are the sectors, all carriers of a direction together: what one
    hands to the other cancels. Regions are those of the lists, or, where no hexagon has any, those
    that the inventory names. `kinds`: the lists of places, as of `kinds`. `cells`: table `cell`.
    """
    newest = newest_rows(cells)
    weights = {kind.name: kind.weights for kind in kinds}
    sectors = sectors_of(newest).fillna(newest["site_id"])
    for name, place in (("sector", sectors), ("region", newest["region"])):
        if name not in weights:
            parts = newest[["cell_id"]].assign(place=place, weight=1.0)
            weights[name] = parts.dropna(subset=["place"])
    frames = [
        parts.reindex(columns=["cell_id", "place", "weight", *_SPAN]).assign(
            place_type=name,
            place_id=_texts(parts["place"]) if name == "hex" else parts["place"],
            # a sum of parts may come out a hair above the whole
            weight=parts["weight"].clip(upper=1.0),
        )
        for name, parts in weights.items()
    ]
    return assemble(frames, TABLES["place_cell"])


def _texts(hexes: pd.Series) -> npt.NDArray[np.str_]:
    ids, code = np.unique(hexes.to_numpy(np.uint64), return_inverse=True)
    return np.array(hexgrid.as_text(ids))[code]


def sectors_of(cells: pd.DataFrame) -> pd.Series:
    """Site and direction of each cell; missing = a cell without azimuth has no sector.

    `cells`: one row a cell: site_id and azimuth_deg, in degrees.
    """
    azimuth = cells["azimuth_deg"].map("{:.0f}".format, na_action="ignore").astype("str")
    return cells["site_id"] + " " + azimuth


def with_coarser(kinds: Iterable[Kind], levels: Sequence[int]) -> Iterator[Kind]:
    """The kinds, and the hexagons' ancestors of coarser levels, of which nothing else is known.

    A cell's parts in the children of one hexagon add up, so its rate is sum over sum, and the
    interval is of the hexagon's own cells: one that serves seven children errs once, not seven
    times. `kinds`: as of `kinds`. `levels`: H3 levels, finest first, the hexagons' own.
    """
    for kind in kinds:
        yield kind
        for level in levels[1:] if kind.name == "hex" else ():
            ancestors = hexgrid.parents(kind.weights["place"], level=level)
            parts = kind.weights.assign(place=ancestors)
            keys = ["cell_id", "place", *_SPAN]
            weights = parts.groupby(keys, dropna=False)[["weight"]].sum().reset_index()
            yield Kind("hex", weights, kind.known.iloc[:0])


def of_kind(rows: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """A frame with `place`, with its places in the columns that finding tables have for them.

    `rows`: with the ids of places in `place`. `kind`: what kind of places they are.
    """
    column = "region" if kind.name == "region" else f"{kind.name}_id"
    rows = rows.assign(place_type=kind.name, **{column: rows["place"]})
    return rows.assign(level=hexgrid.levels(rows["place"])) if kind.name == "hex" else rows


def _places_of(cells: pd.DataFrame, key: str, level: int) -> pd.DataFrame:
    """One row a place: its name, region, middle and hexagon."""
    grouped = cells.groupby(key)
    places = grouped[["place_name", "region"]].first().join(sphere.middles(cells, cells[key]))
    hexes = hexgrid.hexes_of(lat=places["lat"], lon=places["lon"], level=level)
    places["hex_id"] = pd.Series(hexes, index=places.index, dtype="UInt64").where(hexes > 0)
    return places.reset_index(names="place")
