"""Masts and sectors are found where the inventory leaves them out, and marked so."""

import numpy as np
import pandas as pd

from geo import sites


def _cells(*rows: tuple[str, float, float, float], **more: object) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["cell_id", "lat", "lon", "azimuth_deg"])
    return frame.assign(**{"site_id": None, "sector_id": None, "derived": None, **more})


def test_what_stands_within_50_m_is_one_site_with_a_sector_a_direction() -> None:
    labelled = sites.with_sites(_cells(
        ("a1", 53.8, -1.55, 355.0), ("a2", 53.8, -1.55, 5.0), ("a3", 53.8003, -1.55, 120.0),
        ("far", 53.81, -1.55, 120.0), ("omni", 53.8, -1.55, np.nan), ("lost", np.nan, 0.0, 10.0),
    )).set_index("cell_id")  # fmt: skip
    assert len(set(labelled.loc[["a1", "a2", "a3", "omni"], "site_id"])) == 1
    assert labelled["site_id"].nunique() == 2
    # around north, 355 and 5 degrees are aimed alike
    assert labelled.loc["a1", "sector_id"] == labelled.loc["a2", "sector_id"]
    assert labelled.loc[["a1", "a3", "omni", "far"], "sector_id"].nunique() == 4
    assert labelled.loc["lost", ["site_id", "sector_id"]].isna().all()
    assert labelled["derived"].tolist() == ["site_id,sector_id"] * 5 + [""]


def test_what_the_inventory_says_stays() -> None:
    rows = [("a", 53.8, -1.55, 0.0), ("b", 53.8, -1.55, 0.0)]
    labelled = sites.with_sites(_cells(*rows, site_id=["S1", None], sector_id=["1", "2"]))
    assert labelled["site_id"].tolist() == ["S1", "53.8000,-1.5500"]
    assert labelled["sector_id"].tolist() == ["1", "2"]
    assert labelled["derived"].tolist() == ["", "site_id"]
    assert sites.with_sites(_cells()).empty


def test_masts_do_not_chain_into_one() -> None:
    # a row of masts every 40 m
    lat = 53.8 + np.arange(50) * 40 / 111_195
    mast = sites.masts(lat, np.full(50, -1.55))
    width = pd.Series(lat).groupby(mast).agg(np.ptp) * 111_195
    assert width.max() <= 100
    assert len(width) >= 17
