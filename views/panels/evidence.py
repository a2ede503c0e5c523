"""One place of the list in full: what is avoidable, the arithmetic, the files, and a what-if."""

from typing import Any

import pandas as pd
import streamlit as st

from views.drawing import charts
from views.panels import capacity
from views.shared import data, page
from views.words.numbers import amount, between, day, number, rows
from views.words.sentences import DUE_TO, among_first, best_action

_FIRST, _STEP, _MOST_FILES = 30, 5, 1_000
_OF_CELLS = (
    "drops_counted", "usual_days", "drops_month", "avoidable_load", "avoidable_other", "weight",
    "drops_avoidable_cell",
)  # fmt: skip
"""Kinds of steps of `why` that speak of one cell each, and are summed for the place."""
_DRAWN, _FILES = "what_if", "file"
"""Kinds of steps that are drawn, and that name the files."""
_KEYS = {"cell": "cell_id", "site": "site_id", "hex": "hex_text", "region": "region"}


def show(place: Any, kind: str, facts: pd.Series) -> None:
    """Draws the chosen place's evidence. `place`: a row of `worst_places`.

    `kind`: cell, site, hex or region. `facts`: of the run, with timezone. A place without a key of
    that kind draws nothing.
    """
    key = place[_KEYS[kind]]
    if not isinstance(key, str):
        return
    _about(place)
    parts = data.answer("place_parts", place_type=kind, place_id=key)
    parts_table(parts)
    if isinstance(place["dominant_cell_id"], str):
        left, right = st.columns(2, gap="medium")
        with left:
            _rises(parts, str(facts["timezone"]))
        with right:
            _what_if(place["dominant_cell_id"])
    capacity.panel(kind, key)
    _arithmetic(key, kind)


def _about(place: Any) -> None:
    """What stands beside the benefit: how sure the rank is, and who could help."""
    if pd.notna(place["rank_lo"]):
        st.caption(_rank(place))
    if action := best_action(place):
        st.caption(f"{page.plain(action)}{_by_cost(place)}")
    if isinstance(place["relief_cells"], str):
        st.caption(f"Neighbours with room, busy-hour PRB: {page.plain(place['relief_cells'])}")
    if pd.notna(place["n_cells_unknown"]) and place["n_cells_unknown"] > 0:
        st.caption(f"Of {amount(place['n_cells_unknown'])} of its cells no benefit is known.")


def _rank(place: Any) -> str:
    """The place's rank with its interval, and whether other sizes of hexagon rank it alike."""
    stays = {"coarser": place["in_top20_coarser"], "finer": place["in_top20_finer"]}
    levels = [f"one level {name}" for name, stay in stays.items() if pd.notna(stay) and stay]
    also = f" Among the first 20 also with hexagons {' and '.join(levels)}." if levels else ""
    first = f"; {text}" if (text := among_first(place)) else ""
    span = _span(place["rank_lo"], place["rank_hi"])
    return (
        f"Rank {span} by avoidable drops (90 %){first}; by excess drops alone "
        f"{place['simple_rank']:.0f}.{also}"
    )


def _by_cost(place: Any) -> str:
    """Where the place stands by benefit per cost; empty where no action is named."""
    if pd.isna(place["cost_rank"]):
        return ""
    span = _span(place["cost_rank_lo"], place["cost_rank_hi"])
    return f" By that it is number {place['cost_rank']:.0f} ({span}, 90 %)."


def _span(low: float, high: float) -> str:
    return f"{low:.0f}" if low == high else f"{low:.0f} to {high:.0f}"


def _arithmetic(key: str, kind: str) -> None:
    st.markdown("**Why**, step by step from what was counted")
    steps = data.answer("why", place=key, place_type=kind)
    of_cells = steps["step_kind"].isin(_OF_CELLS)
    # the sum first: a region has hundreds of cells
    _steps(steps[~of_cells & ~steps["step_kind"].isin((_DRAWN, _FILES))])
    st.caption("What it is the sum of, cell by cell")
    _steps(steps[of_cells])
    totals = steps[steps["published"].notna()]
    if len(totals):
        agree = (totals["value"] == totals["published"]).all()
        st.caption("Counted anew from the tables just now: " + (
            "the same figures as in the list, to the last digit." if agree
            else "not the figures of the list. Do not rely on them."
        ))  # fmt: skip
    with st.expander("The files behind it"):
        st.caption("The rows themselves, cell by cell: `hexperience rows CELL` on the console.")
        st.dataframe(
            steps[steps["step_kind"] == _FILES].head(_MOST_FILES), hide_index=True, placeholder="",
            column_order=["source", "how", "what", "note", "n_rows"],
            column_config={"source": "table", "how": "day", "what": "file", "note": "hash",
                           "n_rows": st.column_config.NumberColumn("rows", format="localized")},
        )  # fmt: skip


def _steps(steps: pd.DataFrame) -> None:
    text = st.column_config.TextColumn
    st.dataframe(
        steps.assign(value=[_written(row) for row in rows(steps)],
                     how=[_how(row) for row in rows(steps)]),
        hide_index=True, height="content" if len(steps) < 17 else 390, placeholder="",
        column_order=["step", "cell_id", "what", "value", "unit", "how", "source", "n_rows"],
        column_config={
            "step": st.column_config.NumberColumn("#", width=36),
            "cell_id": text("cell", width=80), "what": text("what", width=265),
            "value": text("value", width=70), "unit": text("unit", width=130),
            "how": text("how", width=490),
            "n_rows": st.column_config.NumberColumn("rows", format="localized"),
        },
    )  # fmt: skip


def _written(row: Any) -> str:
    """The value of a step as people read it; where there is none, the note that stands for it."""
    if pd.isna(row.value):
        return row.note if isinstance(row.note, str) else ""
    if row.unit == "points":
        return number(row.value, "points")
    return f"{row.value:,.4f}" if abs(row.value) < 1 else f"{row.value:,.1f}"


def _how(row: Any) -> str:
    """How a step is computed, and the note on it."""
    note = row.note if pd.notna(row.value) else None
    return "; ".join(part for part in (row.how, note) if isinstance(part, str) and part)


def _what_if(cell_id: str) -> None:
    ladder = data.answer("what_if", cell_id=cell_id)
    if ladder.empty:
        st.caption(f"What relief would do in {page.plain(cell_id)} is not known: no curve.")
        return
    relief_pct = st.slider(
        f"What if cell {cell_id} were relieved of … of its load", _STEP, 50, _FIRST, _STEP,
        format="%d %%", key=f"relief {cell_id}",
    )  # fmt: skip
    asked = data.answer("what_if", cell_id=cell_id, relief_pct=float(relief_pct)).iloc[0]
    st.markdown(f"Fewer: {_fewer(asked, 'drops_avoided_month', 'dropped calls a month')}.")
    persons = [
        _fewer(asked, name, what)
        for name, what in (
            ("complainants_avoided", "complainants a month"), ("detractors_avoided", "detractors"),
        )
        if pd.notna(asked[name])
    ]  # fmt: skip
    if persons:
        st.caption(f"Provisionally, by one coefficient for the whole network: "
                   f"{', '.join(persons)}.")  # fmt: skip
    if asked["is_beyond_seen"]:
        st.warning("So relieved, the cell would be at loads at which it has hardly been seen.")
    page.picture(charts.relief, ladder, asked)


def _fewer(asked: Any, name: str, what: str) -> str:
    return f"**{asked[name]:,.0f}** {what} ({between(asked, name)})"


def parts_table(parts: pd.DataFrame) -> None:
    """Draws the cells that are spoken of: their shares, rises, and which the action treats.

    `parts`: answer of place_parts; of fewer than two cells nothing is drawn.
    """
    if len(parts) < 2:
        return
    st.markdown("**Where its avoidable drops lie**")
    text = st.column_config.TextColumn
    st.dataframe(
        parts.assign(
            avoidable_part=100 * parts["avoidable_part"],
            drops_avoidable_month=parts["drops_avoidable_month"].round(),
            rise=[f"{number(row.ratio, 'ratio')} since {day(row.change_utc)}, "
                  f"due to {DUE_TO[row.attribution]}" if isinstance(row.change_id, str)
                  else "none is dated" for row in rows(parts)],
        ),
        hide_index=True, height="content" if len(parts) < 9 else 320,
        column_order=["cell_id", "avoidable_part", "drops_avoidable_month", "rise", "is_treated"],
        column_config={
            "cell_id": "cell",
            "avoidable_part": st.column_config.NumberColumn("share", format="%.0f %%"),
            "drops_avoidable_month": st.column_config.NumberColumn("avoidable drops a month",
                                                                   format="localized"),
            "rise": text("rise that it is still in"),
            "is_treated": st.column_config.CheckboxColumn("the action treats it"),
        },
    )  # fmt: skip


def _rises(parts: pd.DataFrame, timezone: str) -> None:
    """Each rise that the text speaks of, drawn: its drops by load and by the rest."""
    risen = parts.dropna(subset="change_id")
    if risen.empty:
        st.caption("No rise is dated in the cells that make up most of its avoidable drops.")
        return
    changes = data.answer("change_points", top=100_000)
    names = {row.change_id: f"{row.cell_id}, {number(row.ratio, 'ratio')}" for row in rows(risen)}
    picked = next(iter(names))
    if len(names) > 1:
        picked = st.segmented_control("Rise", list(names), format_func=names.__getitem__,
                                      default=picked, label_visibility="collapsed",
                                      key=f"rise {picked}") or picked  # fmt: skip
    _change(picked, changes, timezone)


def _change(change_id: str, changes: pd.DataFrame, timezone: str) -> None:
    mine = changes[changes["change_id"] == change_id]
    days = data.answer("change_days", change_id=change_id)
    if len(mine) and len(days):
        curve = data.answer("change_curves", change_id=change_id)
        page.picture(charts.attributed, days, curve, mine.iloc[0], timezone=timezone)
