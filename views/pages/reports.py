"""The reports that lie ready, and one of any week or month on the spot."""

from pathlib import Path

import streamlit as st

from contracts.errors import HexperienceError
from contracts.settings.sections import Settings
from ingest.warehouse.marts import Marts
from views.report import write
from views.shared import data, pickers, url
from views.shared.heading import head
from views.shared.page import plain, run_facts
from views.words import periods
from views.words.periods import Period

_SHOWN, _TALL = 26, 1000
_MADE = "made"


def page() -> None:
    """Draws the page: a report built now, and those that `hexperience batch` has written."""
    facts = run_facts()
    head(facts, "Weekly and monthly reports: one page each, to read, print or send")
    settings = data.configuration()
    left, right = st.columns([0.5, 0.5], gap="large")
    with left:
        page = _build(settings)
    with right:
        _written(settings.resolve(settings.report.folder))
    if page:
        st.iframe(page, height=_TALL, alt="The report")


def _build(settings: Settings) -> str:
    """The picker; the report asked for, as a page, or empty."""
    st.markdown("##### A week or month of your choice")
    offered = list(reversed(periods.by_period(data.answer("periods"))))
    if not offered:
        st.info("No week or month has a rate yet.")
        return ""
    newest = periods.choose(periods.by_period(data.answer("periods")))
    period = pickers.pick("Week or month", offered, key=lambda p: p.key, param="report",
                          title=lambda p: f"{p.title} · {p.days}", like=newest.key)  # fmt: skip
    name = ""
    if settings.audience:
        titles = {"": "Everybody"} | {
            key: one.title or key for key, one in settings.audience.items()
        }
        name = pickers.pick("For whom", list(titles), key=str, title=titles.__getitem__,
                            param="audience")  # fmt: skip
    made = f"{name}.{period.key}"
    if st.button("Make the report", type="primary"):
        url.remember(_MADE, made)
    # a download runs the page anew, and the report is to stay
    if url.recalled(_MADE) != made:
        return ""
    marts = Marts(settings.resolve(settings.warehouse.path))
    try:
        with st.spinner("Drawing"):
            content = _html(str(marts.file), marts.folder, period, settings, name)
    except HexperienceError as error:
        st.error(plain(str(error)))
        return ""
    file = f"{name}-{period.key}.html" if name else f"{period.key}.html"
    st.download_button(f"Download {file}", content, file, "text/html")
    return content.decode()


@st.cache_data(show_spinner=False, max_entries=10, hash_funcs={Period: repr, Settings: repr})
def _html(marts: str, folder: Path, period: Period, settings: Settings, name: str) -> bytes:  # noqa: ARG001 - part of the key
    reader = write.reader_of(settings, name)
    return write.build(Marts(folder), period, settings, reader=reader)[f"{period.key}.html"]


def _written(folder: Path) -> None:
    st.markdown("##### Written by the batch")
    found = [(key, path, revision) for key, path, revision in write.written(folder)]
    if not found:
        st.caption("None yet: `hexperience batch` writes those that are due.")
    for key, path, revision in found[:_SHOWN]:
        edition = f", revision {revision}" if revision > 1 else ""
        title = f"{periods.parse(key).title}{edition}"
        st.download_button(title, path.read_bytes(), path.name, "text/html", key=key,
                           type="tertiary", icon=":material/download:")  # fmt: skip
