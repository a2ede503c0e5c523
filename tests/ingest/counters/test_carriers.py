"""Blocks by bandwidth, and counters in per cent weighted by them."""

import numpy as np
import pandas as pd
import pytest

from contracts.tables import TABLES
from ingest.counters import carriers


def _cells(**given: list[object]) -> pd.DataFrame:
    names = ["technology", "band", "bandwidth_mhz", "scs_khz", "n_prb_dl", "derived"]
    numbers = dict.fromkeys(names[2:5], float)
    frame = pd.DataFrame({**dict.fromkeys(names), **given})
    return frame.astype(numbers)


@pytest.mark.parametrize(
    ("technology", "band", "mhz", "khz", "blocks"),
    [
        ("lte", "B20", 1.4, None, 6),
        ("lte", None, 10, None, 50),
        ("lte", "B3", 20, None, 100),
        ("lte", "B3", 7, None, None),  # no standard bandwidth
        ("nr", "n1", 20, None, 106),
        ("nr", "n78", 20, None, 51),
        ("nr", "n78", 100, None, 273),
        ("nr", None, 100, None, 273),
        ("nr", None, 20, None, None),  # 15 or 30 kHz, nobody knows
        ("nr", None, 20, 15, 106),
        ("nr", "n1", 50, 30, 133),
        ("nr", "n257", 400, None, 264),
        ("gsm", "900", 5, None, None),
        (None, "B3", 20, None, None),
        ("lte", "B3", None, None, None),
    ],
)
def test_blocks_of_a_carrier(
    technology: str | None, band: str | None, mhz: float | None, khz: float | None,
    blocks: int | None,
) -> None:  # fmt: skip
    cells = _cells(technology=[technology], band=[band], bandwidth_mhz=[mhz], scs_khz=[khz])
    (found,) = carriers.with_blocks(cells).to_dict("records")
    assert found["n_prb_dl"] == pytest.approx(np.nan if blocks is None else blocks, nan_ok=True)
    assert ("n_prb_dl" in found["derived"]) == (blocks is not None)


def test_every_carrier_fits_its_bandwidth_and_leaves_a_guard_band() -> None:
    for (_, khz), table in carriers._BLOCKS.items():
        for mhz, blocks in table.items():
            assert 0.75 <= blocks * 12 * khz / (1000 * mhz) <= 0.99


def test_what_the_inventory_says_stays() -> None:
    cells = _cells(technology=["lte"], bandwidth_mhz=[20], n_prb_dl=[96], derived=["site_id"])
    (found,) = carriers.with_blocks(cells).to_dict("records")
    assert (found["n_prb_dl"], found["derived"]) == (96, "site_id")


def test_per_cents_take_the_blocks_of_their_cell() -> None:
    columns = [name for name in TABLES["pm"].columns if name.startswith("prb")]
    pm = pd.DataFrame({"cell_id": list("abcd"), **dict.fromkeys(columns, np.nan)})
    pm["prb_dl_util_pct"] = [80.0, 20.0, np.nan, 50.0]
    pm["prb_ul_util_pct"] = [40.0, 10.0, np.nan, 50.0]
    pm.loc[2, ["prb_dl_used", "prb_dl_avail"]] = [30.0, 60.0]
    found = carriers.in_blocks(pm, pd.Series({"a": 25.0, "b": 100.0, "c": 25.0, "d": np.nan}))
    assert found["prb_dl_used"].tolist() == [20.0, 20.0, 30.0, 50.0]
    assert found["prb_dl_avail"].tolist() == [25.0, 100.0, 60.0, carriers.ASSUMED]
    assert found["prb_ul_used"].fillna(-1).tolist() == [10.0, 10.0, -1, 50.0]
    # 80 % of 5 MHz and 20 % of 20 MHz: 32 %, not 50 %
    both = found[:2]
    assert both["prb_dl_used"].sum() / both["prb_dl_avail"].sum() == pytest.approx(0.32)
