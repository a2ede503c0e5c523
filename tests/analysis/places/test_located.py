"""A complaint known by its cell is spread over the footprint of its day, and adds up to one."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.places.located import located
from analysis.rates.complaints import complaint_rates
from contracts.settings.sections import Privacy, Targets
from geo import footprint, hexgrid

DAYS = (date(2026, 6, 1), date(2026, 6, 30))
(HERE,) = hexgrid.hexes_of(lat=[53.8], lon=[-1.55], level=9)


def _cells() -> pd.DataFrame:
    """Three cells of one mast and a neighbour that goes on air in the middle of the month."""
    text = pd.Series([None] * 4, dtype="str")
    return pd.DataFrame({
        "cell_id": ["a", "b", "c", "d"], "operator": text, "technology": "lte", "cell_type": text,
        "lat": [53.80, 53.80, 53.80, 53.83], "lon": [-1.55, -1.55, -1.55, -1.55],
        "azimuth_deg": [0.0, 120.0, 240.0, 180.0], "h_beamwidth_deg": np.nan, "power_dbm": np.nan,
        "range_m": np.nan, "valid_from": [None, None, None, date(2026, 6, 15)], "valid_to": None,
    })  # fmt: skip


@pytest.fixture(scope="module")
def cell_hex() -> pd.DataFrame:
    nothing = pd.DataFrame({"cell_id": [], "hex_id": [], "weight": [], "method": []})
    supplied = nothing.astype(
        {"cell_id": "str", "hex_id": "uint64", "weight": float, "method": "str"}
    )
    return footprint.footprints(_cells(), supplied, level=9, max_range_m=4000, days=DAYS)


def _complaints(cells: list[str | None], days: list[int], **more: object) -> pd.DataFrame:
    created = pd.to_datetime([f"2026-06-{day:02}T12:00Z" for day in days]).as_unit("us")
    given = {
        "complaint_id": [f"c{i}" for i in range(len(days))], "created_utc": created,
        "event_utc": pd.Series(pd.NaT, range(len(days)), dtype="datetime64[us, UTC]"),
        "cell_id": pd.Series(cells, dtype="str"), "hex_id": None, **more,
    }  # fmt: skip
    given["hex_id"] = pd.array(given["hex_id"] or [None] * len(days), dtype="UInt64")  # type: ignore[arg-type]
    return pd.DataFrame(given)


def test_planted_complaints_add_up_hexagon_by_hexagon(cell_hex: pd.DataFrame) -> None:
    rng = np.random.default_rng(1)
    cells, days = rng.choice(list("abcd"), 3000), rng.integers(1, 31, 3000)
    found = located(_complaints(list(cells), list(days)), cell_hex, zone="UTC")
    expected: dict[int, float] = {}
    n_lost = 0
    for cell, day in zip(cells, days, strict=True):
        of_day = footprint.valid_on(cell_hex, date(2026, 6, int(day)))
        mine = of_day[of_day["cell_id"] == cell]
        n_lost += mine.empty
        for hex_id, weight in zip(mine["hex_id"], mine["weight"], strict=True):
            expected[hex_id] = expected.get(hex_id, 0.0) + weight
    totals = found.dropna(subset=["hex_id"]).groupby("hex_id")["weight"].sum()
    np.testing.assert_allclose(totals, pd.Series(expected).sort_index(), rtol=0, atol=1e-9)
    assert totals.sum() == pytest.approx(3000 - n_lost, abs=1e-9 * 3000)
    # the cell that was not on air yet
    assert n_lost == ((cells == "d") & (days < 15)).sum() > 0
    of_each = found.groupby("complaint_id")["weight"].sum()
    np.testing.assert_allclose(of_each, 1.0, rtol=0, atol=1e-9)


def test_no_complaint_known_by_its_cell_is_a_point(cell_hex: pd.DataFrame) -> None:
    found = located(_complaints(["a"], [3]), cell_hex, zone="UTC")
    assert len(found) > 10
    assert found["weight"].max() < 0.5


def test_the_footprint_is_that_of_the_day_of_the_trouble(cell_hex: pd.DataFrame) -> None:
    then = pd.to_datetime(["2026-06-02T12:00Z"]).as_unit("us")
    early = located(_complaints(["a"], [2]), cell_hex, zone="UTC")
    late = located(_complaints(["a"], [28]), cell_hex, zone="UTC")
    told = located(_complaints(["a"], [28], event_utc=then), cell_hex, zone="UTC")
    columns = ["hex_id", "weight"]
    assert not early[columns].equals(late[columns])
    pd.testing.assert_frame_equal(told[columns], early[columns])
    # four minutes to midnight UTC is the next day further east
    midnight = _complaints(["d"], [14], created_utc=pd.Timestamp("2026-06-14T23:56Z"))
    midnight["created_utc"] = midnight["created_utc"].astype("datetime64[us, UTC]")
    assert located(midnight, cell_hex, zone="UTC")["hex_id"].isna().all()
    assert located(midnight, cell_hex, zone="Europe/Paris")["hex_id"].notna().all()


def test_a_place_of_its_own_comes_first_and_without_any_there_is_one_row(
    cell_hex: pd.DataFrame,
) -> None:
    complaints = _complaints(["a", None, "strange"], [3, 3, 3], hex_id=[HERE, None, None])
    found = located(complaints, cell_hex, zone="UTC")
    assert found["complaint_id"].tolist() == ["c0", "c1", "c2"]
    assert found["weight"].tolist() == [1, 1, 1]
    assert found["hex_id"].isna().tolist() == [False, True, True]
    assert found["hex_id"][0] == HERE
    assert located(complaints.iloc[:0], cell_hex, zone="UTC").empty
    without = located(complaints, cell_hex.iloc[:0], zone="UTC")
    pd.testing.assert_frame_equal(without, found)


def test_coarser_footprints_give_the_same_sums(cell_hex: pd.DataFrame) -> None:
    complaints = _complaints(["a", "b", "d"] * 5, [1, 16, 30] * 5)
    fine = located(complaints, cell_hex, zone="UTC")
    coarse = located(complaints, footprint.coarser(cell_hex, level=7), zone="UTC")
    up = fine.assign(hex_id=hexgrid.parents(fine["hex_id"], level=7))
    expected = up.groupby("hex_id")["weight"].sum()
    np.testing.assert_allclose(
        coarse.groupby("hex_id")["weight"].sum(), expected, rtol=0, atol=1e-9
    )


def test_rates_count_each_complaint_once_wherever_its_cell_reaches(cell_hex: pd.DataFrame) -> None:
    n = 400
    rng = np.random.default_rng(4)
    cells, days = list(rng.choice(list("abc"), n)), [1 + i % 30 for i in range(n)]
    complaints = _complaints(
        cells, days, complaint_class="network", time_grain="instant",
        subscriber_id=[f"p{i}" for i in range(n)],
    )  # fmt: skip
    finest = footprint.coarser(cell_hex, level=8)
    june = pd.Timestamp("2026-06-01")
    hexes = finest["hex_id"].unique()
    exposure = pd.DataFrame({"hex_id": hexes, "period_start": june, "n": 900.0})
    rows = located(complaints, finest, zone="UTC")
    found = complaint_rates(
        rows, exposure, metric="complaints_per_1000", regions=pd.Series("North", hexes), level=8,
        zone="UTC", rule=Privacy(), targets=Targets(),
    )  # fmt: skip
    region = found[(found["place_type"] == "region") & (found["period_grain"] == "month")]
    assert region["numerator"].tolist() == [n]
    of_hex = found[found["level"] == 8].set_index("hex_id")
    expected = rows.groupby("hex_id")["weight"].sum()
    shown = of_hex[of_hex["shown"] == "shown"]
    # those in which five persons are likelier than elsewhere, or nobody at all
    assert len(shown) >= 1
    assert (shown["numerator"] - expected.reindex(shown.index).fillna(0)).abs().max() <= 0.5
    assert (shown["numerator"] % 1 == 0).all()
    # a hexagon that only the other cell reaches has none; any other as many as may be told
    assert shown["numerator"].gt(0).eq(shown.index.isin(expected.index)).all()
    assert (shown.loc[shown["numerator"] > 0, "numerator"] >= 5).all()
