"""Resource blocks of a carrier from its bandwidth, and counters in per cent turned into blocks.

Blocks after 3GPP: LTE TS 36.101 table 5.6-1, NR TS 38.101-1 and 38.101-2 table 5.3.2-1.
"""

import numpy as np
import pandas as pd

_BLOCKS: dict[tuple[str, int], dict[float, int]] = {
    ("lte", 15): {1.4: 6, 3: 15, 5: 25, 10: 50, 15: 75, 20: 100},
    ("nr", 15): {5: 25, 10: 52, 15: 79, 20: 106, 25: 133, 30: 160, 40: 216, 50: 270},
    ("nr", 30): {
        5: 11, 10: 24, 15: 38, 20: 51, 25: 65, 30: 78, 40: 106, 50: 133, 60: 162, 70: 189, 80: 217,
        90: 245, 100: 273,
    },
    ("nr", 120): {50: 32, 100: 66, 200: 132, 400: 264},
}  # fmt: skip
# time division below 6 GHz, where 30 kHz is the usual spacing; millimetre waves have 120
_TDD = {34, 38, 39, 40, 41, 46, 47, 48, 50, 51, 53, 77, 78, 79, 90, 96, 101, 102, 104}
_MILLIMETRE = range(257, 264)
ASSUMED = 100.0
"""Blocks a carrier is counted as where nobody knows its bandwidth."""


def with_blocks(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells with `scs_khz` and `n_prb_dl` filled in where bandwidth and technology give them.

    `cells`: rows of table `cell`; a missing bandwidth gives no blocks.

    `derived` names the columns that were filled in. An NR spacing that is not given is the usual
    one of its band, and 30 kHz above 50 MHz; without band and below, it is not known, nor are the
    blocks. A bandwidth that no standard knows gives none either.
    """
    spacing = cells["scs_khz"].fillna(_usual_spacing(cells))
    grid = spacing.mask(cells["technology"] == "lte", 15.0)
    carriers = zip(cells["technology"], grid, cells["bandwidth_mhz"], strict=True)
    blocks = [
        _BLOCKS.get((technology, khz), {}).get(round(mhz, 1), np.nan)
        for technology, khz, mhz in carriers
    ]
    derived = {"scs_khz": spacing, "n_prb_dl": pd.Series(blocks, index=cells.index, dtype=float)}
    rows = cells.assign(derived=cells["derived"].fillna("").astype("str"))
    for name, values in derived.items():
        is_filled = rows[name].isna() & values.notna()
        rows[name] = rows[name].fillna(values).astype(float)
        rows["derived"] = rows["derived"].mask(is_filled, rows["derived"] + f",{name}")
    return rows.assign(derived=rows["derived"].str.strip(","))


def in_blocks(pm: pd.DataFrame, n_prb_dl: pd.Series) -> pd.DataFrame:
    """Counter rows with PRB used and available in blocks, where they were given in per cent.

    `pm`: rows of table `pm`. `n_prb_dl`: blocks by cell_id; a cell it does not know, or without a
    value, counts `ASSUMED`. The uplink has as many as the downlink: an inventory tells one
    bandwidth. What was given in blocks stays.
    """
    rows = pm.copy()
    blocks = pm["cell_id"].map(n_prb_dl).astype(float).fillna(ASSUMED)
    for way in ("dl", "ul"):
        used, total = pm[f"prb_{way}_used"], pm[f"prb_{way}_avail"].fillna(blocks)
        is_share_only = used.isna() & pm[f"prb_{way}_util_pct"].notna()
        from_share = total * pm[f"prb_{way}_util_pct"] / 100
        rows[f"prb_{way}_used"] = used.mask(is_share_only, from_share)
        rows[f"prb_{way}_avail"] = pm[f"prb_{way}_avail"].mask(is_share_only, total)
    return rows


def _usual_spacing(cells: pd.DataFrame) -> pd.Series:
    band = pd.to_numeric(cells["band"].astype("str").str.extract(r"(\d+)")[0], errors="coerce")
    width, nr = cells["bandwidth_mhz"], cells["technology"] == "nr"
    usual = pd.Series(15.0, index=cells.index).where(band.notna())
    usual = usual.mask(band.isin(_TDD) | (width > 50), 30.0)
    usual = usual.mask(band.isin(_MILLIMETRE) | (width > 100), 120.0)
    return usual.where(nr)
