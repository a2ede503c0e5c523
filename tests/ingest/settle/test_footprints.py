"""Footprints from coverage, calls and inventory; a day is spread anew only if weights changed."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from geo import footprint, hexgrid
from ingest.settle import footprints
from tests.bench.operator import Operator

HERE = int(hexgrid.hexes_of(lat=[19.0], lon=[73.0], level=9)[0])
NEAR = [int(h) for h in hexgrid.disk(HERE, 1)]
COVERAGE = """
[[source]]
table = "coverage"
path = "raw/coverage*.csv"
[source.columns]
cell_id = "cell"
hex_text = "hex"
pixel_weight = "traffic"
"""
CALLS = """
[[source]]
table = "call"
subscriber = "account"
path = "raw/calls*.csv"
[source.columns]
subscriber_id = "who"
start_utc = "start"
start_cell_id = "cell"
lat = "lat"
lon = "lon"
[source.constants]
outcome = "success"
loc_method = "gnss"
"""


def _calls(*groups: tuple[str, int, int], **more: object) -> pd.DataFrame:
    """Located calls: cell, hexagon and number of persons of each group, every person twice."""
    rows = [
        {"start_cell_id": cell, "hex_id": hexagon, "subscriber_id": f"{cell} {hexagon} {person}"}
        for cell, hexagon, persons in groups
        for person in [*range(persons), *range(persons)]
    ]
    frame = pd.DataFrame(rows).assign(
        lat=19.0, lon=73.0, loc_method="gnss", loc_accuracy_m=np.nan, **more
    )
    return frame.astype({"hex_id": "UInt64"})


def _of_calls(calls: pd.DataFrame) -> pd.DataFrame:
    return footprints.of_calls(calls, level=9, fewest=16)


# ---------------------------------------------------------------------------------- coverage


def test_pixels_are_summed_up_and_wide_hexagons_spread_evenly() -> None:
    fine = int(hexgrid.hexes_of(lat=[19.0], lon=[73.0], level=11)[0])
    wide = int(hexgrid.parents([HERE], level=8)[0])
    pixels = pd.DataFrame({
        "cell_id": ["a", "a", "a", "b"], "hex_id": pd.array([HERE, fine, NEAR[1], wide], "UInt64"),
        "pixel_weight": [2.0, np.nan, 1.0, 7.0],
    })  # fmt: skip
    found = footprints.of_coverage(pixels, level=9).set_index(["cell_id", "hex_id"])["weight"]
    assert found["a"].to_dict() == {HERE: 3.0, NEAR[1]: 1.0}
    assert found["b"].tolist() == [1.0] * 7
    assert set(hexgrid.parents(found["b"].index, level=8)) == {wide}


# ---------------------------------------------------------------------------------- calls


def test_shares_count_each_witness_once_to_the_nearest_five() -> None:
    found = _of_calls(_calls(("a", NEAR[0], 21), ("a", NEAR[1], 58)))
    assert found.set_index("hex_id")["weight"].to_dict() == {NEAR[0]: 20, NEAR[1]: 60}
    assert set(found["method"]) == {"event_shares"}


def test_a_place_of_few_persons_is_never_published() -> None:
    found = _of_calls(_calls(("a", NEAR[0], 15), ("a", NEAR[1], 90)))
    assert found["hex_id"].tolist() == [NEAR[1]]
    # one person more or less in what is read changes nothing that is published
    assert _of_calls(_calls(("a", NEAR[1], 91)))["weight"].tolist() == [90]
    # where much would be left out, the cell's shares would mislead: it gets none
    assert _of_calls(_calls(("a", NEAR[0], 15), ("a", NEAR[1], 30))).empty


@pytest.mark.parametrize(
    "more", [{"loc_method": "cell"}, {"loc_method": "address"}, {"loc_accuracy_m": 900.0}]
)
def test_positions_that_are_no_whereabouts_do_not_count(more: dict[str, object]) -> None:
    assert _of_calls(_calls(("a", NEAR[0], 40)).assign(**more)).empty


def test_without_a_person_a_spot_is_one_witness() -> None:
    assert _of_calls(_calls(("a", NEAR[0], 40)).assign(subscriber_id=None)).empty


# ---------------------------------------------------------------------------------- the whole way


def test_supplied_coverage_comes_before_the_model_and_totals_are_conserved(
    operator: Operator, counters: Callable[..., str]
) -> None:
    operator.configure(COVERAGE)
    one, two = hexgrid.as_text(NEAR[:2])
    operator.write("coverage.csv", f"cell,hex,traffic\n003,{one},30\n003,{two},10\n002,rubbish,1\n")
    operator.write("pm_1.csv", counters("2026-03-01"))
    receipt = operator.ingest()
    assert receipt.loc["coverage", "n_refused"] == 1
    weights = operator.warehouse.read("cell_hex", days=["9"])
    assert weights.groupby("cell_id")["method"].first().to_dict() == {
        "001": "sector_model", "002": "sector_model", "003": "coverage",
    }  # fmt: skip
    assert sorted(weights.query("cell_id == '003'")["weight"]) == [0.25, 0.75]
    days, hexes = operator.warehouse.read("cell_day"), operator.warehouse.read("hex_day")
    for name in ("call_attempts", "dropped_calls"):
        assert hexes[name].sum() == pytest.approx(days[name].sum(), rel=1e-9)
    (operator.folder / "raw/coverage.csv").write_text(f"cell,hex,traffic\n003,{two},1\n", "utf-8")
    operator.ingest()
    weights = operator.warehouse.read("cell_hex", days=["9"]).query("cell_id == '003'")
    assert weights["hex_id"].tolist() == [NEAR[1]]


def test_where_calls_were_shapes_a_cell_once_their_month_is_over(
    operator: Operator, counters: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEXPERIENCE_KEY", "k" * 40)
    operator.configure(CALLS)
    (lat,), (lon,) = hexgrid.centres([HERE])
    head, row = "who,start,cell,lat,lon\n", "{},2026-{}-05T10:00:00,001,{},{}\n"
    february = [row.format(person, "02", lat, lon) for person in range(40)]
    operator.write("calls_1.csv", head + "".join(february))
    operator.write("pm_1.csv", counters("2026-03-01"))
    for later, method in (("", "sector_model"), (row.format("x", "03", lat, lon), "event_shares")):
        operator.write("calls_2.csv", head + later)
        operator.ingest()
        weights = operator.warehouse.read("cell_hex", days=["9"]).query("cell_id == '001'")
        assert set(weights["method"]) == {method}
    assert weights["hex_id"].tolist() == [HERE]


def test_a_day_is_spread_by_its_own_inventory_and_again_only_if_that_changed(
    operator: Operator, counters: Callable[..., str]
) -> None:
    config = operator.folder / "hexperience.toml"
    text = config.read_text("utf-8")
    azimuth = 'azimuth_deg = "azimuth"'
    config.write_text(text.replace(azimuth, f'{azimuth}\nvalid_from = "since"'), "utf-8")
    head, row = "cell,tech,lat,lon,azimuth,since\n", "001,lte,19.00,73.00,{},{}\n"
    operator.write("cells.csv", head + row.format(0, ""))
    for day in ("2026-03-01", "2026-03-02", "2026-03-03"):
        operator.write(f"pm_{day}.csv", counters(day, cells=("001",)))
    operator.ingest()
    before = {day: operator.warehouse.read("hex_day", days=[day]) for day in
              operator.warehouse.days("hex_day")}  # fmt: skip
    stamps = _stamps(operator)
    # turned round on the third day, and a plan for next year
    turned = row.format(180, "2026-03-03")
    operator.write("cells.csv", head + row.format(0, "") + turned + row.format(90, "2027-01-01"))
    operator.ingest()
    after = _stamps(operator)
    (changed,) = [day for day in after if after[day] != stamps[day]]
    assert changed == "2026-03-03"
    weights = operator.warehouse.read("cell_hex", days=["8"])
    assert set(weights["valid_from"].dropna()) == set(weights["valid_to"].dropna())
    spread = operator.warehouse.read("hex_day", days=[changed])
    held = footprint.valid_on(weights, date(2026, 3, 3))
    assert set(spread["hex_id"]) == set(held["hex_id"])
    assert set(spread["hex_id"]) != set(before[changed]["hex_id"])
    assert spread["call_attempts"].sum() == pytest.approx(before[changed]["call_attempts"].sum())


def test_another_day_of_counters_makes_no_footprint_anew(
    operator: Operator, counters: Callable[..., str]
) -> None:
    operator.write("pm_1.csv", counters("2026-03-01"))
    operator.ingest()
    stamps = _stamps(operator, "cell_hex")
    operator.write("pm_2.csv", counters("2026-03-02"))
    operator.ingest()
    assert _stamps(operator, "cell_hex") == stamps
    assert len(_stamps(operator)) == 2


def _stamps(operator: Operator, table: str = "hex_day") -> dict[str, int]:
    folder = operator.folder / "warehouse/tables" / table
    return {path.stem: path.stat().st_mtime_ns for path in folder.glob("*.parquet")}
