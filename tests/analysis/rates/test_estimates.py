"""What stands beside raw counts: from released rows alone, by families, held against targets."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.rates import estimates
from analysis.rates.complaints import complaint_rates
from contracts.settings.sections import Privacy, Targets
from geo import hexgrid

MIDDLE = int(hexgrid.hexes_of(lat=[53.8], lon=[-1.55], level=5)[0])
HEXES = np.sort(hexgrid.hexes_in_box(west=-1.75, east=-1.35, south=53.7, north=53.9, level=7))
NONE = Targets()
JUNE = pd.Timestamp("2026-06-01")
SMALL = list(HEXES[hexgrid.parents(HEXES, level=5) == MIDDLE][:12])


def _made(counts: dict[int, int], targets: Targets = NONE) -> pd.DataFrame:
    """Figures of so many complainants in each hexagon."""
    hexes = [hex_id for hex_id, k in counts.items() for _ in range(k)]
    complaints = pd.DataFrame({
        "complaint_id": [f"c{i}" for i in range(len(hexes))],
        "person_key": [f"p{i}" for i in range(len(hexes))],
        "created_utc": pd.date_range("2026-06-01", "2026-06-30", periods=len(hexes), tz="UTC"),
        "day_local": pd.date_range("2026-06-01", "2026-06-30", periods=len(hexes)).date,
        "complaint_class": "network", "time_grain": "month", "weight": 1.0,
        "hex_id": pd.array(hexes, dtype="UInt64"),
    })  # fmt: skip
    exposure = pd.DataFrame({"hex_id": list(counts), "period_start": JUNE, "n": 900.0})
    how: dict[str, Any] = {"regions": pd.Series(dtype="str"), "level": 7,
                           "rule": Privacy(), "targets": targets}  # fmt: skip
    return complaint_rates(complaints, exposure, metric="complaints_per_1000", **how)


def _town(**changes: int) -> dict[int, int]:
    counts = dict.fromkeys(SMALL, 20)
    return counts | {SMALL[int(at[1:])]: n for at, n in changes.items()}


def test_hidden_counts_move_nothing_that_is_published() -> None:
    one, other = _made(_town(h0=2, h1=9)), _made(_town(h0=3, h1=8))
    assert one["shown"].tolist() == other["shown"].tolist()
    assert {"few", "hidden"} <= set(one["shown"])
    pd.testing.assert_frame_equal(one, other)


def test_estimates_can_be_made_again_from_what_is_published() -> None:
    found = _made(_town(h0=2, h1=9, h2=55))
    published = found.assign(
        level=found["level"].fillna(-1).astype(int),
        exposure=found["denominator"] / 1000,
        hex_id=found["hex_id"].fillna(0),
    )
    raw = published.drop(columns=estimates.ESTIMATES)
    again = estimates.of_counts(raw, "complaints_per_1000", NONE)
    for name in estimates.ESTIMATES:
        pd.testing.assert_series_equal(again[name], found[name])
    withheld = found[found["shown"] != "shown"]
    assert len(withheld)
    assert withheld[estimates.ESTIMATES].isna().all(axis=None)


def test_a_place_is_drawn_to_its_own_parent() -> None:
    parent = hexgrid.parents(SMALL, level=6)
    loud = dict(zip(SMALL, np.where(parent == parent[0], 90, 10), strict=True))
    (quiet_one, loud_one) = (next(h for h in SMALL if (loud[h] == 90) == is_loud)
                             for is_loud in (False, True))  # fmt: skip
    found = _made(loud | {quiet_one: 30, loud_one: 30}).set_index("hex_id")
    assert found.loc[quiet_one, "value"] < found.loc[quiet_one, "value_raw"]
    assert found.loc[loud_one, "value"] > found.loc[loud_one, "value_raw"]


def test_families_hold_what_their_parents_do() -> None:
    found = _made(_town(h0=2, h1=9, h2=3))
    found = found[found["place_type"] == "hex"].reset_index(drop=True)
    rows = found.assign(level=found["level"].astype(int), period_grain="month")
    shown, few = (rows["shown"].to_numpy() == kind for kind in ("shown", "few"))
    low = np.where(few, 1.0, rows["numerator"])
    high = np.where(few, 4.0, rows["numerator"])
    amounts = np.column_stack([low, high, rows["denominator"]])
    grids = list(estimates._grids(rows, amounts, shown | few, estimates._counts_beyond))
    finest = next(g for g in grids if rows["level"].iloc[g.rows[0]] == 7)
    top = rows[rows["level"] == 5].iloc[0]
    assert finest.amounts[:, 2].sum() == pytest.approx(top["denominator"])
    assert finest.amounts[:, :2].mean(axis=1).sum() == pytest.approx(top["numerator"], abs=1.5)


def test_a_target_is_the_setting_s_else_the_network_s_own() -> None:
    town = _town(h3=80)
    own = _made(town)
    finest = own[own["level"] == 7].set_index("hex_id")
    assert finest["target"].unique() == pytest.approx(
        1000 * sum(town.values()) / 900 / 12, rel=0.01
    )
    assert finest.loc[SMALL[3], "standing"] == "bad"
    assert (finest["standing"] == "bad").sum() == 1
    strict = _made(town, Targets(complaints_per_1000={"network": 5.0}))
    assert set(strict["standing"]) == {"bad"}
    lax = _made(town, Targets(complaints_per_1000={"network": 500.0}))
    assert set(lax["standing"]) == {"fine"}
    other = _made(town, Targets(complaints_per_1000={"account": 5.0}))
    pd.testing.assert_frame_equal(other, own)
