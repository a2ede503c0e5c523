"""SQL of one's own on the published tables: editor, tables, answer, saved questions."""

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import streamlit as st

from contracts.errors import HexperienceError
from ingest.sandbox import saved
from ingest.warehouse.questions import headed
from views.panels import answer, editor
from views.shared import asking, data
from views.shared import page as shared
from views.shared.heading import head
from views.shared.page import plain, run_facts
from views.shared.url import recalled, remember

_EXAMPLE = """select region, sum(dropped_calls) as dropped_calls,
    sum(dropped_calls) / nullif(sum(call_attempts), 0) as drop_rate
from hex_day
join hex_place using (hex_id, level)
where day_local > (select max(day_local) - 28 from hex_day)
group by region
order by dropped_calls desc"""
_PARAMETER = re.compile(r"\$([A-Za-z_]\w*)")
_QUIET = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_HISTORY, _OPENED, _PUT = "sql history", "sql opened", "sql to put"
_KEPT, _LONGEST_ADDRESS, _POLL_S = 20, 4_000, 0.5
_GIVEN = "sql parameter "


def page() -> None:
    """Draws the page: tables, saved questions and history beside the editor and its answer."""
    head(run_facts(), "SQL of your own on the published tables")
    _open_address()
    beside, main = st.columns([0.27, 0.73], gap="medium")
    with main:
        is_run = editor.draw(_words())
        sql = editor.text()
        params = _parameters(sql)
        is_asked = _buttons(sql, params)
        if (is_run or is_asked) and editor.text().strip():
            _ask(editor.text(), params)
        _answered()
    with beside:
        tables, kept, history = st.tabs(["Tables", "Saved", "History"])
        with tables:
            _tables()
        with kept:
            _saved()
        with history:
            _history()


def _open_address() -> None:
    """Puts into the editor what the address names, or what was chosen beside it."""
    if _PUT in st.session_state:
        editor.put(st.session_state.pop(_PUT))
    address = recalled("saved") or "", recalled("sql") or ""
    if st.session_state.get(_OPENED) == address:
        return
    st.session_state[_OPENED] = address
    name, sql = address
    if name:
        try:
            _put_saved(name)
        except HexperienceError as error:
            st.warning(plain(str(error)))
    elif sql or not editor.text():
        editor.put(sql or _EXAMPLE)


def _put_saved(name: str) -> None:
    question = saved.read(data.marts(), name)
    editor.put(question.sql)
    for key, value in question.params.items():
        st.session_state[_GIVEN + key] = value


def _words() -> list[tuple[str, str]]:
    names = [(row["name"], row["kind"]) for row in data.answer("tables").to_dict("records")]
    columns = data.answer("columns").groupby("column_name")["table_name"].agg(list)
    return [*names, *((str(name), _listed(tables)) for name, tables in columns.items())]


def _listed(tables: Sequence[str]) -> str:
    more = f" and {len(tables) - 3} more" if len(tables) > 3 else ""
    return ", ".join(tables[:3]) + more


# --- asking -----------------------------------------------------------------------------------


def _parameters(sql: str) -> dict[str, str]:
    """What is typed for each $name of the SQL; one with a default in its head may stay empty."""
    question = headed(sql)
    names = list(question.params) if question else []
    names = names or list(dict.fromkeys(_PARAMETER.findall(_QUIET.sub(" ", sql))))
    if not names:
        return {}
    with st.container(horizontal=True):
        given = {name: st.text_input(f"${name}", key=_GIVEN + name, width=190) for name in names}
    return {name: text for name, text in given.items() if text or question is None}


def _buttons(sql: str, params: dict[str, str]) -> bool:
    with st.container(horizontal=True, vertical_alignment="center"):
        is_asked = st.button("Run", type="primary", help="Ctrl+Enter in the editor")
        with st.popover("Save", type="tertiary"):
            _save_form(sql, params)
        st.caption("Ctrl+Space completes", width="content")
    return is_asked


def _ask(sql: str, params: dict[str, str]) -> None:
    asking.ask(sql, params)
    is_saved = st.session_state.get(_OPENED, ("", ""))[0]
    address = "" if is_saved or len(sql) > _LONGEST_ADDRESS else sql
    remember("sql", address)
    st.session_state[_OPENED] = (is_saved, address)


def _answered() -> None:
    job = asking.job()
    if job is None:
        return
    # most answers are there at once: nobody need see that they are waited for
    if not job.wait(_POLL_S):
        _waiting()
        return
    if job.answer is None:
        st.error(plain(job.fault))
        _note(job, "refused")
        return
    _note(job, f"{job.answer.table.num_rows:,} rows")
    frame = job.answer.frame
    name = st.session_state.get(_OPENED, ("", ""))[0] or "answer"
    answer.panel(frame, name, notes=job.answer.notes, seconds=job.answer.seconds)


@st.fragment(run_every=_POLL_S)
def _waiting() -> None:
    job = asking.job()
    if job is None or job.wait(0):
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"being answered, {job.seconds:.0f} s", width="content")
        if st.button("Cancel"):
            job.cancel()


def _note(job: asking.Job, outcome: str) -> None:
    history: list[dict[str, Any]] = st.session_state.setdefault(_HISTORY, [])
    if not history or history[0]["job"] is not id(job):
        history.insert(0, {"job": id(job), "sql": job.sql, "outcome": outcome})
        del history[_KEPT:]


# --- beside -----------------------------------------------------------------------------------


def _tables() -> None:
    wanted = st.text_input("Find", placeholder="a table, a column or what it means",
                           label_visibility="collapsed")  # fmt: skip
    answers = (data.answer("tables"), data.answer("columns"))
    tables, columns = (answer.fillna({"meaning": ""}) for answer in answers)
    texts = columns["table_name"] + " " + columns["column_name"] + " " + columns["meaning"]
    fits = texts.str.contains(wanted, case=False, regex=False)
    with st.container(height=560, border=False):
        for row in tables.to_dict("records"):
            mine = columns[(columns["table_name"] == row["name"]) & fits]
            said = f"{row['name']} {row['meaning']}"
            if mine.empty and wanted.lower() not in said.lower():
                continue
            if row["kind"] == "macro":
                st.markdown(f"`{row['name']}` {plain(row['meaning'])}")
                continue
            with st.expander(row["name"], expanded=bool(wanted) and len(mine) < 8):
                st.caption(plain(row["meaning"]))
                for column in mine.to_dict("records"):
                    kind = column["data_type"].lower()
                    st.markdown(f"`{column['column_name']}` :gray[{kind}] "
                                f"{plain(column['meaning'])}")  # fmt: skip


def _save_form(sql: str, params: dict[str, str]) -> None:
    with st.form("save question", border=False):
        name = st.text_input("Name", help="Small letters, digits, - and _")
        by = shared.user() if shared.signs_in() else st.text_input("Your name")
        if not st.form_submit_button("Save", type="primary"):
            return
    try:
        saved.save(data.marts(), name.strip(), sql, params, by=by or "nobody")
    except HexperienceError as error:
        st.error(plain(str(error)))
        return
    remember("saved", name.strip())
    remember("sql", None)
    st.session_state[_OPENED] = (name.strip(), "")
    st.success(f"Saved: this page's address opens {plain(name.strip())}")


def _saved() -> None:
    names = saved.names(data.marts())
    if not names:
        st.caption("Nothing is saved yet: Save keeps what stands in the editor, for everybody.")
    for name in names:
        with suppress(HexperienceError):
            question = saved.read(data.marts(), name)
            with st.container(horizontal=True, vertical_alignment="center"):
                st.button(name, key=f"open {name}", type="tertiary", on_click=_open, args=(name,),
                          help=f"by {plain(question.by)}, {question.at[:10]}")  # fmt: skip
                st.button(":material/delete:", key=f"remove {name}", type="tertiary",
                          on_click=saved.remove, args=(data.marts(), name),
                          help=f"Remove {name} for everybody")  # fmt: skip


def _open(name: str) -> None:
    remember("saved", name)
    remember("sql", None)


def _history() -> None:
    history = st.session_state.get(_HISTORY, [])
    if not history:
        st.caption("What you ask in this window is listed here.")
    for position, entry in enumerate(history):
        st.code(entry["sql"], language="sql")
        st.button(f"Again ({entry['outcome']})", key=f"again {position}", type="tertiary",
                  on_click=_again, args=(entry["sql"],))  # fmt: skip


def _again(sql: str) -> None:
    st.session_state[_PUT] = sql
