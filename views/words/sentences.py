"""Sentences about places, changes and figures, from the columns of answers; no Streamlit."""

import math
from typing import Any

import pandas as pd

from contracts.written import MISSING
from views.words.looks import Look
from views.words.numbers import amount, between, brief, day, interval, number, sure

DUE_TO = {
    "load": "load", "relief": "relief of load", "other": "other than load",
    "undecided": "undecided",
}  # fmt: skip
"""What a change is due to, by `attribution`, as a column says it."""
_DUE_TO = {
    "load": "due to load", "relief": "due to relief of load", "other": "not due to load",
    "undecided": "whether due to load is undecided",
}  # fmt: skip
STATES = {
    "open": "open", "acknowledged": "acknowledged", "in_work": "in work", "done": "done",
    "rejected": "rejected",
}  # fmt: skip
"""Status of a change or place, by `ack_status`."""
UNRELEASED = {
    "few": "<5 cases",
    "hidden": "hidden to protect persons",
    "unsafe": "not to be trusted",
}
"""What a hexagon without a released value stands for, by `shown`."""
_PERSONS = {"complainants_avoided": "complainants a month", "detractors_avoided": "detractors"}


TYPICAL = (
    "A typical cell's rate is that of the cell which carries the network's middle call: half of "
    "all calls go through cells with a lower rate. The mean of all calls mostly lies above it: a "
    "few bad cells move a mean, and hardly the middle."
)
"""Why places are held against a typical cell's rate and not against the mean."""


def title(place: Any) -> str:
    """A place's name as lists write it; before a hexagon's, which says nothing, its region.

    `place`: a row of worst_places.
    """
    region = place["region"]
    named = place["place_type"] == "hex" and isinstance(region, str) and region
    return f"{region} {place['place_name']}" if named else str(place["place_name"])


def ranked_by(places: pd.DataFrame, *, reported: bool = False) -> tuple[str, str]:
    """Column that an answer of worst_places is ranked by, and what it is, in words.

    `places`: the answer; benefit_month is NaN where no benefit is known. `reported`: only reports
    of calls are known, which are held against their mean.
    """
    if reported:
        return "drops_excess_month", "reported drops a month above the mean of all reports"
    if places["benefit_month"].notna().any():
        return "benefit_month", "avoidable drops a month, by load or by what else raised them"
    return "drops_excess_month", "drops a month above a typical cell's rate"


_KINDS = {"site": "site", "hex": "hexagon", "cell": "cell", "region": "region"}


def others(states: pd.DataFrame, kind: str) -> str:
    """What is to be said of the places that are not listed: the other 10 sites are well.

    `states`: answer of place_states. `kind`: place_type of the list. Empty where it has all.
    """
    mine = states[states["place_type"] == kind].set_index("place_state")["n_places"]
    listed, high, well = (int(mine.get(state, 0)) for state in ("act", "high", "well"))
    other = "other " if listed else ""
    parts = []
    if well:
        parts.append(f"The {other}{_plural(well, kind)} {'are' if well > 1 else 'is'} well: either "
                     "no drops there can surely be avoided, or no more calls drop than in a "
                     "typical cell and no rise is dated.")  # fmt: skip
    if high:
        parts.append(f"{_plural(high, kind)} drop{'s' * (high == 1)} over 1.5 times as many calls "
                     "as a typical cell, and nothing known would surely avoid them.")  # fmt: skip
    return " ".join(parts)


def _plural(n: int, kind: str) -> str:
    return f"{n:,} {_KINDS[kind]}{'s' * (n > 1)}"


def in_short(place: Any) -> str:
    """What to do at a place and what is seen there, without the figures that stand beside it.

    `place`: a row of worst_places.
    """
    return _joined(place["advice"], place["seen"])


def in_full(place: Any) -> str:
    """What to do at a place, what that avoids, and what is seen there.

    `place`: a row of worst_places.
    """
    return _joined(place["advice"], avoided(place), place["seen"])


def avoided(place: Any) -> str:
    """What following the advice avoids: dropped calls and persons, with their 90 % intervals.

    `place`: a row of worst_places. Empty where nothing is advised. Persons are named only where at
    least one is surely avoided.
    """
    if not isinstance(place["advice"], str):
        return ""
    text = f"About {_about(place, 'drops_avoidable_month')} dropped calls a month fewer"
    if first := among_first(place):
        text += f", {first}"
    persons = [f"{_about(place, name)} {who}" for name, who in _PERSONS.items()
               if place[f"{name}_lo"] >= 1]  # fmt: skip
    return f"{text}; provisionally {' and '.join(persons)}." if persons else f"{text}."


_LIKELY = 0.5
NOTHING = 0.5
"""Drops a month below which the end of an interval is written as 0."""


def among_first(place: Any) -> str:
    """How sure a place is to be among the first 20, and why if little can be avoided there.

    `place`: a row of worst_places. Empty where that is not known: there are no more than 20 places.
    """
    p_top, least = place["p_top20"], place["drops_avoidable_month_lo"]
    if not (text := sure(p_top)):
        return ""
    # an interval from zero beside a high probability needs its reason
    why = ", for most other places have still less to avoid" if p_top > _LIKELY else ""
    why = why if least < NOTHING else ""
    return f"{text} sure to be among the first 20{why}"


def ground(row: Any) -> str:
    """What an action treats, in words: the sector of Leeds 21 facing 170 degrees, cells A, B.

    `row`: of worst_places or plan, with an action: action_place_type, action_at, action_site,
    action_azimuth_deg, action_cells and n_action_cells; what is missing is left out.
    """
    kind, site, cells = (row[f"action_{name}"] for name in ("place_type", "site", "cells"))
    if kind not in _GROUNDS or not isinstance(site, str):
        return str(row["action_at"])
    text = _GROUNDS[kind].format(at=row["action_at"], site=site)
    if kind == "cell":
        return text
    if kind == "sector" and pd.notna(row["action_azimuth_deg"]):
        text += f" facing {row['action_azimuth_deg']:.0f} degrees"
    many = "s" if row["n_action_cells"] > 1 else ""
    return f"{text}, cell{many} {cells}"


_GROUNDS = {"cell": "cell {at}", "sector": "the sector of {site}", "site": "site {site}"}


def _about(place: Any, name: str) -> str:
    return f"{amount(place[name])} ({between(place, name)})"


def _joined(*sentences: Any) -> str:
    """The sentences that there are, one after another; a missing one is no text."""
    return " ".join(text for text in sentences if isinstance(text, str) and text)


def action_name(action: str) -> str:
    """An action of the catalogue as people read it: add_carrier -> add carrier."""
    return action.replace("_", " ")


def best_action(row: Any) -> str:
    """The action with most benefit per cost at a place, with its cost, or why there is none.

    `row`: of worst_places. Empty where no action is spoken of.
    """
    if not isinstance(row["action"], str):
        why = row["no_action_reason"]
        return f"No action named: {why}." if isinstance(why, str) else ""
    invented = " (invented)" if row["costs_invented"] else ""
    text = (
        f"Best for its cost: {action_name(row['action'])}, {ground(row)}; "
        f"{amount(row['cost_amount'])} {row['cost_currency']}{invented}: "
        f"avoids {reached(row['action_reach'])} of these drops"
    )
    each = per_cost(row)
    return f"{text}, {each} a month for each unit of cost." if each else f"{text}."


def reached(part: float) -> str:
    """Share of a place's avoidable drops that an action avoids: 57 %, or all.

    `part`: 0 to 1.
    """
    return "all" if round(100 * part) >= 100 else f"{100 * part:.0f} %"


def per_cost(row: Any) -> str:
    """Drops avoided for each unit of cost, with their interval: 91 (59 to 130).

    `row`: of worst_places, with drops_per_cost and its ends; NaN = not known, which gives no text.
    """
    one, low, high = (brief(row[f"drops_per_cost{end}"]) for end in ("", "_lo", "_hi"))
    return f"{one} ({low} to {high})" if one else ""


def unsafe(row: Any) -> str:
    """Why a figure is not to be relied on, as it stands before it; else empty.

    `row`: with unsafe_reason, missing where nothing failed.
    """
    why = row["unsafe_reason"]
    return f"Not to be relied on: {why}. " if isinstance(why, str) else ""


def counts(look: Look, numerator: float | None, denominator: float | None) -> str:
    """The counts behind a rate: 123 dropped of 4,567 calls; empty where none were released.

    `look`: names what is counted. `numerator`, `denominator`: None or NaN = not released.
    """
    above, below = (amount(x) for x in (numerator, denominator))
    if MISSING in {below, look.counted[1] or MISSING}:
        return ""
    if not look.counted[0] or above == MISSING:
        return f"{below} {look.counted[1]}"
    return f"{above} {look.counted[0]} of {below} {look.counted[1]}"


def alone(look: Look, raw: float | None) -> str:
    """What was measured in the place alone, where the value borrows: 8.1 measured there.

    `look`: how it is written. `raw`: in the unit of the metric; None or NaN = no value of its own,
    which gives no text.
    """
    text = number(raw, look.figure)
    return "" if text == MISSING else f"{text} measured there"


def worse(look: Look, p_worse: float | None, target: float | None) -> str:
    """How sure it is that a place is worse than its target: worse than 6.3: 97 %.

    `look`: how the target is written. `p_worse`: 0 to 1. `target`: in the unit of the metric. None
    or NaN in either = not known, which gives no text.
    """
    if p_worse is None or target is None or not (math.isfinite(p_worse) and math.isfinite(target)):
        return ""
    return f"worse than {number(target, look.figure)}: {sure(p_worse)}"


def evidence(look: Look, row: Any) -> str:
    """What stands behind a value: its interval, its counts, the place alone, against the target.

    `look`: the metric. `row`: value_lo, value_hi, numerator, denominator, value_raw, p_worse and
    target; what is missing there is left out.
    """
    span = interval(row.value_lo, row.value_hi, look.figure)
    parts = (
        f"90 %: {span}" if span else "",
        counts(look, row.numerator, row.denominator),
        alone(look, row.value_raw),
        worse(look, row.p_worse, row.target),
    )
    return " · ".join(part for part in parts if part)


def kept(row: Any, name: str, limit: str) -> str:
    """A per cent with its interval beside its limit: 1.84 % (1.7 to 2.1) ✓ ≤ 2 %; else a dash.

    `row`: of regulator_percentiles, with `name`, its ends, and `limit`_limit_pct and _kept.
    """
    value, low, high = (getattr(row, f"{name}{end}") for end in ("", "_lo", "_hi"))
    if pd.isna(value):
        return MISSING
    span = "" if pd.isna(low) else f" ({low:.2f} to {high:.2f})"
    mark = "✓" if getattr(row, f"{limit}_kept") else "✗"
    return f"{value:.2f} %{span} {mark} ≤ {getattr(row, f'{limit}_limit_pct'):g} %"


def change(row: Any, timezone: str) -> str:
    """One dated change as a sentence: when, where, how strong, and what its load did.

    `row`: a row of hex_changes or change_points. `timezone`: days are of this IANA zone.
    """
    strength = f"{number(row.ratio, 'ratio')} ({interval(row.ratio_lo, row.ratio_hi, 'ratio')})"
    load = ""
    if pd.notna(row.prb_before_pct) and pd.notna(row.prb_after_pct):
        before, after = (number(x, "percent") for x in (row.prb_before_pct, row.prb_after_pct))
        load = f"; its busy-hour PRB went from {before} to {after}"
    return (
        f"{when(row, timezone)}: drops of {place(row)} went {row.direction} to {strength} of "
        f"those before{load}; {_DUE_TO[row.attribution]}{_sureness(row)}{_traffic(row)}."
    )


def place(row: Any) -> str:
    """The cell or the hexagon of a change. `row`: cell_id and, where that is missing, hex_text."""
    return row.cell_id if isinstance(row.cell_id, str) else f"hexagon {row.hex_text}"


def _sureness(row: Any) -> str:
    p_load = getattr(row, "p_load", None)
    if p_load is None or pd.isna(p_load):
        return ""
    ends = interval(row.load_share_lo, row.load_share_hi, "part")
    span = f", {ends}" if ends else ""
    return f" (load's part {number(row.load_share, 'part')}{span}; p(load) {sure(p_load)})"


def _traffic(row: Any) -> str:
    """What moved PRB, with how far the PRB of the same traffic went; empty where not worth a word.

    `row`: load_moved_by and prb_per_traffic_ratio; an answer without them says nothing of it.
    """
    moved_by = getattr(row, "load_moved_by", None)
    if not isinstance(moved_by, str):
        return ""
    if row.attribution == "relief" and moved_by != "room":
        return "; less was asked of it"
    way = "down" if row.prb_per_traffic_ratio < 1 else "up"
    moved = (
        f"PRB of the same traffic went {way} by {100 * abs(row.prb_per_traffic_ratio - 1):.0f} %"
    )
    if row.attribution == "relief":
        return f"; room was added: {moved}"
    if row.attribution == "other" and moved_by == "efficiency":
        return f"; efficiency was lost, as by interference: {moved}"
    return ""


def when(row: Any, timezone: str) -> str:
    """The day of a change with its 90 % interval: 12 Apr 2025 (11 to 13 Apr).

    `row`: change_utc, change_lo_utc, change_hi_utc; a missing date is a dash, a missing end leaves
    the interval out. `timezone`: days are of this IANA zone.
    """
    at, low, high = (
        pd.Timestamp(x).tz_convert(timezone) if pd.notna(x) else None
        for x in (row.change_utc, row.change_lo_utc, row.change_hi_utc)
    )
    text = day(at) if at else MISSING
    if low is None or high is None or low.date() == high.date():
        return text
    first = f"{low.day}" if low.month == high.month else f"{low.day} {low:%b}"
    return f"{text} ({first} to {high.day} {high:%b})"


def noted(row: Any) -> str:
    """What somebody noted of a change or place: in work, Ann Lee: antenna ordered; else empty.

    `row`: ack_status, ack_owner and ack_comment, missing where nobody noted anything.
    """
    if not isinstance(row.ack_status, str):
        return ""
    comment = f": {row.ack_comment}" if row.ack_comment else ""
    return f"{STATES[row.ack_status]}, {row.ack_owner}{comment}"
