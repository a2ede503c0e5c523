"""How a metric is written and coloured; no Streamlit, no data."""

import math
from typing import Any

import pandas as pd

from views.words.looks import Look
from views.words.numbers import MISSING, amount, brief, day, interval, number, sure


def ranked_by(places: pd.DataFrame) -> tuple[str, str]:
    """Column that an answer of worst_places is ranked by, and what it is, in words."""
    if places["benefit_month"].notna().any():
        return "benefit_month", "dropped calls a month that relief from load and a fix would spare"
    return "drops_excess_month", "drops a month above the network's normal rate"


def in_short(reason: str) -> str:
    """The reason of a place without the figures that stand beside it: what to do, what is seen."""
    advice, figures, rest = reason.partition(": about ")
    return f"{advice}. {rest.partition('. ')[2]}" if figures else reason


def work(action: str) -> str:
    """A work of the catalogue as people read it: add_carrier -> add carrier."""
    return action.replace("_", " ")


def treatment(row: Any) -> str:
    """The work that a place's benefit is held against, with its cost, or why there is none.

    `row`: of worst_places. Empty where works are not spoken of.
    """
    if not isinstance(row["action"], str):
        why = row["no_action_reason"]
        return f"No work named: {why}." if isinstance(why, str) else ""
    invented = " (invented)" if row["costs_invented"] else ""
    told = (
        f"Best for its cost: {work(row['action'])} at {row['action_at']}, "
        f"{amount(row['cost_amount'])} {row['cost_currency']}{invented}: "
        f"spares {100 * row['action_reach']:.0f} % of these drops"
    )
    each = per_cost(row)
    return f"{told}, {each} a month for each unit of cost." if each else f"{told}."


def per_cost(row: Any) -> str:
    """Drops spared for each unit of cost, with their interval: 91 (59 to 130)."""
    one, low, high = (brief(row[f"drops_per_cost{end}"]) for end in ("", "_lo", "_hi"))
    return f"{one} ({low} to {high})" if one else ""


def unsafe(row: Any) -> str:
    """Why a figure is not to be relied on, as it stands before it; else empty.

    `row`: with unsafe_reason, missing where nothing failed.
    """
    why = row["unsafe_reason"]
    return f"Not to be relied on: {why}. " if isinstance(why, str) else ""


def counts(look: Look, numerator: float | None, denominator: float | None) -> str:
    """The counts behind a rate: 123 dropped of 4,567 calls; empty where none were released."""
    above, below = (amount(x) for x in (numerator, denominator))
    if MISSING in {below, look.counted[1] or MISSING}:
        return ""
    if not look.counted[0] or above == MISSING:
        return f"{below} {look.counted[1]}"
    return f"{above} {look.counted[0]} of {below} {look.counted[1]}"


def alone(look: Look, raw: float | None) -> str:
    """What was measured in the place alone, where the value borrows: 8.1 measured there."""
    told = number(raw, look.figure)
    return "" if told == MISSING else f"{told} measured there"


def worse(look: Look, p_worse: float | None, target: float | None) -> str:
    """How sure it is that a place is worse than its target: worse than 6.3: 97 %."""
    if p_worse is None or target is None or not (math.isfinite(p_worse) and math.isfinite(target)):
        return ""
    return f"worse than {number(target, look.figure)}: {sure(p_worse)}"


def evidence(look: Look, row: Any) -> str:
    """What stands behind a value: its interval, its counts, the place alone, against the target.

    `row`: value_lo, value_hi, numerator, denominator, value_raw, p_worse and target.
    """
    between = interval(row.value_lo, row.value_hi, look.figure)
    told = (
        f"90 %: {between}" if between else "",
        counts(look, row.numerator, row.denominator),
        alone(look, row.value_raw),
        worse(look, row.p_worse, row.target),
    )
    return " · ".join(part for part in told if part)


def kept(row: Any, name: str, limit: str) -> str:
    """A per cent with its interval beside its limit: 1.84 % (1.7 to 2.1) ✓ ≤ 2 %; else a dash.

    `row`: of regulator_percentiles, with `name`, its ends, and `limit`_limit_pct and _kept.
    """
    value, low, high = (getattr(row, f"{name}{end}") for end in ("", "_lo", "_hi"))
    if pd.isna(value):
        return MISSING
    between = "" if pd.isna(low) else f" ({low:.2f} to {high:.2f})"
    mark = "✓" if getattr(row, f"{limit}_kept") else "✗"
    return f"{value:.2f} %{between} {mark} ≤ {getattr(row, f'{limit}_limit_pct'):g} %"


def change(row: Any, timezone: str) -> str:
    """One dated change as a sentence: when, where, how strong, and what its load did.

    `row`: a row of hex_changes or change_points; days are told in `timezone`.
    """
    strength = f"{number(row.ratio, 'ratio')} ({interval(row.ratio_lo, row.ratio_hi, 'ratio')})"
    load = ""
    if pd.notna(row.prb_before_pct) and pd.notna(row.prb_after_pct):
        before, after = (number(x, "percent") for x in (row.prb_before_pct, row.prb_after_pct))
        load = f"; busy-hour PRB went from {before} to {after}"
    return (
        f"{when(row, timezone)}: drops of {place(row)} went {row.direction} to {strength} of the "
        f"level before{load}; cause {CAUSES[row.attribution]}{_sureness(row)}{_traffic(row)}."
    )


def place(row: Any) -> str:
    """The cell or the hexagon of a change. `row`: cell_id and, where that is missing, hex_text."""
    return row.cell_id if isinstance(row.cell_id, str) else f"hexagon {row.hex_text}"


def _sureness(row: Any) -> str:
    p_load = getattr(row, "p_load", None)
    if p_load is None or pd.isna(p_load):
        return ""
    between = interval(row.load_share_lo, row.load_share_hi, "part")
    span = f", {between}" if between else ""
    return f" (load's part {number(row.load_share, 'part')}{span}; p(load) {sure(p_load)})"


def _traffic(row: Any) -> str:
    """What moved PRB, told by the PRB of the same traffic: room, efficiency or what was asked."""
    names = ("prb_per_traffic_ratio", "prb_before_pct", "prb_after_pct")
    ratio, before, after = (getattr(row, name, None) or math.nan for name in names)
    if pd.isna([ratio, before, after]).any():
        return ""
    part, whole = math.log(ratio), math.log(after / before)
    way, by = "up" if part > 0 else "down", 100 * abs(ratio - 1)
    moved = f"PRB of the same traffic went {way} by {by:.0f} %"
    # most of what PRB did, and more than a level that wanders
    own = abs(part) >= max(abs(whole) / 2, math.log(1.07)) and part * whole >= 0
    if row.attribution == "relief":
        return f"; room was added: {moved}" if own and part < 0 else "; less was asked of it"
    lost = own and part > 0 and row.attribution == "other"
    return f"; efficiency was lost, as by interference: {moved}" if lost else ""


def when(row: Any, timezone: str) -> str:
    """The day of a change with its 90 % interval: 12 Apr 2025 (11 to 13 Apr)."""
    at, low, high = (
        pd.Timestamp(x).tz_convert(timezone) if pd.notna(x) else None
        for x in (row.change_utc, row.change_lo_utc, row.change_hi_utc)
    )
    told = day(at) if at else MISSING
    if low is None or high is None or low.date() == high.date():
        return told
    first = f"{low.day}" if low.month == high.month else f"{low.day} {low:%b}"
    return f"{told} ({first} to {high.day} {high:%b})"


STATES = {
    "open": "open", "acknowledged": "acknowledged", "in_work": "in work", "done": "done",
    "rejected": "rejected",
}  # fmt: skip
"""How far somebody is with a change or place, by `ack_status`."""


def noted(row: Any) -> str:
    """What somebody noted of a change or place: in work, Ann Lee: antenna ordered; else empty.

    `row`: ack_status, ack_owner and ack_comment, missing where nobody noted anything.
    """
    if not isinstance(row.ack_status, str):
        return ""
    comment = f": {row.ack_comment}" if row.ack_comment else ""
    return f"{STATES[row.ack_status]}, {row.ack_owner}{comment}"


CAUSES = {
    "load": "load", "relief": "relief of load", "other": "other than load",
    "undecided": "not decided",
}  # fmt: skip
"""What a change is owed to, by `attribution`."""
"""Colour of a hexagon whose value is not released: grey, faint, in no scale."""


UNRELEASED = {
    "few": "<5 cases",
    "hidden": "hidden to protect persons",
    "unsafe": "not to be trusted",
}
"""What a hexagon without a released value stands for, by `shown`."""
