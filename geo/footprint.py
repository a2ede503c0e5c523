"""Where a cell's traffic is: cells -> weights over hexagons that sum to 1 per cell and day.

Each cell gets the best weights there are: supplied ones (coverage, or where its calls were), else
those of a sector model, else those of Voronoi (docs/methods.md 2). The interval of a hexagon's rate
does not include the error of any of them.
"""

from collections.abc import Iterator
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree

from geo import hexgrid, radio, sphere, voronoi

COLUMNS = ["cell_id", "hex_id", "level", "weight", "method", "valid_from", "valid_to"]
_LAYER = ["operator", "technology", "small"]
_SMALL = ("micro", "pico", "indoor")
_SPAN = ["row", "begins"]
# hexagons whose weight is under this part of the cell's largest are left out
_LEAST = 0.05
# larger hexagons hold whole sites: the models work on these, summed up afterwards
_MODEL_LEVEL = 9


def footprints(
    cells: pd.DataFrame,
    supplied: pd.DataFrame,
    *,
    level: int,
    max_range_m: float,
    days: tuple[date, date],
) -> pd.DataFrame:
    """Table `cell_hex` at `level`, for all days from the first to the last of `days`.

    `cells`: table `cell`; a row that a later row of its cell replaces ends where that begins.
    `supplied`: cell_id, hex_id at `level`, weight above 0 in any unit, method; it wins over the
    models. `level`: H3 level. `max_range_m`: how far a cell reaches at most, in metres. `days`:
    the first and the last local day. A cell neither placed nor supplied gets no rows. A footprint
    ends where its own row ends or where a competitor comes, goes or changes. valid_from NULL =
    since the first day or before, valid_to NULL = to the last day or later.
    """
    first, end = pd.Timestamp(days[0]), pd.Timestamp(days[1]) + pd.Timedelta(days=1)
    rows = _rows(cells, supplied, first, end)
    numbered = supplied.merge(rows[["cell_id"]].rename_axis("row").reset_index())
    numbered = _normalised(numbered[["row", "hex_id", "weight", "method"]])
    spans = list(_spans(rows, numbered, level, max_range_m))
    entries = pd.concat([_nothing().assign(ends=end), *spans], ignore_index=True)
    entries = entries.sort_values([*_SPAN, "hex_id"], ignore_index=True)
    row = entries.pop("row").to_numpy()
    return entries.assign(
        cell_id=rows["cell_id"].to_numpy()[row],
        level=level,
        valid_from=_as_date(entries["begins"].mask(entries["begins"] == first)),
        valid_to=_as_date(entries["ends"].mask(entries["ends"] == end)),
    )[COLUMNS]


def coarser(cell_hex: pd.DataFrame, *, level: int) -> pd.DataFrame:
    """The same weights summed to a coarser level; each sum at most 1.

    `cell_hex`: table `cell_hex`, the rows of one cell and span side by side. `level`: H3 level,
    not finer than theirs.
    """
    if cell_hex.empty:
        return cell_hex.assign(level=level)
    facts = [name for name in COLUMNS if name not in ("hex_id", "level", "weight")]
    # NaN is unlike itself: a missing date begins no span
    begins = cell_hex[facts].ne(cell_hex[facts].shift()) & cell_hex[facts].notna()
    span = begins.any(axis=1).cumsum().to_numpy()
    parts = pd.DataFrame(
        {
            "span": span,
            "weight": cell_hex["weight"].to_numpy(),
            "hex_id": hexgrid.parents(cell_hex["hex_id"], level=level),
        }
    )
    sums = parts.groupby(["span", "hex_id"], sort=True)[["weight"]].sum().reset_index()
    # parts of 1 may sum to 1 + 2e-16, and no weight is above 1
    sums["weight"] = sums["weight"].clip(upper=1.0)
    first_rows = np.searchsorted(span, sums.pop("span"))
    same = cell_hex[facts].iloc[first_rows].reset_index(drop=True)
    return sums.join(same).assign(level=level)[COLUMNS]


def valid_on(cell_hex: pd.DataFrame, day: date) -> pd.DataFrame:
    """The rows that hold on one local day.

    `cell_hex`: any table with valid_from and valid_to as dates, NULL = without end on that side.
    `day`: the local day; valid_from is the first day, valid_to the day after the last.
    """
    has_begun = cell_hex["valid_from"].isna() | (cell_hex["valid_from"] <= day)
    lasts = cell_hex["valid_to"].isna() | (cell_hex["valid_to"] > day)
    return cell_hex[has_begun & lasts]


def of_layer(cells: pd.DataFrame, method: str, *, level: int, max_range_m: float) -> pd.DataFrame:
    """Footprints of cells that compete with each other: row, hex_id, weight, method.

    `cells`: placed cells of one operator, technology and size, as `radio.antennas` reads them;
    their index is `row`. `method`: sector_model or voronoi. `level`: H3 level of the hexagons.
    `max_range_m`: how far a cell reaches at most, in metres. Weights sum to 1 per row.
    """
    grain = max(level, _MODEL_LEVEL)
    model = radio.shares if method == "sector_model" else voronoi.shares
    antenna, parts = model(cells, level=grain, max_range_m=max_range_m)
    parts["hex_id"] = hexgrid.parents(parts["hex_id"], level=level)
    parts = parts.groupby(["antenna", "hex_id"], sort=True)["weight"].sum().reset_index()
    rows = pd.DataFrame({"row": cells.index, "antenna": antenna})
    served = rows.merge(parts, on="antenna")[["row", "hex_id", "weight"]]
    # a cell that is nowhere the best keeps the hexagon it stands in
    squeezed = cells.loc[cells.index.difference(pd.Index(served["row"]))]
    own = hexgrid.hexes_of(lat=squeezed["lat"], lon=squeezed["lon"], level=level)
    single = pd.DataFrame({"row": squeezed.index, "hex_id": own, "weight": 1.0})
    return _normalised(pd.concat([served, single], ignore_index=True)).assign(method=method)


def _rows(
    cells: pd.DataFrame, supplied: pd.DataFrame, first: pd.Timestamp, end: pd.Timestamp
) -> pd.DataFrame:
    """Rows of the inventory that hold from `first` to before `end`, cut to that; index 0, 1, ..."""
    # a cell that only the supplied weights know gets a row without a place
    unlisted = np.setdiff1d(supplied["cell_id"].unique(), cells["cell_id"])
    cells = pd.concat([cells, pd.DataFrame({"cell_id": unlisted})], ignore_index=True)
    rows = cells.assign(
        begins=pd.to_datetime(cells["valid_from"]), ends=pd.to_datetime(cells["valid_to"])
    ).sort_values(["cell_id", "begins"], na_position="first", kind="stable")
    # missing where there is no later row: min skips it
    later = rows.groupby("cell_id")["begins"].shift(-1)
    rows["ends"] = rows[["ends"]].assign(later=later).min(axis=1)
    rows["begins"] = rows["begins"].fillna(first)
    rows["ends"] = rows["ends"].fillna(end)
    rows["begins"] = rows["begins"].mask(rows["begins"] < first, first).astype("datetime64[s]")
    rows["ends"] = rows["ends"].mask(rows["ends"] > end, end).astype("datetime64[s]")
    rows = rows[rows["begins"] < rows["ends"]].reset_index(drop=True)
    rows["small"] = rows["cell_type"].isin(_SMALL)
    layers = rows.groupby(_LAYER, dropna=False)
    rows["power_dbm"] = rows["power_dbm"].fillna(layers["power_dbm"].transform("median"))
    has_azimuths = layers["azimuth_deg"].transform("count") > 0
    rows["method"] = np.where(has_azimuths, "sector_model", "voronoi")
    return rows


def _spans(
    rows: pd.DataFrame, supplied: pd.DataFrame, level: int, max_range_m: float
) -> Iterator[pd.DataFrame]:
    """Footprints with the days they begin and end; anew only where the inventory changed nearby.

    One frame a day on which some row begins or ends: the footprints that end then. On the last of
    these days every row ends, and so does every footprint.
    """
    # entries: the footprints of yesterday; rows_before: the rows that held yesterday
    entries, rows_before = _nothing(), rows.index[:0]
    for day in np.unique(rows[["begins", "ends"]].to_numpy()):
        rows_today = rows[(rows["begins"] <= day) & (day < rows["ends"])]
        changes = rows_today.index.symmetric_difference(rows_before)
        # two cells compete where both reach a hexagon: within twice the range of each other
        affected = _near(rows_today, rows.loc[changes], 2 * max_range_m)
        rivals = _near(rows_today, affected, 2 * max_range_m)
        new = _best(rivals, supplied, level, max_range_m)
        new = new[new["row"].isin(affected.index)]
        new = new[~new["row"].isin(_unchanged(entries, new))].assign(begins=day)
        is_over = ~entries["row"].isin(rows_today.index) | entries["row"].isin(new["row"])
        yield entries[is_over].assign(ends=day)
        entries = pd.concat([entries[~is_over], new], ignore_index=True)
        rows_before = rows_today.index


def _near(rows: pd.DataFrame, others: pd.DataFrame, reach_m: float) -> pd.DataFrame:
    """Rows within reach of any of the others, and the others themselves: they may lack a place."""
    themselves = rows.index.intersection(others.index)
    placed_rows = rows.dropna(subset=["lat", "lon"])
    places = others.dropna(subset=["lat", "lon"])
    if places.empty or placed_rows.empty:
        return rows.loc[themselves]
    tree = cKDTree(sphere.unit_vectors(places["lat"], places["lon"]))
    vectors = sphere.unit_vectors(placed_rows["lat"], placed_rows["lon"])
    # infinite where no other is within reach
    chord, _ = tree.query(vectors, distance_upper_bound=sphere.chord(reach_m))
    neighbours = placed_rows.index[np.isfinite(chord)]
    return rows.loc[neighbours.union(themselves)]


def _best(
    rows: pd.DataFrame, supplied: pd.DataFrame, level: int, max_range_m: float
) -> pd.DataFrame:
    """Footprint of each row: what was supplied, else what its layer's model says."""
    placed_rows = rows.dropna(subset=["lat", "lon"])
    parts = [
        of_layer(layer, layer["method"].iloc[0], level=level, max_range_m=max_range_m)
        for _, layer in placed_rows.groupby(_LAYER, dropna=False, sort=True)
    ]
    modelled = pd.concat([_nothing(), *parts], ignore_index=True).drop(columns="begins")
    better = supplied[supplied["row"].isin(rows.index)]
    modelled = modelled[~modelled["row"].isin(better["row"])]
    return pd.concat([modelled, better], ignore_index=True)


def _unchanged(old: pd.DataFrame, new: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Rows whose weights are the same in both."""
    digests = _digest(old).to_frame("old").join(_digest(new).rename("new"), how="inner")
    return digests.index[digests["old"] == digests["new"]].to_numpy(np.intp)


def _digest(entries: pd.DataFrame) -> pd.Series:
    """One number a row that its hexagons and weights decide, in whatever order they stand."""
    weights = entries[["hex_id", "weight"]].assign(weight=entries["weight"].round(12))
    return pd.util.hash_pandas_object(weights, index=False).groupby(entries["row"]).sum()


def _normalised(entries: pd.DataFrame) -> pd.DataFrame:
    """Weights that sum to 1 per row, without those far below the row's largest."""
    weight = entries["weight"].to_numpy(float)
    numbers, row = np.unique(entries["row"].to_numpy(), return_inverse=True)
    largest = np.zeros(len(numbers))
    np.maximum.at(largest, row, weight)
    counts = (weight >= _LEAST * largest[row]) & (weight > 0)
    sums = np.bincount(row[counts], weight[counts], minlength=len(numbers))
    return entries[counts].assign(weight=weight[counts] / sums[row[counts]])


def _nothing() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "row": np.zeros(0, np.intp),
            "hex_id": np.zeros(0, np.uint64),
            "weight": np.zeros(0),
            "method": pd.Series(dtype="str"),
            "begins": pd.Series(dtype="datetime64[s]"),
        }
    )


def _as_date(days: pd.Series) -> pd.Series:
    """Days as the contract has them: dates, None where missing."""
    # code -1 = missing: the last of the dates
    code, distinct = pd.factorize(days)
    dates = [*pd.DatetimeIndex(distinct).date, None]
    return pd.Series([dates[i] for i in code], index=days.index, dtype="object")
