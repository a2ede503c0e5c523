"""Questions in SQL from the screen: who asks, and what is being asked, whatever page is drawn.

Each person has one process that answers (`ingest.sandbox`). Where a proxy says who has signed in,
all of a person's windows share it; elsewhere a window stands for a person.
"""

import threading
import time
from collections.abc import Mapping
from weakref import WeakValueDictionary

import streamlit as st

from contracts.errors import HexperienceError
from contracts.settings.sections import Settings
from ingest.sandbox.asking import Answer, Asker
from views.shared import data, page

_MINE, _JOB = "my asker", "my question"
_askers: WeakValueDictionary[str, Asker] = WeakValueDictionary()
_finding = threading.Lock()


class Job:
    """One question that is being answered beside the page."""

    def __init__(self, asker: Asker, sql: str, params: Mapping[str, str]) -> None:
        self.sql, self.params = sql, dict(params)
        self.answer: Answer | None = None
        self.fault = ""
        self._asker, self._started = asker, time.monotonic()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        try:
            self.answer = self._asker.sql(self.sql, self.params)
        except HexperienceError as error:
            self.fault = str(error)
        except Exception as error:  # noqa: BLE001  a thread's own would be seen by nobody
            self.fault = f"sql: {type(error).__name__}"

    def wait(self, seconds: float) -> bool:
        """Whether it is answered or refused, at the latest after so many `seconds`."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def seconds(self) -> float:
        """How long ago it was asked."""
        return time.monotonic() - self._started

    def cancel(self) -> None:
        """Ends it; it is then refused as cancelled."""
        self._asker.cancel()


def asker() -> Asker:
    """Who asks in this window; several windows of a person who has signed in share one."""
    settings = data.configuration()
    user = page.user() if page.signs_in() else ""
    mine = st.session_state.get(_MINE)
    if mine is None or mine[0] != (user, settings):
        mine = st.session_state[_MINE] = ((user, settings), _asker_of(settings, user))
    return mine[1]


def _asker_of(settings: Settings, user: str) -> Asker:
    if not user:
        return Asker(settings, user="nobody signed in", door="page")
    with _finding:
        # kept as long as one of the person's windows is open
        one = _askers.get(user) or Asker(settings, user=user, door="page")
        _askers[user] = one
    return one


def ask(sql: str, params: Mapping[str, str]) -> Job:
    """Begins to answer one SELECT; what was asked before in this window is ended.

    `sql`: the SELECT. `params`: values by the names that it has as $name.
    """
    before = job()
    if before is not None and not before.wait(0):
        before.cancel()
        before.wait(5)
    st.session_state[_JOB] = Job(asker(), sql, params)
    return st.session_state[_JOB]


def job() -> Job | None:
    """What was asked last in this window; None = nothing yet."""
    return st.session_state.get(_JOB)
