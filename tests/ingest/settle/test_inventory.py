"""A cell keeps one id over renames; overlaps, gaps and look-alikes are noted."""

from datetime import date

import pandas as pd
import pytest

from contracts.tables import TABLES, assemble
from ingest.settle import inventory
from tests.bench.operator import CONFIG, Operator

D1, D2 = date(2026, 3, 10), date(2026, 5, 1)
Row = dict[str, object]


def _row(cell_id: str, since: date | None = None, until: date | None = None, **more: object) -> Row:
    return {"cell_id": cell_id, "valid_from": since, "valid_to": until, "lat": 19.0, **more}


def _cells(*rows: Row) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows)).assign(
        source_file="cells.csv", file_hash="h", source_row=range(2, len(rows) + 2), derived=""
    )
    return assemble([frame], TABLES["cell"])


def _continued(*rows: Row) -> tuple[list[tuple[object, ...]], list[str]]:
    """Id, former id, first and last day of every row; and the faults."""
    cells, odd = inventory.continued(_cells(*rows))
    placed = cells[["cell_id", "known_as", "valid_from", "valid_to"]].astype(object)
    placed = placed.where(placed.notna(), None)
    return list(placed.itertuples(index=False, name=None)), odd["reason"].tolist()


def _meaning(cells: pd.DataFrame, name: str, day: str) -> str:
    found = inventory.under_newest_ids(pd.DataFrame({"cell_id": [name]}), cells, day)
    return str(found["cell_id"][0])


# --------------------------------------------------------------------------------- changes of id


def test_a_declared_rename_goes_on_under_the_newest_id() -> None:
    rows = [
        _row("X", None, D1), _row("Y", D1, D2, previous_cell_id="X"),
        _row("Z", D2, previous_cell_id="Y"), _row("other"),
    ]  # fmt: skip
    wanted = [("Z", "X", None, D1), ("Z", "Y", D1, D2), ("Z", None, D2, None),
              ("other", None, None, None)]  # fmt: skip
    assert _continued(*rows) == (wanted, [])
    assert _continued(*rows[::-1]) == (wanted, [])


def test_a_stable_key_does_the_same() -> None:
    rows = [_row("X", None, None, stable_cell_key="7"), _row("Y", D1, stable_cell_key="7")]
    assert _continued(*rows) == ([("Y", "X", None, D1), ("Y", None, D1, None)], [])


def test_an_old_id_that_is_no_longer_listed_gets_a_row() -> None:
    cells, odd = inventory.continued(_cells(_row("Y", D1, previous_cell_id="X", derived="")))
    assert cells["known_as"].tolist()[0] == "X"
    assert cells["valid_to"].tolist()[0] == D1
    assert cells["derived"].tolist() == ["valid_from", ""]
    assert cells["lat"].tolist() == [19.0, 19.0]
    assert odd.empty
    assert _meaning(cells, "X", "2020-01-01") == "Y"


def test_two_cells_may_exchange_their_ids() -> None:
    rows = [
        _row("A", None, D1), _row("B", None, D1),
        _row("A", D1, previous_cell_id="B"), _row("B", D1, previous_cell_id="A"),
    ]  # fmt: skip
    cells, odd = inventory.continued(_cells(*rows))
    assert odd.empty
    assert [_meaning(cells, "A", day) for day in ("2026-03-09", "2026-03-10")] == ["B", "A"]
    assert [_meaning(cells, "B", day) for day in ("2026-03-09", "2026-03-10")] == ["A", "B"]


def test_an_id_may_be_given_to_a_new_cell_later() -> None:
    rows = [_row("X", None, D1), _row("Y", D1, previous_cell_id="X"), _row("X", D2)]
    cells, _ = inventory.continued(_cells(*rows))
    days = ("2026-01-01", "2026-04-01", "2026-05-01")
    # between the two it still comes under its old name
    assert [_meaning(cells, "X", day) for day in days] == ["Y", "Y", "X"]
    assert _meaning(cells, "Y", "2026-01-01") == "Y"
    assert _meaning(cells, "unheard of", "2026-01-01") == "unheard of"


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([_row("X"), _row("Y", None, previous_cell_id="X")], "needs valid_from"),
        (
            [_row("X", None, D1), _row("Y", D1, previous_cell_id="X"),
             _row("Z", D1, previous_cell_id="X")],
            "several cells say they had this id",
        ),
        ([_row("X", None, D1), _row("Y"), _row("Y", D1, previous_cell_id="X")], "both ids were in"),
        # the new id was a cell's that is gone: it is not the one that now has it
        (
            [_row("X", None, D2), _row("Y", None, D1), _row("Y", D2, previous_cell_id="X")],
            "both ids were in",
        ),
        ([_row("X", stable_cell_key="7"), _row("Y", stable_cell_key="7")], "needs valid_from"),
    ],
)  # fmt: skip
def test_a_change_that_cannot_be_is_noted_and_not_followed(rows: list[Row], reason: str) -> None:
    found, reasons = _continued(*rows)
    assert [known_as for _, known_as, *_ in found] == [None] * len(rows)
    assert reason in reasons[0]


def test_a_row_has_one_previous_id_and_the_stated_one_holds() -> None:
    key = {"stable_cell_key": "7"}
    found, reasons = _continued(
        _row("V", None, D1, **key), _row("Y", D1, previous_cell_id="X", **key)
    )
    assert found == [("V", None, None, D1), ("Y", "X", None, D1), ("Y", None, D1, None)]
    assert reasons == ["not followed: the row has another previous id"]


def test_only_rows_of_changed_ids_are_touched_whatever_the_column() -> None:
    cells, _ = inventory.continued(_cells(_row("X", None, D1), _row("Y", D1, previous_cell_id="X")))
    calls = pd.DataFrame({"start_cell_id": ["X", "other"], "end_cell_id": ["Y", None]})
    found = inventory.under_newest_ids(calls, cells, "2026-01-01")
    assert found["start_cell_id"].tolist() == ["Y", "other"]
    base = pd.DataFrame({"place_type": ["cell", "region"], "place_id": ["X", "X"]})
    found = inventory.under_newest_ids(base, cells, pd.Series(["2026-01-01", "2026-01-01"]))
    assert found["place_id"].tolist() == ["Y", "X"]


# ------------------------------------------------------------------------ periods of validity


def test_a_row_that_lasts_into_the_next_one_ends_there_and_is_noted() -> None:
    found, reasons = _continued(_row("X", None, D2), _row("X", D1), _row("Y"), _row("Y", D1))
    assert found == [
        ("X", None, None, D1), ("X", None, D1, None), ("Y", None, None, D1), ("Y", None, D1, None)
    ]  # fmt: skip
    assert reasons == ["lasts into cells.csv row 3, valid from 2026-03-10; ends there"]


def test_gaps_and_look_alikes_are_found() -> None:
    antenna = {"site_id": "S", "sector_id": "S/120", "technology": "lte", "band": "B3"}
    cells, _ = inventory.continued(
        _cells(
            _row("X", None, D1), _row("X", D2),
            _row("P", None, D1, ecgi_or_ncgi="1-2-3"), _row("Q", D1, ecgi_or_ncgi="1-2-3"),
            _row("R", None, D2, **antenna), _row("S", D2, **antenna),
            _row("T", None, D2, **{**antenna, "band": "B7"}), _row("U", D1, **antenna),
        )
    )  # fmt: skip
    assert inventory.gaps(cells).to_numpy().tolist() == [["X", D1, D2]]
    wanted = [["P", "Q", D1], ["R", "S", D2]]
    assert inventory.look_alikes(cells).to_numpy().tolist() == wanted


def test_blocks_hold_while_their_row_does_and_so_do_their_names() -> None:
    cells = _cells(_row("X", None, D1, n_prb_dl=25.0), _row("X", D1, n_prb_dl=100.0), _row("Y", D2))
    assert inventory.blocks_on(cells, date(2026, 3, 9)).to_dict() == {"X": 25.0}
    assert inventory.blocks_on(cells, D1)["X"] == 100.0
    days = ["2026-01-01", "2026-03-09", "2026-03-10", "2026-06-01"]
    names = list(inventory.names_of_blocks(cells, days).values())
    assert names[0] == names[1] != names[2] == names[3]
    assert inventory.names_of_blocks(cells.iloc[:0], days)["2026-01-01"] == ""


# ------------------------------------------------------------------------------ a whole operator


def _of_bandwidths(operator: Operator, text: str) -> None:
    columns = '[source.columns]\ncell_id = "cell"\ntechnology = "tech"\nbandwidth_mhz = "mhz"\n'
    config = CONFIG.replace('[source.columns]\ncell_id = "cell"\ntechnology = "tech"\n', columns, 1)
    (operator.folder / "hexperience.toml").write_text(config, encoding="utf-8")
    operator.write("cells.csv", "cell,tech,mhz,lat,lon,azimuth\n" + text)


def test_per_cents_of_two_carriers_weigh_by_their_blocks(operator: Operator) -> None:
    _of_bandwidths(operator, "001,lte,5,19,73,0\n002,lte,20,19,73,0\n")
    operator.write(
        "pm_1.csv",
        "cell,start,attempts,drops,prb,users\n"
        "001,2026-03-01T00:00Z,10,1,80,5\n002,2026-03-01T00:00Z,10,1,20,5\n",
    )
    operator.ingest()
    days = operator.warehouse.read("hex_day")
    used, there = (days[f"prb_dl_{part}_prb_s"].sum() for part in ("used", "avail"))
    assert used / there == pytest.approx((0.8 * 25 + 0.2 * 100) / 125)
    cells = operator.warehouse.read("cell")
    assert cells["n_prb_dl"].tolist() == [25, 100]
    assert cells["derived"].str.contains("n_prb_dl").all()
    messages = operator.warehouse.read("quality")["check_name"]
    assert not messages.str.contains("blocks").any()
    # another bandwidth settles the days anew, without a file of counters being read again
    _of_bandwidths(operator, "001,lte,20,19,73,0\n002,lte,,19,73,0\n")
    operator.ingest()
    days = operator.warehouse.read("cell_day").set_index("cell_id")
    assert days["prb_dl_avail_prb_s"].to_dict() == {"001": 900 * 100, "002": 900 * 100}
    messages = operator.warehouse.read("quality").set_index("check_name")["message"]
    assert "1 of 2 cells" in messages["PRB in per cent"]


def test_rows_that_tell_of_one_footprint_are_joined() -> None:
    cells, _ = inventory.continued(
        _cells(
            _row("X", None, D1, n_prb_dl=25.0), _row("Y", D1, D2, previous_cell_id="X"),
            _row("Y", D2, azimuth_deg=90.0), _row("Z", None, D1), _row("Z", D2),
        )
    )  # fmt: skip
    joined = inventory.undivided(cells)[["cell_id", "valid_from", "valid_to"]].astype(object)
    assert joined.where(joined.notna(), None).to_numpy().tolist() == [
        ["Y", None, D2], ["Y", D2, None], ["Z", None, D1], ["Z", D2, None]
    ]  # fmt: skip
