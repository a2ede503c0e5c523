"""What pages share: the facts of the run, notes on the data, pictures."""

from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st
from altair.utils.schemapi import debug_mode

from contracts.errors import Damaged, HexperienceError, NothingFound
from views.drawing import charts
from views.shared import data
from views.words.looks import Look
from views.words.numbers import rows


def run_facts() -> pd.Series:
    """The facts of the published run; where there is none, says how to mend it and ends the page.

    operator_name, timezone, level, as_of_utc, software_version, schema_version, run_id.
    """
    try:
        return data.facts()
    except Damaged as error:
        st.title("What is published is damaged")
        st.code(str(error), language=None)
    except (NothingFound, IndexError):
        st.title("Nothing is published yet")
        st.markdown(
            "Run `hexperience run` with the configuration this screen was started with, then "
            "reload the page. To look around first: `hexperience demo`."
        )
    except HexperienceError as error:
        st.title("The configuration can't be used")
        st.code(str(error), language=None)
    return st.stop()


def showing_errors(page: Callable[[], None]) -> Callable[[], None]:
    """The page; an error of ours that keeps it from being drawn stands there, with the remedy."""

    @wraps(page)
    def drawn() -> None:
        try:
            page()
        except HexperienceError as error:
            st.error(plain(str(error)))

    return drawn


def as_of(facts: pd.Series) -> str:
    """End of the newest data on the operator's clock: 1 May 2025, 23:00 (Europe/London).

    `facts`: as of `run_facts`; as_of_utc missing = nothing has a time.
    """
    if pd.isna(facts["as_of_utc"]):
        return "no time: nothing in it has one"
    at = pd.Timestamp(facts["as_of_utc"]).tz_convert(facts["timezone"])
    return f"{at.day} {at:%b %Y, %H:%M} ({facts['timezone']})"


def notes() -> None:
    """What a reader must know of the data: unsafe notes aloud, many others one click away."""
    if fault := data.log_fault():
        st.warning(plain(fault))
    checks = data.answer("quality_notes")
    for message in checks.loc[checks["verdict"] == "unsafe", "message"]:
        st.error(plain(message))
    mild = checks[checks["verdict"] == "warn"]
    if len(mild) <= 2:
        for note in rows(mild):
            st.caption(f"Note on {plain(note.table_name)}: {plain(note.message)}")
        return
    with st.popover(f"{len(mild)} notes on the data", type="tertiary"):
        for note in rows(mild):
            st.markdown(f"**{plain(note.table_name)}**: {plain(note.message)}")


def signs_in() -> bool:
    """Whether a reverse proxy says who has signed in ([screen] user_header)."""
    return bool(data.configuration().screen.user_header)


def user() -> str:
    """Whom the reverse proxy names as signed in; empty where it names nobody, or several."""
    names = st.context.headers.get_all(data.configuration().screen.user_header)
    return names[0].strip() if len(names) == 1 else ""


def plain(text: str) -> str:
    """Text from data, so that Markdown shows it as it stands.

    `text`: as the data has it, with any characters.
    """
    return "".join(f"\\{c}" if c in r"\`*_{}[]()<>#+-.!|$~:&" else c for c in text)


def picture(chart: Callable[..., alt.TopLevelMixin], *answers: Any, **how: Any) -> None:
    """Draws what one of `charts` makes of these answers; made once for all who look at them.

    `chart`: function of `charts`. `answers`: its frames and rows. `how`: its named arguments.
    """
    st.vega_lite_chart(_made(chart, answers, how), width="stretch")


def choosing(
    chart: Callable[..., alt.TopLevelMixin], *answers: Any, name: str, **how: Any
) -> dict[str, Any] | None:
    """Draws a chart in which something can be clicked; returns what was, once for each click.

    `chart`, `answers`, `how`: as of `picture`. `name`: of the chart's choice of one point. Returns
    its fields; None where nothing was clicked since the page was last drawn.
    """
    event = st.vega_lite_chart(_made(chart, answers, how), width="stretch", key=f"chart {name}",
                               on_select="rerun", selection_mode=name)  # fmt: skip
    clicked = event["selection"].get(name) or None
    first = dict(clicked[0]) if clicked else None
    # what was clicked stays chosen in the browser: pickers may have chosen something else since
    if first == st.session_state.get(f"clicked {name}"):
        return None
    st.session_state[f"clicked {name}"] = first
    return first


@st.cache_data(show_spinner=False, max_entries=100, hash_funcs={FunctionType: repr, Look: repr})
def _made(
    chart: Callable[..., alt.TopLevelMixin], answers: tuple[Any, ...], how: dict[str, Any]
) -> dict[str, Any]:
    # tests hold every chart to the schema; doing it at each click took most of a click's time
    with debug_mode(arg=False):
        return charts.written(chart(*answers, **how))


def theme() -> str:
    """Whether the page is light or dark."""
    return "dark" if st.context.theme.type == "dark" else "light"
