"""Masts and sectors of cells, from positions and directions, where an inventory leaves them out."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree

from geo import sphere

_NEAR_M = 50.0
# carriers of one sector are aimed alike, sectors of one mast are at least this far apart
_APART_DEG = 20.0

Labels = npt.NDArray[np.intp]


def with_sites(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells with `site_id` and `sector_id` filled in where they are missing.

    `cells`: table `cell`. A site is what stands within 50 m of one place, named by that place. A
    sector is a direction of a site, named by its site and its first azimuth; cells without an
    azimuth are one. A cell without a position gets neither. `derived` names the columns that were
    filled in.
    """
    is_placed = (cells["lat"].notna() & cells["lon"].notna()).to_numpy()
    placed_cells = cells[is_placed]
    mast = masts(placed_cells["lat"].to_numpy(float), placed_cells["lon"].to_numpy(float))
    mast_names = _mast_names(placed_cells, mast)
    site = placed_cells["site_id"].fillna(mast_names)
    sector_names = site + "/" + _sector_names(site, placed_cells["azimuth_deg"])
    labelled = cells.assign(derived=cells["derived"].fillna("").astype("str"))
    for name, values in {"site_id": mast_names, "sector_id": sector_names}.items():
        is_missing = labelled[name].isna() & is_placed
        labelled[name] = labelled[name].fillna(values.reindex(labelled.index)).astype("str")
        with_name = labelled["derived"] + f",{name}"
        labelled["derived"] = labelled["derived"].mask(is_missing, with_name)
    return labelled.assign(derived=labelled["derived"].str.strip(","))


def masts(lat: npt.NDArray[np.float64], lon: npt.NDArray[np.float64]) -> Labels:
    """Number of the mast of each position, shape (n,), from 0.

    `lat`, `lon`: degrees, shape (n,), none missing. Positions are taken from south to north: one
    that belongs to no mast yet begins one, with all free positions within 50 m of it. So a mast is
    never wider than 100 m, however densely masts stand.
    """
    points, position = np.unique(np.column_stack([lat, lon]), axis=0, return_inverse=True)
    vectors = sphere.unit_vectors(*points.T)
    # of each distinct point the number of its mast's first point; -1 = free
    mast = np.full(len(points), -1, np.intp)
    near = cKDTree(vectors).query_ball_point(vectors, sphere.chord(_NEAR_M)) if len(points) else []
    for first, others in enumerate(near):
        if mast[first] < 0:
            free = [other for other in others if mast[other] < 0]
            mast[free] = first
    return np.unique(mast, return_inverse=True)[1][position.ravel()]


def sectors(group: npt.NDArray[np.intp], azimuth_deg: npt.NDArray[np.float64]) -> Labels:
    """Number of the sector of each antenna, shape (n,): of one group, and aimed alike.

    `group`: number of each antenna's site, shape (n,). `azimuth_deg`: its direction, degrees
    clockwise from north, shape (n,); NaN = none. A sector ends where the next azimuth around the
    circle is 20 degrees off or more; antennas without an azimuth are one sector of their group.
    """
    # by group and azimuth, those without an azimuth last in their group
    order = np.lexsort((azimuth_deg, group))
    groups, azimuths = group[order], azimuth_deg[order]
    is_first = np.r_[True, groups[1:] != groups[:-1]] if len(group) else np.zeros(0, bool)
    step = np.diff(azimuths, prepend=np.nan)
    is_omni = np.isnan(azimuths)
    begins = is_first | (step >= _APART_DEG) | (is_omni & ~np.r_[False, is_omni[:-1]])
    labels = np.cumsum(begins) - 1
    labels = _closed(labels, groups, azimuths)
    numbers = np.empty(len(group), np.intp)
    numbers[order] = np.unique(labels, return_inverse=True)[1]
    return numbers


def _closed(label: Labels, group: Labels, azimuth: npt.NDArray[np.float64]) -> Labels:
    """Joins the last sector before north to the first after it, where they are aimed alike."""
    has_azimuth = ~np.isnan(azimuth)
    antennas = pd.DataFrame({"group": group, "azimuth": azimuth, "label": label})[has_azimuth]
    # one row a group: its smallest and largest azimuth, and the sectors these belong to
    edges = antennas.groupby("group").agg(
        low=("azimuth", "first"),
        high=("azimuth", "last"),
        head=("label", "first"),
        tail=("label", "last"),
    )
    across_north = edges["low"] + 360 - edges["high"]
    joins = edges[(across_north < _APART_DEG) & (edges["head"] < edges["tail"])]
    new_labels = np.arange(label.max(initial=-1) + 1)
    new_labels[joins["tail"]] = joins["head"]
    return np.asarray(new_labels[label])


def _mast_names(cells: pd.DataFrame, mast: Labels) -> pd.Series:
    """The southernmost position of each cell's mast, as text."""
    first = cells.assign(mast=mast).sort_values(["mast", "lat", "lon"]).drop_duplicates("mast")
    positions = first[["lat", "lon"]].itertuples(index=False)
    names = np.array([f"{lat:.4f},{lon:.4f}" for lat, lon in positions], object)
    return pd.Series(names[mast], index=cells.index, dtype="str")


def _sector_names(site: pd.Series, azimuth: pd.Series) -> pd.Series:
    """The first azimuth of each cell's sector in three digits; omni where it has none."""
    label = sectors(site.factorize()[0], azimuth.to_numpy(float))
    first = azimuth.groupby(label).transform("first")
    return first.map("{:03.0f}".format).astype("str").mask(azimuth.isna(), "omni")
