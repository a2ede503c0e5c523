"""Every KPI agrees with plain arithmetic on raw rows, at cells, hexagons and regions.

Days of 23 and 25 hours, a zone of half hours, and counters that one of the cells lacks.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contracts.kpis import BUILT_IN, COLUMNS, Kpi, catalogue
from contracts.tables import SCHEMA_VERSION, TABLES
from geo import hexgrid
from ingest.counters import rollup
from ingest.quality import availability
from ingest.warehouse.marts import Marts
from ingest.warehouse.publish import publish
from ingest.warehouse.store import Warehouse
from tests.bench.asked import asked
from tests.bench.frames import rows

ZONES = {"a": "Europe/London", "b": "Europe/London", "k": "Asia/Kolkata"}
DAYS = (date(2026, 3, 29), date(2026, 10, 25))
"""Of 23 and of 25 hours in London."""
HEXES = hexgrid.as_text(hexgrid.hexes_of(lat=[53.8, 53.9], lon=[-1.5, -1.6], level=8))
PARTS = pd.DataFrame(
    [(HEXES[0], "a", 0.25), (HEXES[0], "b", 1.0), (HEXES[1], "a", 0.75), (HEXES[1], "k", 0.5)],
    columns=["place_id", "cell_id", "weight"],
)
OWN = {
    "ho_late": Kpi(
        name="Handovers that fail",
        numerator="known(ho_prep_att - ho_prep_succ, 0) + 2 * (ho_exe_att - ho_exe_succ)",
        denominator="ho_exe_att",
        better="lower",
    )
}

Sums = pd.DataFrame
# what each KPI is by hand: sums of counters, states times their time; t = seconds covered
BY_HAND: dict[str, list[tuple[Callable[[Sums], pd.Series], Callable[[Sums], pd.Series]]]] = {
    "rrc_setup_sr": [(lambda s: s.rrc_succ, lambda s: s.rrc_att)],
    "s1ng_setup_sr": [(lambda s: s.s1ng_succ, lambda s: s.s1ng_att)],
    "erab_setup_sr": [(lambda s: s.bearer_succ, lambda s: s.bearer_att)],
    "volte_setup_sr": [(lambda s: s.call_setups, lambda s: s.call_attempts)],
    "drop_rate": [(lambda s: s.dropped_calls, lambda s: s.call_attempts)],
    "drop_rate_bh": [(lambda s: s.bh_dropped_calls, lambda s: s.bh_call_attempts)],
    "volte_drop_rate": [(lambda s: s.dropped_calls, lambda s: s.v_rel_abn + s.v_rel_norm)],
    "drop_rate_rel": [(lambda s: s.rel_abn_act, lambda s: s.rel_abn + s.rel_norm)],
    "drop_rate_setup": [(lambda s: s.rel_abn_act, lambda s: s.bearer_succ)],
    "retain_rate_h": [(lambda s: 3600 * s.rel_abn_act, lambda s: s.session_time_s)],
    "ho_exec_sr": [(lambda s: s.ho_exe_succ, lambda s: s.ho_exe_att)],
    "ho_prep_sr": [(lambda s: s.ho_prep_succ, lambda s: s.ho_prep_att)],
    "availability": [(lambda s: s.t - s.unavail_s, lambda s: s.t)],
    "availability_unplanned": [(lambda s: s.t - s.unavail_s, lambda s: s.t - s.unavail_planned_s)],
    "dl_user_thp_mbps": [(lambda s: s.dl_thp_vol_kbit, lambda s: s.dl_thp_time_ms)],
    "ul_user_thp_mbps": [(lambda s: s.ul_thp_vol_kbit, lambda s: s.ul_thp_time_ms)],
    "prb_dl_util_pct": [(lambda s: 100 * s.prb_dl_used, lambda s: s.prb_dl_avail)],
    "prb_dl_util_bh_pct": [(lambda s: 100 * s.bh_prb_dl_used, lambda s: s.bh_prb_dl_avail)],
    "prb_ul_util_pct": [(lambda s: 100 * s.prb_ul_used, lambda s: s.prb_ul_avail)],
    "prb_dl_blocks": [(lambda s: s.prb_dl_avail, lambda s: s.t)],
    "rrc_users_mean": [(lambda s: s.rrc_users_mean / s.t, lambda s: 0 * s.t)],
    "dl_volume_gb": [(lambda s: s.dl_vol_kbit / 8e6, lambda s: 0 * s.t)],
    "ul_volume_gb": [(lambda s: s.ul_vol_kbit / 8e6, lambda s: 0 * s.t)],
    "call_attempts_n": [(lambda s: s.call_attempts, lambda s: 0 * s.t)],
    "ho_late": [
        (lambda s: s.ho_prep_att - s.ho_prep_succ + 2 * (s.ho_exe_att - s.ho_exe_succ),
         lambda s: s.ho_exe_att),
    ],
}  # fmt: skip
BY_HAND["accessibility"] = [
    part for name in ("rrc_setup_sr", "s1ng_setup_sr", "erab_setup_sr") for part in BY_HAND[name]
]
BY_HAND["ho_sr"] = BY_HAND["ho_prep_sr"] + BY_HAND["ho_exec_sr"]
STATES = ["prb_dl_used", "prb_dl_avail", "prb_ul_used", "prb_ul_avail", "rrc_users_mean"]
BUSY = ["prb_dl_used", "prb_dl_avail", "call_attempts", "dropped_calls"]


@pytest.fixture(scope="module")
def pm() -> pd.DataFrame:
    """Quarter hours of three cells around both days; cell b counts neither S1 nor session time."""
    rng = np.random.default_rng(17)
    starts = pd.DatetimeIndex([]).tz_localize("UTC")
    for day in DAYS:
        noon = pd.Timestamp(day, tz="UTC") + pd.Timedelta(hours=12)
        starts = starts.append(
            pd.date_range(noon - pd.Timedelta(hours=24), periods=192, freq="15min")
        )
    frame = pd.DataFrame(
        [(cell, start) for cell in ZONES for start in starts],
        columns=["cell_id", "period_start_utc"],
    )
    frame["period_start_utc"] = frame["period_start_utc"].astype("datetime64[us, UTC]")
    for name in COLUMNS:
        frame[name] = rng.integers(100, 1000, len(frame)).astype(float)
    frame[STATES] = rng.uniform(1, 100, (len(frame), len(STATES)))
    frame["unavail_s"], frame["unavail_planned_s"] = rng.integers(0, 900, len(frame)), 3.0
    frame.loc[frame["cell_id"] == "b", ["s1ng_att", "session_time_s"]] = np.nan
    frame = frame.assign(period_s=900, suspect=False)
    return frame.assign(**{c: np.nan for c in TABLES["pm"].columns if c not in frame})


@pytest.fixture(scope="module")
def marts(pm: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Marts:
    """The rolled-up days of the rows, with their hexagons and a region of all cells."""
    zones = pm["cell_id"].map(ZONES)
    days = rollup.cell_days(rollup.cell_hours(pm, zones))
    cells = pd.DataFrame({"cell_id": [*ZONES]})
    members = pd.concat([
        cells.assign(place_type="cell", place_id=cells["cell_id"], weight=1.0),
        PARTS.assign(place_type="hex"),
        cells.assign(place_type="region", place_id="all", weight=1.0),
    ])  # fmt: skip
    warehouse = Warehouse(tmp_path_factory.mktemp("kpis"))
    run = rows("run", run_id=["r"], timezone=["UTC"], level=[8], schema_version=[SCHEMA_VERSION])
    warehouse.write("run", run)
    warehouse.write("cell_day", days)
    warehouse.write("place_cell", rows("place_cell", **members.to_dict("list"), run_id="r"))
    known = catalogue(OWN)
    warehouse.write("kpi", availability.kpi_rows([], known).assign(run_id="r"))
    publish(warehouse, "kpis", keep=2, kpis=known)
    return warehouse.marts


@pytest.fixture(scope="module")
def sums(pm: pd.DataFrame) -> pd.DataFrame:
    """Counters by cell and local day, by plain pandas from the raw rows."""
    parts = []
    for cell, zone in ZONES.items():
        mine = pm[pm["cell_id"] == cell]
        local = mine["period_start_utc"].dt.tz_convert(zone)
        mine = mine.assign(day_local=local.dt.date, t=900.0)
        mine[STATES] = mine[STATES] * 900.0
        by_day = mine.groupby("day_local")[[*COLUMNS, "t"]].sum(min_count=1)
        # an hour of the local clock begins at half past in Kolkata; one that comes twice is two
        ahead = local.map(lambda instant: instant.utcoffset())
        clock_hour = (mine["period_start_utc"] + ahead).dt.floor("h") - ahead
        hours = mine.groupby(["day_local", clock_hour])[[*BUSY, "rrc_users_mean"]].sum()
        busiest = hours.loc[hours.groupby("day_local")["rrc_users_mean"].idxmax()]
        busy = busiest.droplevel(1)[BUSY].add_prefix("bh_")
        parts.append(by_day.join(busy).assign(cell_id=cell).reset_index())
    return pd.concat(parts, ignore_index=True)


def _by_hand(kpi: str, sums: pd.DataFrame, weights: pd.DataFrame) -> pd.Series:
    """A KPI by place and day: weighted numerators over weighted denominators."""
    form = {**BUILT_IN, **OWN}[kpi].form
    joined = sums.merge(weights, on="cell_id")
    sides = [(above(joined), below(joined)) for above, below in BY_HAND[kpi]]
    known = np.logical_and.reduce([side.notna() for pair in sides for side in pair])
    value: float | pd.Series = 1.0
    for above, below in sides:
        added = pd.DataFrame({
            "place_id": joined["place_id"], "day_local": joined["day_local"],
            "above": above * joined["weight"], "below": below * joined["weight"],
        })[known].groupby(["place_id", "day_local"]).sum()  # fmt: skip
        value = value * (
            added["above"] if form in ("sum", "state_mean") else added["above"] / added["below"]
        )
    return pd.Series(value)


@pytest.mark.parametrize("kpi", [*BUILT_IN, *OWN])
@pytest.mark.parametrize("place_type", ["cell", "hex", "region"])
def test_a_kpi_agrees_with_plain_arithmetic_on_raw_rows(
    kpi: str, place_type: str, marts: Marts, sums: pd.DataFrame
) -> None:
    cells = pd.DataFrame({"cell_id": [*ZONES], "weight": 1.0})
    weights = {
        "cell": cells.assign(place_id=cells["cell_id"]),
        "hex": PARTS,
        "region": cells.assign(place_id="all"),
    }[place_type]
    answer = asked(
        marts,
        f"select * from kpi_place_day where kpi = '{kpi}' and place_type = '{place_type}'",
    )
    answer["day_local"] = answer["day_local"].dt.date
    of_days = answer[answer["day_local"].isin(DAYS)].set_index(["place_id", "day_local"])["value"]
    wanted = _by_hand(kpi, sums, weights)
    wanted = wanted[wanted.index.get_level_values("day_local").isin(DAYS)]
    assert len(of_days) == len(wanted) > 0
    difference = (of_days - wanted).abs() / wanted.abs()
    assert difference.max() <= 1e-9


def test_days_have_the_hours_of_their_clocks(marts: Marts) -> None:
    days = asked(marts, "select cell_id, day_local, covered_s / 3600 as hours from cell_day")
    days = days.set_index(["cell_id", days["day_local"].dt.date])["hours"]
    assert [days["a", day] for day in DAYS] == [23, 25]
    assert [days["k", day] for day in DAYS] == [24, 24]


def test_a_cell_that_lacks_a_counter_is_in_no_part_of_the_rate(marts: Marts) -> None:
    parts = asked(marts, "select distinct cell_id, kpi from kpi_part_cell_day")
    of_cell = parts.groupby("cell_id")["kpi"].agg(set)
    assert of_cell["a"] - of_cell["b"] == {"s1ng_setup_sr", "accessibility", "retain_rate_h"}


def test_views_of_cells_hexagons_and_regions_are_those_of_places(marts: Marts) -> None:
    for view, key, place_type in (
        ("kpi_cell_day", "cell_id", "cell"), ("kpi_region_day", "region", "region"),
        ("kpi_hex_day", "hex_text(hex_id)", "hex"),
    ):  # fmt: skip
        one = asked(marts, f"select {key} as place, day_local, kpi, value from {view} order by all")
        other = asked(
            marts,
            "select place_id as place, day_local, kpi, value from kpi_place_day "
            f"where place_type = '{place_type}' order by all",
        )
        pd.testing.assert_frame_equal(one, other)


def test_below_the_least_denominator_a_kpi_has_no_value(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    run = rows("run", run_id=["r"], timezone=["UTC"], level=[8], schema_version=[SCHEMA_VERSION])
    warehouse.write("run", run)
    three = {"cell_id": ["a", "b", "c"]}
    drops = {"call_attempts": [99.0, 100.0, 0.0], "dropped_calls": [1.0, 1.0, 0.0]}
    members = {"place_type": "cell", "place_id": three["cell_id"], "weight": 1.0, "run_id": "r"}
    noise = {"kpi": "drop_rate", "kpi_part": 1, "phi": 2.0, "rho": 0.0, "run_id": "r"}
    warehouse.write("cell_day", rows("cell_day", **three, day_local=DAYS[0], **drops))
    warehouse.write("place_cell", rows("place_cell", **three, **members))
    warehouse.write("kpi_noise", rows("kpi_noise", cell_id=["a", "b"], **noise))
    publish(warehouse, "low", keep=2)
    answer = asked(
        warehouse.marts, "select * from kpi_cell_day where kpi = 'drop_rate' order by cell_id"
    )
    assert answer["low_volume"].tolist() == [True, False, True]
    assert answer["value"].isna().tolist() == [True, False, True]
    # two tries in which days scatter twice as much are worth one
    assert answer["n_effective"].tolist()[:2] == [49.5, 50.0]
    assert answer["value_lo"].iloc[1] < 0.01 < answer["value_hi"].iloc[1]
    assert answer["value_lo"].isna().tolist() == [True, False, True]


def test_the_worst_by_any_kpi_come_first_whichever_way_is_better(marts: Marts) -> None:
    for kpi, ascending in (("ho_exec_sr", True), ("ho_late", False)):
        answer = marts.query("kpi_worst", kpi=kpi, days=400)
        by_hand = asked(
            marts,
            "select place_id, sum(numerator) / sum(denominator) as value from kpi_place_day "
            f"where kpi = '{kpi}' and place_type = 'cell' group by place_id",
        ).sort_values("value", ascending=ascending)
        assert answer["place_id"].tolist() == by_hand["place_id"].tolist()
        assert answer["value"].tolist() == pytest.approx(by_hand["value"].tolist(), rel=1e-9)


def test_a_place_is_beyond_a_limit_where_it_is_so_on_each_day(marts: Marts) -> None:
    by_hand = asked(
        marts,
        "select place_id, day_local, value from kpi_place_day where kpi = 'drop_rate' "
        "and place_type = 'cell' and value is not null",
    ).set_index(["place_id", "day_local"])["value"]
    newest = by_hand[by_hand.index.get_level_values(1) == by_hand.index.get_level_values(1).max()]
    limit = float(newest.median())
    asks = {"kpi": "drop_rate", "place_type": "cell", "days": 1}
    beyond = marts.query("kpi_beyond", limit_value=limit, **asks)
    above = newest[newest > limit]
    assert beyond["place_id"].tolist() == sorted(above.index.get_level_values(0))
    assert beyond["begins"].all()
    assert "%, beyond" in beyond["says"].iloc[0]
    assert not marts.query("kpi_beyond", limit_value=limit, **asks | {"days": 3})["begins"].any()
    # of a KPI that is better when higher, what lies below is beyond
    assert len(marts.query("kpi_beyond", limit_value=2.0, **asks | {"kpi": "ho_exec_sr"}))


def test_a_place_is_asked_by_day_and_by_weekday(marts: Marts) -> None:
    asks = {"place_type": "region", "place_id": "all", "kpi": "ho_late"}
    days = marts.query("kpi_days", **asks)
    weekdays = marts.query("kpi_weekdays", **asks, weeks=60).set_index("weekday")
    sundays = days[days["day_local"].dt.day_of_week == 6]
    assert weekdays["n_days"].loc[7] == len(sundays)
    rate = sundays["numerator"].sum() / sundays["denominator"].sum()
    assert weekdays["value"].loc[7] == pytest.approx(rate, rel=1e-9)


def test_own_kpis_stand_beside_the_built_in_ones(marts: Marts) -> None:
    known = marts.query("kpis").set_index("kpi")
    assert set(known.index) == {*BUILT_IN, *OWN}
    assert known["is_own"].to_dict() == {kpi: kpi in OWN for kpi in known.index}
    assert "no source gives it" in known["absent_reason"]["ho_late"]
    groups = marts.query("kpi_groups", kpi="ho_late", dimension="vendor")
    region = marts.query("kpi_days", place_type="region", place_id="all", kpi="ho_late")
    assert groups["value"].tolist() == pytest.approx(region["value"].tolist(), rel=1e-9)
