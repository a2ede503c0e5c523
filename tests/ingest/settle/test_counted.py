"""A complaint known by its cell is spread over the footprint of its day, and adds up to one."""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from analysis.rates.complaints import complaint_rates
from contracts.settings.sections import Privacy, Targets
from contracts.tables import PUBLISHED
from geo import footprint, hexgrid
from ingest.settle.counted import complaints_as_counted, located
from ingest.warehouse.forget import forget
from ingest.warehouse.retain import retain
from tests.bench.operator import COMPLAINTS, KEY, Operator

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
        "complaint_type": "unknown", "channel": None,
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
    for (day, cell), n in pd.Series(1, index=[days, cells]).groupby(level=[0, 1]).sum().items():
        of_day = footprint.valid_on(cell_hex, date(2026, 6, int(day)))
        mine = of_day[of_day["cell_id"] == cell]
        n_lost += n * mine.empty
        for hex_id, weight in zip(mine["hex_id"], mine["weight"], strict=True):
            expected[hex_id] = expected.get(hex_id, 0.0) + n * weight
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
    by_event = located(_complaints(["a"], [28], event_utc=then), cell_hex, zone="UTC")
    columns = ["hex_id", "weight"]
    assert not early[columns].equals(late[columns])
    pd.testing.assert_frame_equal(by_event[columns], early[columns])
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
    rows = complaints_as_counted(complaints, finest, level=8, zone="UTC")
    found = complaint_rates(
        rows, exposure, metric="complaints_per_1000", regions=pd.Series("North", hexes), level=8,
        rule=Privacy(), targets=Targets(),
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
    # a hexagon that only the other cell reaches has none; any other as many as may be published
    assert shown["numerator"].gt(0).eq(shown.index.isin(expected.index)).all()
    assert (shown.loc[shown["numerator"] > 0, "numerator"] >= 5).all()


# ---------------------------------------------------------------------------------- the tables

TABLES = {"complaint_counted": ["complaint_id", "hex_id"], "answer_counted": ["response_id"]}
SOURCES = f"""
[complaints]
repeat_days = 7
{KEY}{COMPLAINTS.strip()}
cell_id = "cell"
lat = "lat"
lon = "lon"
[[source]]
table = "nps"
path = "raw/answers_*.csv"
[source.columns]
response_id = "id"
answered_utc = "at"
survey_type = "type"
wave = "wave"
score = "score"
subscriber_id = "who"
survey_weight = "weight"
lat = "lat"
lon = "lon"
"""
ANN, BEN = "+919876543210", "+919876543211"
HEAD, ASKED = "id,at,class,who,cell,lat,lon\n", "id,at,type,wave,score,who,weight,lat,lon\n"


@pytest.fixture
def town(operator: Operator, counters: Callable[..., str]) -> Operator:
    """Ann complains by her place and again two days on, Ben by his cell; both answer a wave."""
    operator.configure(SOURCES)
    operator.give_key("k" * 32)
    operator.write("pm_1.csv", counters("2026-03-01"))
    operator.write(
        "complaints_1.csv",
        f"{HEAD}a1,2026-03-05 10:00,network,{ANN},,19.0,73.0\n"
        f"a2,2026-03-07 10:00,network,{ANN},,19.0,73.0\n"
        f"b1,2026-03-07 11:00,network,{BEN},001,,\n"
        "n1,2026-03-20 10:00,network,,,,\n",
    )
    operator.write(
        "answers_1.csv",
        f"{ASKED}r1,2026-03-05 10:00,relationship,Q1,3,{ANN},2,19.0,73.0\n"
        f"r2,2026-03-07 10:00,relationship,Q1,9,{ANN},2,19.0,73.0\n"
        f"r3,2026-03-07 11:00,transactional,Q1,5,{BEN},1,,\n",
    )
    operator.ingest()
    return operator


def _tables(operator: Operator) -> dict[str, pd.DataFrame]:
    return {
        name: operator.warehouse.read(name).sort_values(key, ignore_index=True)
        for name, key in TABLES.items()
    }


def _written(operator: Operator) -> dict[str, int]:
    """When each day of the tables was written, by table/day."""
    folder = operator.warehouse.path / "tables"
    paths = [path for name in TABLES for path in (folder / name).glob("*.parquet")]
    return {f"{path.parent.name[0]} {path.stem[5:]}": path.stat().st_mtime_ns for path in paths}


def _rewritten(operator: Operator) -> list[str]:
    """Days that one more run writes anew."""
    before = _written(operator)
    operator.ingest()
    after = _written(operator)
    return sorted(day for day in after if after[day] != before.get(day))


def _is_as_from_nothing(operator: Operator) -> bool:
    """Whether the tables are those that a run over the same files gives in a new warehouse."""
    tables = _tables(operator)
    operator.warehouse.path.rename(operator.folder / "aside")
    operator.ingest()
    anew = _tables(operator)
    return all(table.equals(anew[name]) for name, table in tables.items())


def test_a_complaint_and_an_answer_count_once(town: Operator) -> None:
    tables = _tables(town)
    complaints, answers = tables.values()
    assert set(complaints["complaint_id"]) == {"a1", "b1", "n1"}
    np.testing.assert_allclose(complaints.groupby("complaint_id")["weight"].sum(), 1, atol=1e-9)
    parts = complaints.groupby("complaint_id").size()
    assert parts["a1"] == parts["n1"] == 1 < parts["b1"]
    nobody = complaints[complaints["complaint_id"] == "n1"]
    assert nobody["person_key"].tolist() == ["n1"]
    assert nobody["hex_id"].isna().all()
    assert (hexgrid.levels(complaints["hex_id"].dropna()) == 7).all()
    assert answers["response_id"].tolist() == ["r2", "r3"]
    assert answers["survey_weight"].tolist() == [2, 1]
    ann = complaints.loc[complaints["complaint_id"] == "a1", "person_key"].iloc[0]
    assert answers["person_key"].iloc[0] == ann


def test_a_run_without_news_writes_nothing(town: Operator) -> None:
    assert _rewritten(town) == []


def test_a_late_row_makes_those_after_it_repeats_over_the_edge_of_days(town: Operator) -> None:
    late = f"{HEAD}b0,2026-03-02 23:00,network,{BEN},001,,\n"
    town.write("complaints_2.csv", late)
    # Ben's complaint of the 7th is a repeat from now on; the 5th and the 20th stay
    assert _rewritten(town) == ["c 03-02", "c 03-07"]
    assert set(_tables(town)["complaint_counted"]["complaint_id"]) == {"a1", "b0", "n1"}
    answer = f"{ASKED}r4,2026-03-30 10:00,relationship,Q1,0,{ANN},2,19.0,73.0\n"
    town.write("answers_2.csv", answer)
    assert _rewritten(town) == ["a 03-07", "a 03-30"]
    assert _tables(town)["answer_counted"]["response_id"].tolist() == ["r3", "r4"]
    assert _is_as_from_nothing(town)


def test_a_corrected_day_frees_what_repeated_it(town: Operator) -> None:
    corrected = town.write(
        "complaints_2.csv", f"{HEAD}a1,2026-02-01 10:00,network,{ANN},,19.0,73.0\n"
    )
    os.utime(corrected, (2e9, 2e9))
    assert _rewritten(town) == ["c 02-01", "c 03-05", "c 03-07"]
    assert set(_tables(town)["complaint_counted"]["complaint_id"]) == {"a1", "a2", "b1", "n1"}
    assert _is_as_from_nothing(town)


def test_settings_and_footprints_are_among_what_a_day_depends_on(town: Operator) -> None:
    town.configure("", "repeat_days = 7", "repeat_days = 1")
    assert _rewritten(town) == ["c 03-07"]
    town.write("cells.csv", "cell,tech,lat,lon,azimuth\n001,lte,19.10,73.00,0\n")
    assert _rewritten(town) == ["c 03-05", "c 03-07", "c 03-20"]
    town.configure("", "[grid]\n", "[grid]\nnps_level = 5\n")
    assert _rewritten(town) == ["a 03-05", "a 03-07"]


def test_who_asked_to_be_forgotten_goes_at_once_and_with_the_next_run(town: Operator) -> None:
    ann = _tables(town)["answer_counted"]["person_key"].iloc[0]
    forget(ANN, "msisdn", town.settings, today=date(2026, 4, 1))
    assert all((table["person_key"] != ann).all() for table in _tables(town).values())
    assert _rewritten(town) == ["a 03-07", "c 03-07"]
    assert set(_tables(town)["complaint_counted"]["complaint_id"]) == {"b1", "n1"}
    assert _tables(town)["answer_counted"]["response_id"].tolist() == ["r3"]


def test_days_that_are_too_old_go_at_once_and_do_not_come_back(town: Operator) -> None:
    town.write("complaints_2.csv", f"{HEAD}a3,2026-04-10 10:00,network,{ANN},,19.0,73.0\n")
    town.ingest()
    town.configure("[retention]\ncomplaint_days = 30\nsurvey_days = 30\n")
    retain(town.settings, now=datetime(2026, 4, 20, tzinfo=UTC))
    for _ in range(2):
        assert _tables(town)["complaint_counted"]["complaint_id"].tolist() == ["a3"]
        assert _tables(town)["answer_counted"].empty
        town.ingest()


def test_neither_table_is_published() -> None:
    assert not set(TABLES) & set(PUBLISHED)
