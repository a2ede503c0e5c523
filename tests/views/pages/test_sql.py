"""The page SQL asks, shows, saves and opens again what it saved."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from contracts.errors import NothingFound, QuestionError
from ingest.sandbox import saved
from ingest.warehouse.marts import Marts
from tests.bench.town import Town

Configured = Callable[[Path], None]
PAGE = "from views.pages import sql\nsql.page()"
WORST = (
    "select cell_id, sum(dropped_calls) as dropped_calls from cell_day "
    "where cell_id like $like group by all order by 2 desc"
)


def shown(**params: str) -> AppTest:
    at = AppTest.from_string(PAGE, default_timeout=60)
    for name, value in params.items():
        at.query_params[name] = value
    return at.run()


def asked(at: AppTest) -> AppTest:
    """Presses Run, and draws the page again until what was asked is answered."""
    next(button for button in at.button if button.label == "Run").click().run()
    while any(button.label == "Cancel" for button in at.button):
        at.run()
    assert not at.exception
    return at


@pytest.fixture
def own(town: Town, tmp_path: Path, configured: Configured) -> Path:
    """A copy of the town, in which questions can be saved."""
    folder = tmp_path / "own"
    shutil.copytree(town.config.parent, folder, symlinks=True)
    configured(folder / town.config.name)
    return folder


@pytest.mark.usefixtures("own")
def test_sql_of_an_address_is_answered_as_table_chart_and_map() -> None:
    at = asked(shown(sql=WORST.replace("$like", "'%'")))
    assert {"cell_id", "dropped_calls"} == set(at.dataframe[0].value)
    for shows, drawn, n_drawn in (("chart", "vega_lite_chart", 1), ("map", "bidi_component", 3)):
        at.session_state["show"] = shows
        at.run()
        assert not at.exception
        # the editor and the button that copies the address are components as the map is
        assert len(at.get(drawn)) == n_drawn


@pytest.mark.usefixtures("own")
def test_what_is_refused_says_why() -> None:
    at = asked(shown(sql="drop table cell"))
    assert "exactly one SELECT" in at.error[0].value.replace("\\", "")


def test_a_saved_question_opens_with_its_parameters(own: Path) -> None:
    marts = Marts(own / "warehouse")
    saved.save(marts, "worst-cells", WORST, {"like": "LDS%"}, by="Ann")
    at = asked(shown(saved="worst-cells"))
    assert at.text_input(key="sql parameter like").value == "LDS%"
    assert at.dataframe[0].value["cell_id"].str.startswith("LDS").all()
    at = shown(saved="nothing")
    assert "no saved question" in at.warning[0].value.replace("\\", "")


def test_saved_questions_are_listed_read_and_removed(tmp_path: Path) -> None:
    marts = Marts(tmp_path)
    assert saved.names(marts) == []
    saved.save(marts, "a", "select $b", {"b": "1"}, by="Ann")
    question = saved.read(marts, "a")
    assert (question.sql, question.params, question.by) == ("select $b", {"b": "1"}, "Ann")
    for name in ("", "A", "../a", "a/b", "x" * 61, ".a"):
        with pytest.raises(QuestionError, match="can't be called"):
            saved.save(marts, name, "select 1", {}, by="Ann")
    (tmp_path / "acknowledgements" / "questions" / "b.sql").symlink_to("/etc/passwd")
    with pytest.raises(NothingFound, match="no saved question 'b'"):
        saved.read(marts, "b")
    saved.remove(marts, "a")
    with pytest.raises(NothingFound):
        saved.read(marts, "a")
