"""A change that hours showed stands as reported when its hours are no longer searched."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from analysis.changes import hourly, stage, standing
from analysis.inputs import Findings, Inputs
from contracts.settings.sections import Settings
from contracts.tables import TABLES, assemble
from ingest.running.workers import workers
from ingest.synth.radio.network import Network, invent_network
from ingest.warehouse.store import Warehouse
from tests.bench.frames import rows
from tests.bench.networks import cell_hours_of, days_of

FIRST, LAST, HOURLY = 60, 110, 60
FIGURES = ["change_utc", "ratio", "ratio_lo", "ratio_hi", "attribution", "p_load", "load_share",
           "method_version", "stated_utc", "first_reported_utc"]  # fmt: skip
Find = Callable[..., pd.DataFrame]


@pytest.fixture(scope="module")
def planted() -> Network:
    """20 cells, 110 days."""
    return invent_network(np.random.default_rng(8), n_cells=20, n_days=LAST)


@pytest.fixture(scope="module")
def found(planted: Network) -> Find:
    """Runs the search on the first days in one warehouse, returns the changes it reports."""
    hours = assemble([cell_hours_of(planted)], TABLES["cell_hour"])
    counters = days_of(planted)
    prb = planted.clock.by_day(planted.counters["prb_dl_util_pct"])
    counters["bh_prb_dl_util_pct"] = (("cell", "day"), prb / 24)
    counters["bh_prb_dl_used_prb_s"] = (("cell", "day"), prb / 24)
    counters["bh_prb_dl_avail_prb_s"] = (("cell", "day"), np.full(prb.shape, 100.0))
    counters["availability"] = 1 - counters["unavail_s"] / counters["covered_s"]

    def find(
        folder: Path, n_days: int, *, change: Callable[[xr.Dataset], None] | None = None,
        renamed: dict[str, str] | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        settings, seen = Settings(folder=folder), counters.isel(day=slice(n_days)).copy(deep=True)
        if change:
            change(seen)
        warehouse = _warehouse(folder)
        names = {name: name for name in seen["cell_id"].to_numpy()} | (renamed or {})
        seen = seen.assign_coords(cell_id=("cell", [names[n] for n in seen["cell_id"].to_numpy()]))
        known = hours.assign(cell_id=hours["cell_id"].map(names))
        by_day = dict(list(known.groupby("day_local"))[:n_days])
        written = set() if renamed else set(warehouse.days("cell_hour"))
        for day, part in by_day.items():
            if str(day) not in written:
                warehouse.write("cell_hour", part, day=str(day))
        as_of = pd.Timestamp(max(by_day), tz="UTC") + pd.Timedelta(days=1)
        warehouse.write("run", rows("run", run_id=["r"], timezone="Europe/London", level=8,
                                    schema_version=1, as_of_utc=as_of))  # fmt: skip
        with workers(settings.run) as client:
            inputs = Inputs(settings, client)
            vars(inputs).update(counters=seen, filled=frozenset({"pm"}))
            warehouse.write_findings(stage.find(inputs, Findings()).tables)
        return warehouse.read("change_point").set_index("change_id")

    def patched(*given: object, **how: object) -> pd.DataFrame:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(hourly, "HOURLY_DAYS", HOURLY)
            return find(*given, **how)  # type: ignore[arg-type]

    return patched


@pytest.fixture(scope="module")
def first_days(found: Find, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder in which the first days were searched; tests go on in a copy."""
    folder = tmp_path_factory.mktemp("first days")
    found(folder, FIRST)
    return folder


@pytest.fixture
def grown(first_days: Path, tmp_path: Path) -> Path:
    """Returns a copy of that folder."""
    return shutil.copytree(first_days, tmp_path / "grown", symlinks=True)


@pytest.fixture(scope="module")
def before(first_days: Path, planted: Network) -> pd.DataFrame:
    """Changes that hours showed, and that have left the days searched by the hour at the end."""
    changes = _warehouse(first_days).read("change_point").set_index("change_id")
    edge = planted.clock.days[LAST - HOURLY].tz_convert("UTC")
    left = changes[changes["p_load"].notna() & (changes["change_utc"] < edge)]
    assert len(left) > 1
    return left


def _warehouse(folder: Path) -> Warehouse:
    return Warehouse(Settings(folder=folder).resolve("warehouse"))


def test_what_was_reported_stands_with_its_method_and_date(
    found: Find, before: pd.DataFrame, grown: Path
) -> None:
    now = found(grown, LAST)
    kept = now.loc[before.index]
    pd.testing.assert_frame_equal(kept[FIGURES], before[FIGURES])
    day = f"{before['stated_utc'].iloc[0]:%Y-%m-%d}"
    assert (
        kept["attribution_note"].str.contains(f"as reported by the run of data up to {day}").all()
    )
    days = _warehouse(grown).read("change_day").groupby("change_id").size()
    assert set(before.index) <= set(days.index)
    # once more with nothing new is the same
    pd.testing.assert_frame_equal(found(grown, LAST), now)


def test_a_warehouse_given_all_at_once_never_had_it(
    found: Find, before: pd.DataFrame, tmp_path: Path
) -> None:
    fresh = found(tmp_path, LAST)
    edge = before["change_utc"].max()
    assert fresh.loc[fresh["change_utc"] <= edge, "p_load"].isna().all()


def test_a_change_with_corrected_days_about_it_is_searched_anew(
    found: Find, before: pd.DataFrame, grown: Path
) -> None:
    one = before.index[0]

    def correct(counters: xr.Dataset) -> None:
        cell = counters["cell_id"].to_numpy().tolist().index(before.loc[one, "cell_id"])
        at = before.loc[one, "change_utc"].tz_localize(None).to_datetime64()
        near = np.abs(counters["day_start_utc"].to_numpy()[cell] - at) < np.timedelta64(3, "D")
        counters["dropped_calls"].to_numpy()[cell, near] += 1

    now = found(grown, LAST, change=correct)
    mine = before.index[before["cell_id"] == before.loc[one, "cell_id"]]
    kept = before.index.difference(mine)
    pd.testing.assert_frame_equal(now.loc[kept, FIGURES], before.loc[kept, FIGURES])
    assert one not in now.index or pd.isna(now.loc[one, "p_load"])


def test_it_stands_under_a_new_name_of_its_cell(
    found: Find, planted: Network, before: pd.DataFrame, grown: Path
) -> None:
    old = before["cell_id"].iloc[0]
    turned = planted.clock.days[FIRST].date()
    _warehouse(grown).write("cell", rows(
        "cell", cell_id=["NEW", "NEW"], known_as=[old, "NEW"], valid_from=[None, turned],
        valid_to=[turned, None], lat=53.8, lon=-1.5,
        loaded_utc=pd.Timestamp("2026-11-01", tz="UTC"),
    ))  # fmt: skip
    now = found(grown, LAST, renamed={old: "NEW"})
    mine = before.index[before["cell_id"] == old]
    assert (now.loc[mine, "cell_id"] == "NEW").all()
    pd.testing.assert_frame_equal(now.loc[before.index, FIGURES], before[FIGURES])


@pytest.mark.parametrize("hours_east", [-11, 0, 5.5, 13])
@pytest.mark.parametrize(("first_day_searched", "stands"), [(0, False), (40, True), (100, True)])
def test_a_change_stands_once_fewer_days_about_it_are_searched_in_any_zone(
    hours_east: float, first_day_searched: int, stands: bool
) -> None:
    days = pd.date_range("2026-01-01", periods=120, unit="s")
    starts = (days - pd.Timedelta(hours=hours_east)).as_unit("ns")
    counts = {name: (("cell", "day"), np.ones((1, 120))) for name in standing._COUNTS}
    counters = xr.Dataset(
        {**counts, "day_start_utc": (("cell", "day"), starts.to_numpy()[None])},
        coords={"cell_id": ("cell", np.array(["a"], object)), "day_local": ("day", days)},
    )
    for hour in (0, 5, 23):
        at = (starts[60] + pd.Timedelta(hours=hour)).tz_localize("UTC").as_unit("us")
        change = rows(
            "change_point", change_id=["c"], cell_id="a", place_type="cell", change_utc=at
        )
        about = pd.DataFrame({"change_id": "c", "day_local": days[32:]})
        change["days_hash"] = standing.days_hash(change, about, counters)
        begun = pd.Series(starts[[first_day_searched]].tz_localize("UTC"), index=["a"])
        earlier = standing.Earlier(change, about, about)
        kept = standing.standing_changes(earlier, counters, begun)
        assert len(kept) == stands
