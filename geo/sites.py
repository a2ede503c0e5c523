"""Masts and sectors of cells: what an inventory leaves out and positions and directions tell."""

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

    A site is what stands within 50 m of one place, named by that place. A sector is a direction of
    a site, named by its site and its first azimuth; cells without an azimuth are one. A cell
    without a position gets neither. `derived` names the columns that were filled in.
    """
    placed = (cells["lat"].notna() & cells["lon"].notna()).to_numpy()
    at = cells[placed]
    mast = masts(at["lat"].to_numpy(float), at["lon"].to_numpy(float))
    site = _names_of_masts(at, mast)
    known_site = at["site_id"].fillna(site)
    sector = known_site + "/" + _sector_names(known_site, at["azimuth_deg"])
    filled = {"site_id": site, "sector_id": sector}
    told = cells.assign(derived=cells["derived"].fillna("").astype("str"))
    for name, values in filled.items():
        missing = told[name].isna() & placed
        told[name] = told[name].fillna(values.reindex(told.index)).astype("str")
        told["derived"] = told["derived"].mask(missing, told["derived"] + f",{name}")
    return told.assign(derived=told["derived"].str.strip(","))


def masts(lat: npt.NDArray[np.float64], lon: npt.NDArray[np.float64]) -> Labels:
    """Number of the mast of each position, shape (n,): its first position has all within 50 m.

    Positions are taken from south to north; a mast is never wider than 100 m, however densely
    masts stand.
    """
    points, place = np.unique(np.column_stack([lat, lon]), axis=0, return_inverse=True)
    vectors = sphere.unit_vectors(*points.T)
    mast = np.full(len(points), -1, np.intp)
    near = cKDTree(vectors).query_ball_point(vectors, sphere.chord(_NEAR_M)) if len(points) else []
    for first, others in enumerate(near):
        if mast[first] < 0:
            free = [other for other in others if mast[other] < 0]
            mast[free] = first
    return np.unique(mast, return_inverse=True)[1][place.ravel()]


def sectors(group: npt.NDArray[np.intp], azimuth_deg: npt.NDArray[np.float64]) -> Labels:
    """Number of the sector of each antenna, shape (n,): of one group, and aimed alike.

    A sector ends where the next azimuth around the circle is 20 degrees off or more; antennas
    without an azimuth are one sector of their group.
    """
    order = np.lexsort((azimuth_deg, group))
    of_group, azimuth = group[order], azimuth_deg[order]
    first = np.r_[True, of_group[1:] != of_group[:-1]] if len(group) else np.zeros(0, bool)
    step = np.diff(azimuth, prepend=np.nan)
    omni = np.isnan(azimuth)
    begins = first | (step >= _APART_DEG) | (omni & ~np.r_[False, omni[:-1]])
    label = np.cumsum(begins) - 1
    label = _closed(label, of_group, azimuth)
    found = np.empty(len(group), np.intp)
    found[order] = np.unique(label, return_inverse=True)[1]
    return found


def _closed(label: Labels, group: Labels, azimuth: npt.NDArray[np.float64]) -> Labels:
    """Joins the last sector before north to the first after it, where they are aimed alike."""
    aimed = ~np.isnan(azimuth)
    ends = pd.DataFrame({"group": group, "azimuth": azimuth, "label": label})[aimed]
    edge = ends.groupby("group").agg(
        low=("azimuth", "first"), high=("azimuth", "last"),
        head=("label", "first"), tail=("label", "last"),
    )  # fmt: skip
    alike = edge[(edge["low"] + 360 - edge["high"] < _APART_DEG) & (edge["head"] < edge["tail"])]
    joined = np.arange(label.max(initial=-1) + 1)
    joined[alike["tail"]] = alike["head"]
    return np.asarray(joined[label])


def _names_of_masts(cells: pd.DataFrame, mast: Labels) -> pd.Series:
    first = cells.assign(mast=mast).sort_values(["mast", "lat", "lon"]).drop_duplicates("mast")
    at = first[["lat", "lon"]].itertuples(index=False)
    names = np.array([f"{lat:.4f},{lon:.4f}" for lat, lon in at], object)
    return pd.Series(names[mast], index=cells.index, dtype="str")


def _sector_names(site: pd.Series, azimuth: pd.Series) -> pd.Series:
    label = sectors(site.factorize()[0], azimuth.to_numpy(float))
    first = azimuth.groupby(label).transform("first")
    return first.map("{:03.0f}".format).astype("str").mask(azimuth.isna(), "omni")
