"""What somebody noted of a change or place, and the form to note more."""

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from contracts.errors import HexperienceError
from ingest.warehouse.acknowledgements import Subject, Word
from views.shared import data, page
from views.words.numbers import rows
from views.words.sentences import STATES, noted

_NAME = "acknowledged by"


def panel(subject: Subject, timezone: str) -> None:
    """Draws the newest state of one change or place, its log, and the form for the next entry.

    `subject`: the change or place. `timezone`: times are of this IANA zone.
    """
    log = data.answer("acknowledgement_log", **subject.asked)
    with st.container(horizontal=True, vertical_alignment="center"):
        newest = f":blue[{page.plain(noted(next(iter(rows(log)))))}]" if len(log) else ""
        st.caption(newest or "Acknowledged by nobody", width="content")
        with st.popover("Acknowledge", type="tertiary"):
            _form(subject, log)
            _entries(log, timezone)


def _form(subject: Subject, log: pd.DataFrame) -> None:
    newest = log.iloc[0] if len(log) else {"ack_status": "acknowledged", "ack_owner": ""}
    with st.form(f"acknowledge {subject.kind} {subject.id}", border=False):
        first = list(STATES).index(newest["ack_status"])
        left, right = st.columns(2)
        status = left.selectbox("Status", list(STATES), first,
                                format_func=STATES.__getitem__)  # fmt: skip
        owner = right.text_input("Owner", newest["ack_owner"])
        comment = st.text_area("Comment", height=80, help="E-mails and numbers are taken out.")
        by = _signed() if page.signs_in() else _typed()
        if st.form_submit_button("Note it", type="primary"):
            _note(subject, Word(status, owner, comment), by)


def _typed() -> str:
    return st.text_input("Your name", st.session_state.get(_NAME, ""),
                         help="As you type it: nobody has to sign in here.")  # fmt: skip


def _signed() -> str:
    """Whom the proxy names; empty, which nobody can sign with, where it names nobody."""
    user = page.user()
    st.caption(f"Signed by {page.plain(user)}" if user else "The proxy names nobody: sign in first")
    return user


def _note(subject: Subject, word: Word, by: str) -> None:
    st.session_state[_NAME] = by
    try:
        data.acknowledge(subject, word, by=by, at=datetime.now(UTC))
    except HexperienceError as error:
        st.error(page.plain(str(error)))
    else:
        st.rerun()


def _entries(log: pd.DataFrame, timezone: str) -> None:
    for row in rows(log):
        at = pd.Timestamp(row.ack_utc).tz_convert(timezone)
        st.caption(page.plain(f"{at:%-d %b %Y, %H:%M} {row.ack_by}: {noted(row)}"))
