"""The main job on real crowd reports that nobody here made: TRAI MyCall, two months of India."""

import os
from pathlib import Path

import pytest

import analysis.run
import ingest.run
from contracts.errors import InputError
from contracts.settings.load import load
from contracts.settings.sections import Settings
from geo import hexgrid
from ingest.running.workers import workers
from ingest.warehouse.publish import publish
from ingest.warehouse.store import Warehouse

EXAMPLE = Path(__file__).parents[2] / "examples" / "mycall.toml"
OUTSIDE = os.environ.get("HEXPERIENCE_OUTSIDE", "")

pytestmark = [
    pytest.mark.outside,
    pytest.mark.skipif(not OUTSIDE, reason="HEXPERIENCE_OUTSIDE names no folder of outside data"),
]

# rows, usable positions, then mean rating and share dropped of all rows and of usable ones,
# as the data set's own README states them
FIGURES = {
    9: (24_616, 19_170, 3.0647, 0.1052, 3.181, 0.1003),
    10: (41_062, 33_319, 3.2344, 0.0906, 3.253, 0.0873),
}


def _settings(warehouse: Path, outside: str = OUTSIDE) -> Settings:
    environ = {"HEXPERIENCE_OUTSIDE": outside}
    return load(EXAMPLE, environ=environ, arguments={"warehouse": {"path": str(warehouse)}})


def _run(settings: Settings) -> Warehouse:
    with workers(settings.run) as client:
        ingest.run.run(settings, client)
        analysis.run.run(settings, client)
    warehouse = Warehouse(settings.resolve(settings.warehouse.path))
    publish(warehouse, "mycall", keep=2)
    return warehouse


@pytest.fixture(scope="module")
def mycall(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Published marts of the two months."""
    return _run(_settings(tmp_path_factory.mktemp("mycall")))


@pytest.mark.parametrize("month", [9, 10])
def test_the_data_set_s_own_figures_come_out(mycall: Warehouse, month: int) -> None:
    calls = mycall.read("call")
    calls = calls[calls["start_utc"].dt.tz_convert("Asia/Kolkata").dt.month == month]
    usable = calls[calls["hex_id"].notna()]
    rows, positions, rating, dropped, rating_usable, dropped_usable = FIGURES[month]
    assert (len(calls), len(usable)) == (rows, positions)
    for part, mean, share in ((calls, rating, dropped), (usable, rating_usable, dropped_usable)):
        assert part["rating_1to5"].mean() == pytest.approx(mean, abs=5e-4)
        assert (part["outcome"] == "drop").mean() == pytest.approx(share, abs=5e-5)


def test_no_row_is_lost_and_none_taken_for_a_duplicate(mycall: Warehouse) -> None:
    (row,) = mycall.marts.query("receipt").to_dict("records")
    assert (row["n_read"], row["n_accepted"], row["n_refused"]) == (65_678, 65_678, 0)


def test_hexagons_hold_all_usable_reports(mycall: Warehouse) -> None:
    calls = mycall.read("call").dropna(subset=["hex_id"])
    calls["parent"] = hexgrid.parents(calls["hex_id"], level=5)
    counted = calls.groupby("parent").size()
    rates = mycall.read("place_rate").query("metric == 'call_drop_rate' and level == 5")
    shown = rates.dropna(subset=["denominator"]).groupby("hex_id")["denominator"].sum()
    months = rates.groupby("hex_id").size()
    assert set(rates["hex_id"]) == set(counted.index)
    whole = [h for h in shown.index if months[h] == rates[rates["hex_id"] == h]["value"].count()]
    assert len(whole) > 100
    assert all(shown[h] == counted[h] for h in whole)


def test_it_says_what_it_cannot_tell(mycall: Warehouse) -> None:
    messages = " ".join(mycall.marts.query("quality_notes")["message"])
    assert "without load no cause can be named" in messages
    assert "known to the month only: no change can be dated" in messages
    assert len(mycall.marts.query("change_points")) == 0
    places = mycall.marts.query("worst_places", top=10)
    assert len(places) == 10
    assert places["seen"].str.contains("no cause can be named").all()
    # the state that callers named
    assert set(places["region"]) & {"Odisha", "Delhi", "Punjab", "Uttar Pradesh", "Maharashtra"}


def test_another_month_of_the_same_feed_works_unchanged(tmp_path: Path) -> None:
    october = Path(OUTSIDE) / "trai_mycall" / "MyCall_Data_October_2019.csv"
    lines = october.read_text(encoding="utf-8").splitlines(keepends=True)
    feed = tmp_path / "trai_mycall"
    feed.mkdir()
    (feed / "MyCall_Data_May_2021.csv").write_text("".join(lines[:2000]), encoding="utf-8")
    warehouse = _run(_settings(tmp_path / "warehouse", str(tmp_path)))
    assert warehouse.days("call") == ["2021-05-01"]
    assert len(warehouse.marts.query("worst_places")) > 0


def test_a_deleted_column_and_exchanged_coordinates_are_noted(tmp_path: Path) -> None:
    feed = tmp_path / "trai_mycall"
    feed.mkdir()
    path = feed / "MyCall_Data_May_2021.csv"
    text = (Path(OUTSIDE) / "trai_mycall" / "MyCall_Data_October_2019.csv").read_text("utf-8")
    path.write_text(text.replace(",Rating,", ",Stars,", 1), "utf-8")
    with pytest.raises(InputError, match=r"no column 'Rating' \(for rating_1to5\)"):
        _run(_settings(tmp_path / "warehouse", str(tmp_path)))
    path.write_text(text.replace("Latitude,Longitude", "Longitude,Latitude", 1), "utf-8")
    with pytest.raises(InputError, match="exchange them in"):
        _run(_settings(tmp_path / "warehouse", str(tmp_path)))
