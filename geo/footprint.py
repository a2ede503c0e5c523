"""Where a cell's traffic is: cells -> weights over hexagons that sum to 1 per cell and day.

Of each cell the best that is known: supplied weights (coverage, or where its calls were), else a
sector model, else Voronoi (METHODS section 2). The interval of a hexagon's rate does not include
the error of any of them.
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
# hexagons under this part of the cell's largest are left out
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
    `supplied`: cell_id, hex_id at `level`, weight, method; it wins over the models. A cell neither
    placed nor supplied gets no rows. A footprint ends where its own row ends or a competitor comes,
    goes or changes; valid_from NULL = since the first day or before.
    """
    first, end = pd.Timestamp(days[0]), pd.Timestamp(days[1]) + pd.Timedelta(days=1)
    rows = _rows(cells, supplied, first, end)
    given = supplied.merge(rows[["cell_id"]].rename_axis("row").reset_index())
    given = _normalised(given[["row", "hex_id", "weight", "method"]])
    parts = list(_spans(rows, given, level, max_range_m))
    whole = pd.concat([_nothing().assign(ends=end), *parts], ignore_index=True)
    whole = whole.sort_values([*_SPAN, "hex_id"], ignore_index=True)
    row = whole.pop("row").to_numpy()
    return whole.assign(
        cell_id=rows["cell_id"].to_numpy()[row], level=level,
        valid_from=_as_date(whole["begins"].mask(whole["begins"] == first)),
        valid_to=_as_date(whole["ends"].mask(whole["ends"] == end)),
    )[COLUMNS]  # fmt: skip


def coarser(cell_hex: pd.DataFrame, *, level: int) -> pd.DataFrame:
    """The same weights summed to a coarser level."""
    if cell_hex.empty:
        return cell_hex.assign(level=level)
    span = [name for name in COLUMNS if name not in ("hex_id", "level", "weight")]
    starts = cell_hex[span].ne(cell_hex[span].shift()) & cell_hex[span].notna()
    number = starts.any(axis=1).cumsum().to_numpy()
    up = pd.DataFrame({"span": number, "weight": cell_hex["weight"].to_numpy(),
                       "hex_id": hexgrid.parents(cell_hex["hex_id"], level=level)})  # fmt: skip
    up = up.groupby(["span", "hex_id"], sort=True)[["weight"]].sum().reset_index()
    of = cell_hex[span].iloc[np.searchsorted(number, up.pop("span"))].reset_index(drop=True)
    return up.join(of).assign(level=level)[COLUMNS]


def valid_on(cell_hex: pd.DataFrame, day: date) -> pd.DataFrame:
    """The weights that hold on one local day."""
    begun = cell_hex["valid_from"].isna() | (cell_hex["valid_from"] <= day)
    lasting = cell_hex["valid_to"].isna() | (cell_hex["valid_to"] > day)
    return cell_hex[begun & lasting]


def of_layer(cells: pd.DataFrame, method: str, *, level: int, max_range_m: float) -> pd.DataFrame:
    """Footprints of placed cells that compete with each other: row (their index), hex_id, weight.

    `method`: sector_model or voronoi.
    """
    grain = max(level, _MODEL_LEVEL)
    model = radio.shares if method == "sector_model" else voronoi.shares
    of_cell, parts = model(cells, level=grain, max_range_m=max_range_m)
    parts["hex_id"] = hexgrid.parents(parts["hex_id"], level=level)
    parts = parts.groupby(["antenna", "hex_id"], sort=True)["weight"].sum().reset_index()
    of = pd.DataFrame({"row": cells.index, "antenna": of_cell})
    found = of.merge(parts, on="antenna")[["row", "hex_id", "weight"]]
    # one that is nowhere the best keeps the hexagon it stands in
    alone = cells.loc[cells.index.difference(pd.Index(found["row"]))]
    own = hexgrid.hexes_of(lat=alone["lat"], lon=alone["lon"], level=level)
    alone = pd.DataFrame({"row": alone.index, "hex_id": own, "weight": 1.0})
    return _normalised(pd.concat([found, alone], ignore_index=True)).assign(method=method)


# ------------------------------------------------------------------------------- rows and spans


def _rows(
    cells: pd.DataFrame, supplied: pd.DataFrame, first: pd.Timestamp, end: pd.Timestamp
) -> pd.DataFrame:
    """Rows of the inventory that hold from `first` to before `end`, cut to that; index 0, 1, ..."""
    unknown = np.setdiff1d(supplied["cell_id"].unique(), cells["cell_id"])
    cells = pd.concat([cells, pd.DataFrame({"cell_id": unknown})], ignore_index=True)
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
    aimed = layers["azimuth_deg"].transform("count") > 0
    rows["method"] = np.where(aimed, "sector_model", "voronoi")
    return rows


def _spans(
    rows: pd.DataFrame, given: pd.DataFrame, level: int, max_range_m: float
) -> Iterator[pd.DataFrame]:
    """Footprints with the days they begin and end; anew only where the inventory changed nearby.

    On the last day of all nothing is left alive: every footprint has ended.
    """
    standing, before = _nothing(), rows.index[:0]
    for day in np.unique(rows[["begins", "ends"]].to_numpy()):
        alive = rows[(rows["begins"] <= day) & (day < rows["ends"])]
        changed = alive.index.symmetric_difference(before)
        touched = _near(alive, rows.loc[changed], 2 * max_range_m)
        rivals = _near(alive, touched, 2 * max_range_m)
        new = _best(rivals, given, level, max_range_m)
        new = new[new["row"].isin(touched.index)]
        new = new[~new["row"].isin(_unchanged(standing, new))].assign(begins=day)
        over = ~standing["row"].isin(alive.index) | standing["row"].isin(new["row"])
        yield standing[over].assign(ends=day)
        standing = pd.concat([standing[~over], new], ignore_index=True)
        before = alive.index


def _near(rows: pd.DataFrame, others: pd.DataFrame, reach_m: float) -> pd.DataFrame:
    """Rows within reach of any of the others, and those themselves where they are without place."""
    placed, at = rows.dropna(subset=["lat", "lon"]), others.dropna(subset=["lat", "lon"])
    if at.empty or placed.empty:
        return rows.loc[rows.index.intersection(others.index)]
    tree = cKDTree(sphere.unit_vectors(at["lat"], at["lon"]))
    vectors = sphere.unit_vectors(placed["lat"], placed["lon"])
    chord, _ = tree.query(vectors, distance_upper_bound=sphere.chord(reach_m))
    near = placed.index[np.isfinite(chord)]
    return rows.loc[near.union(rows.index.intersection(others.index))]


def _best(rows: pd.DataFrame, given: pd.DataFrame, level: int, max_range_m: float) -> pd.DataFrame:
    """Footprint of each row: what was supplied, else what its layer's model says."""
    placed = rows.dropna(subset=["lat", "lon"])
    parts = [
        of_layer(layer, layer["method"].iloc[0], level=level, max_range_m=max_range_m)
        for _, layer in placed.groupby(_LAYER, dropna=False, sort=True)
    ]
    modelled = pd.concat([_nothing(), *parts], ignore_index=True).drop(columns="begins")
    mine = given[given["row"].isin(rows.index)]
    return pd.concat([modelled[~modelled["row"].isin(mine["row"])], mine], ignore_index=True)


def _unchanged(standing: pd.DataFrame, new: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Rows whose weights are the same in both."""
    both = _digest(standing).to_frame("old").join(_digest(new).rename("new"), how="inner")
    return both.index[both["old"] == both["new"]].to_numpy(np.intp)


def _digest(entries: pd.DataFrame) -> pd.Series:
    told = entries[["hex_id", "weight"]].assign(weight=entries["weight"].round(12))
    return pd.util.hash_pandas_object(told, index=False).groupby(entries["row"]).sum()


def _normalised(entries: pd.DataFrame) -> pd.DataFrame:
    """Weights that sum to 1 per row, without those far below the row's largest."""
    weight = entries["weight"].to_numpy(float)
    number, row = np.unique(entries["row"].to_numpy(), return_inverse=True)
    largest = np.zeros(len(number))
    np.maximum.at(largest, row, weight)
    kept = (weight >= _LEAST * largest[row]) & (weight > 0)
    sums = np.bincount(row[kept], weight[kept], minlength=len(number))
    return entries[kept].assign(weight=weight[kept] / sums[row[kept]])


def _nothing() -> pd.DataFrame:
    return pd.DataFrame(
        {"row": np.zeros(0, np.intp), "hex_id": np.zeros(0, np.uint64), "weight": np.zeros(0),
         "method": pd.Series(dtype="str"), "begins": pd.Series(dtype="datetime64[s]")}
    )  # fmt: skip


def _as_date(days: pd.Series) -> pd.Series:
    """Days as the contract has them: dates, None where missing."""
    code, known = pd.factorize(days)
    dates = [*pd.DatetimeIndex(known).date, None]
    return pd.Series([dates[i] for i in code], index=days.index, dtype="object")
