"""Notebooks open what is published, and ask it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import hexperience as hx
from contracts.errors import NothingFound, QuestionError
from ingest.sandbox.opened import Opened
from tests.bench.town import Town


@pytest.fixture(scope="module")
def opened(town: Town) -> Iterator[Opened]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEXPERIENCE_SQL__AUDIT", "")
        patch.setenv("HEXPERIENCE_SQL__MAX_ROWS", "500")
        with hx.open(town.config) as one:
            yield one


def test_questions_and_sql_come_as_frames(opened: Opened) -> None:
    assert len(opened.query("worst_places", top=2)) == 2
    days = opened.sql("select day_local, $n + 1 as m from cell_day limit 3", n=4)
    assert days["m"].tolist() == [5, 5, 5]
    newest = opened.sql("select max(day_local) as d from cell_day")["d"].iloc[0]
    later = "select count(*) as n from cell_day where day_local >= $day::date and $m > 1"
    assert opened.sql(later, day=newest, m=np.int64(2))["n"].iloc[0] > 0
    assert str(days["day_local"].dtype).startswith("datetime64")
    with pytest.raises(NothingFound, match="no query 'worst'"):
        opened.query("worst")


def test_sql_comes_as_arrays_over_its_columns(opened: Opened) -> None:
    sql = "select cell_id, day_local, dropped_calls from cell_day where day_local > $day limit 90"
    cube = opened.dataset(sql, dims=("cell_id", "day_local"), day="2025-04-28")
    assert cube["dropped_calls"].dims == ("cell_id", "day_local")
    with pytest.raises(QuestionError, match="two rows have the same cell_id"):
        opened.dataset(sql, dims=("cell_id",), day="2025-04-28")
    with pytest.raises(QuestionError, match="the answer has no week"):
        opened.dataset(sql, dims=("week",), day="2025-04-28")


def test_tables_say_what_they_are(opened: Opened) -> None:
    said = opened.tables().set_index("name")["meaning"]
    assert said["cell_day"] == "one cell on one local day"
    columns = opened.tables("cell_day").set_index("column_name")["meaning"]
    assert "released abnormally" in columns["dropped_calls"]


def test_an_answer_that_was_cut_is_warned_of(opened: Opened) -> None:
    with pytest.warns(UserWarning, match="only the first 500 rows"):
        opened.sql("select i from range(1000) r(i)")


def test_a_script_that_does_not_close_ends_all_the_same(town: Town) -> None:
    script = f"import hexperience as hx; print(len(hx.open({str(town.config)!r}).query('receipt')))"
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120,
        cwd=Path(__file__).resolve().parents[2], env={"HEXPERIENCE_SQL__AUDIT": ""},
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert int(ended.stdout) > 0
