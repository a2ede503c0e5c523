"""Load that moves between carriers is noted beside its sector, and no other change is."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import xarray as xr

from analysis.attribution import search
from analysis.changes import sector_note
from ingest.synth.radio.network import Network, invent_network
from tests.bench.networks import cube_of

DAYS = pd.date_range("2026-06-01", periods=40)
CELLS = pd.DataFrame(
    {"site_id": ["s"] * 4, "azimuth_deg": [0.0, 0.0, 120.0, np.nan]}, index=["a", "b", "c", "d"]
)


def days_of(calls: npt.NDArray[np.float64], drops: npt.NDArray[np.float64]) -> xr.Dataset:
    """Returns counters of cells a, b, c, d by the day."""
    return xr.Dataset(
        {"call_attempts": (("cell", "day"), calls), "dropped_calls": (("cell", "day"), drops)},
        coords={"cell_id": ("cell", CELLS.index.to_numpy()), "day_local": ("day", DAYS)},
    )


def change(cell_id: str, day: int = 20, **others: Any) -> dict[str, Any]:
    """Returns a change at noon of that day."""
    at = pd.Timestamp(DAYS[day], tz="UTC") + pd.Timedelta(hours=12)
    return {"cell_id": cell_id, "change_utc": at, "ramp_end_utc": pd.NaT} | others


@pytest.fixture
def moved() -> xr.Dataset:
    """Half of the calls of b go to a on day 20, where they drop; c and d fall likewise."""
    calls, drops = np.full((4, 40), 100.0), np.full((4, 40), 4.0)
    calls[0, 20:], calls[1:, 20:], drops[0, 20:], drops[1:, 20:] = 150, 50, 12, 2
    return days_of(calls, drops)


def test_both_carriers_tell_of_their_sector(moved: xr.Dataset) -> None:
    notes = sector_note.notes(pd.DataFrame([change("a"), change("b")]), CELLS, moved)
    whole = "the whole sector has +0 % calls and +75 % drops a day"
    assert notes[0] == f"load moved between carriers, with b: {whole}"
    assert notes[1] == f"load moved between carriers, with a: {whole}"


@pytest.mark.parametrize(
    "one",
    [change("c"), change("d"), change("elsewhere"), change("a", 35), change("a", 3)],
    ids=["another sector", "no sector known", "no counters", "too new", "too old"],
)
def test_others_have_no_note(moved: xr.Dataset, one: dict[str, Any]) -> None:
    assert sector_note.notes(pd.DataFrame([one]), CELLS, moved).isna().all()


def test_calls_that_grow_on_both_carriers_moved_nowhere(moved: xr.Dataset) -> None:
    moved["call_attempts"][1, 20:] = 150.0
    assert sector_note.notes(pd.DataFrame([change("a")]), CELLS, moved).isna().all()


def test_planted_rebalancing_is_noted_and_load_that_came_from_elsewhere_is_not() -> None:
    rng = np.random.default_rng(43)
    planted = invent_network(rng, n_cells=120, causes={"carriers_rebalanced": 12, "load_step": 12})
    cube = cube_of(planted)
    found = search.search(cube, search.learn_prior(cube)).changes
    notes = sector_note.notes(found, planted.cells.set_index("cell_id"), by_day(planted))
    truth = planted.truth.drop_duplicates("cell_id").set_index("cell_id")
    apart = (found["change_utc"] - found["cell_id"].map(truth["start_utc"])).abs()
    # what is found elsewhere in such a cell is another matter
    kind = found["cell_id"].map(truth["kind"]).where(apart <= pd.Timedelta(hours=48), "")
    assert (kind == "carriers_rebalanced").sum() >= 10
    assert notes[kind == "carriers_rebalanced"].notna().all()
    assert notes[kind == "load_step"].isna().all()
    partner = planted.truth.set_index("cell_id")["partner_cell_id"]
    names = notes.dropna().str.extract("with ([^:]+):")[0]
    assert (names == found["cell_id"].map(partner)[names.index]).all()


def by_day(network: Network) -> xr.Dataset:
    """Returns the operator's counters by the day."""
    notes = {
        n: network.clock.by_day(network.counters[n]) for n in ("call_attempts", "dropped_calls")
    }
    return xr.Dataset(
        {name: (("cell", "day"), values.astype(float)) for name, values in notes.items()},
        coords={
            "cell_id": ("cell", network.cells["cell_id"].to_numpy()),
            "day_local": ("day", pd.DatetimeIndex(network.clock.days).tz_localize(None)),
        },
    )
