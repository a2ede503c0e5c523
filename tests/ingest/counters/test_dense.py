"""Plain days as dense arrays = the way of any day, to the last bit; odd days are left to it."""

from datetime import date
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from contracts.tables import TABLES, check, check_arrow, to_arrow
from ingest.clock import local_days
from ingest.counters import carriers, dense, rollup

LONDON, KOLKATA, ADELAIDE = "Europe/London", "Asia/Kolkata", "Australia/Adelaide"
WHOLE = [n for n, t in zip(TABLES["pm"].columns, TABLES["pm"].fields, strict=True)
         if t.type == "BIGINT"]  # fmt: skip


def _pm(rng: np.random.Generator, day: str, zone: str, minutes: int) -> pd.DataFrame:
    """Rows of 12 cells on a local day, in no order: a fifth of them missing, and of the values."""
    start = pd.Timestamp(day, tz=zone).tz_convert("UTC")
    end = (pd.Timestamp(day) + pd.Timedelta(days=1)).tz_localize(zone).tz_convert("UTC")
    starts = pd.date_range(start, end, freq=f"{minutes}min", inclusive="left").as_unit("us")
    pm = pd.DataFrame(
        [(f"c{i}", at) for i in range(12) for at in starts], columns=["cell_id", "period_start_utc"]
    ).assign(period_s=60 * minutes, suspect=False)
    for name in dense.READ[4:]:
        values = rng.gamma(3.0, 1e3, len(pm))
        values = values.round() if name in WHOLE else values
        pm[name] = np.where(rng.random(len(pm)) < 0.2, np.nan, values)
    pm["rsrp_p50_dbm"] = -90 - pm["rsrp_p50_dbm"] / 1e3
    pm[["n_values_missing", "n_resets"]] = rng.integers(0, 2, (len(pm), 2))
    pm[["prb_dl_util_pct", "prb_ul_util_pct"]] %= 100
    pm = pm.assign(**{name: None for name in TABLES["pm"].columns if name not in pm})
    return pm.sample(frac=0.8, random_state=int(rng.integers(1000)))


def _arrow(pm: pd.DataFrame) -> pa.Table:
    rows = to_arrow(pm, TABLES["pm"]).select(dense.READ)
    return rows.set_column(0, "cell_id", rows["cell_id"].dictionary_encode())


def _by_any_way(
    pm: pd.DataFrame, zones: pd.Series | str, blocks: pd.Series
) -> tuple[pa.Table, pa.Table]:
    rows = carriers.in_blocks(pm.sort_values(["cell_id", "period_start_utc"]), blocks)
    of_rows = zones if isinstance(zones, str) else rows["cell_id"].map(zones)
    hours = rollup.cell_hours(rows, of_rows)
    days = rollup.cell_days(hours, rollup.day_totals(rows, of_rows))
    for frame, name in ((hours, "cell_hour"), (days, "cell_day")):
        assert not check(frame, TABLES[name])
    return to_arrow(hours, TABLES["cell_hour"]), to_arrow(days, TABLES["cell_day"])


def _densely(
    pm: pd.DataFrame, day: str, zones: pd.Series | str, blocks: pd.Series, n_cells: int = 5
) -> tuple[pa.Table, pa.Table]:
    rows = _arrow(pm)
    whole = dense.plain_day(
        dense.key_of(rows),
        date.fromisoformat(day),
        lambda ids: zones if isinstance(zones, str) else ids.map(zones),
    )
    assert whole is not None
    hours, days = [], []
    for block in whole.blocks(n_cells):
        arrays = dense.hours_of(partial(dense.column_of, rows), block, blocks)
        hours.append(dense.cell_hours(arrays, block))
        days.append(dense.cell_days(dense.days_of(arrays, block), block))
    for table, name in ((hours[0], "cell_hour"), (days[0], "cell_day")):
        assert not check_arrow(table, TABLES[name])
    return pa.concat_tables(hours), pa.concat_tables(days)


@pytest.mark.parametrize("minutes", [5, 15, 60])
@pytest.mark.parametrize(
    ("day", "zone"),
    [
        ("2026-07-01", LONDON), ("2026-03-29", LONDON), ("2026-10-25", LONDON),
        ("2026-03-01", KOLKATA), ("2026-04-05", ADELAIDE), ("2026-10-04", ADELAIDE),
    ],
)  # fmt: skip
def test_a_plain_day_is_the_same_both_ways(day: str, zone: str, minutes: int) -> None:
    rng = np.random.default_rng(minutes)
    pm = _pm(rng, day, zone, minutes)
    blocks = pd.Series({"c0": 25.0, "c1": np.nan, "c2": 50.0})
    for frame in (pm, pm.assign(prb_dl_used=None, prb_dl_avail=None), pm.assign(prb_ul_avail=None),
                  pm.assign(rrc_users_mean=None), pm.assign(dropped_calls=None),
                  pm.assign(rsrp_p50_dbm=None)):  # fmt: skip
        ours, theirs = _densely(frame, day, zone, blocks), _by_any_way(frame, zone, blocks)
        for one, other in zip(ours, theirs, strict=True):
            assert one.equals(other)


def test_cells_of_several_zones_are_each_in_their_own_day() -> None:
    rng = np.random.default_rng(3)
    zones = pd.Series({f"c{i}": LONDON if i % 2 else "Europe/Paris" for i in range(12)})
    pm = pd.concat([_pm(rng, "2026-07-01", zone, 60) for zone in zones.unique()])
    pm = pm.drop_duplicates(["cell_id", "period_start_utc"])
    days = local_days(pm["period_start_utc"], pm["cell_id"].map(zones))
    pm = pm[days == "2026-07-01"]
    none = pd.Series(dtype=float)
    for one, other in zip(
        _densely(pm, "2026-07-01", zones, none), _by_any_way(pm, zones, none), strict=True
    ):
        assert one.equals(other)


def test_sums_do_not_hang_on_what_stands_beside_them() -> None:
    rng = np.random.default_rng(4)
    pm = _pm(rng, "2026-07-01", "UTC", 60)
    none = pd.Series(dtype=float)
    whole, alone = (
        _by_any_way(rows, "UTC", none)[1].to_pandas().set_index("cell_id")
        for rows in (pm, pm[pm["cell_id"] == "c7"])
    )
    pd.testing.assert_frame_equal(whole.loc[["c7"]], alone, check_exact=True)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("suspect", True), ("period_s", 900), ("period_s", 7200),
        ("period_start_utc", pd.Timestamp("2026-07-01 12:20", tz="UTC")),
        ("period_start_utc", pd.Timestamp("2026-07-02 12:00", tz="UTC")),
        ("period_start_utc", "that of the next row"),
    ],
)  # fmt: skip
def test_an_odd_row_makes_the_day_odd(column: str, value: object) -> None:
    pm = _pm(np.random.default_rng(5), "2026-07-01", "UTC", 60).sort_values(
        ["cell_id", "period_start_utc"], ignore_index=True
    )
    pm.loc[3, column] = pm.loc[4, column] if isinstance(value, str) else value
    assert dense.plain_day(dense.key_of(_arrow(pm)), date(2026, 7, 1), lambda _: "UTC") is None


@pytest.mark.parametrize("seconds", [7, 420, 5400, 86_400])
def test_a_period_that_parts_no_hour_makes_the_day_odd(seconds: int) -> None:
    pm = _pm(np.random.default_rng(6), "2026-07-01", "UTC", 60).assign(period_s=seconds)
    assert dense.plain_day(dense.key_of(_arrow(pm)), date(2026, 7, 1), lambda _: "UTC") is None


def test_cells_half_an_hour_apart_make_the_day_odd() -> None:
    pm = _pm(np.random.default_rng(7), "2026-07-01", "UTC", 30)
    pm = pm[pm["period_start_utc"].dt.hour.between(3, 12)]

    def zones(ids: pd.Series) -> pd.Series:
        return pd.Series(np.where(ids == "c3", KOLKATA, "UTC"), index=ids.index)

    assert dense.plain_day(dense.key_of(_arrow(pm)), date(2026, 7, 1), zones) is None
