"""What to do at a place, and what is seen there, in words: `advice` and `seen` of `priority`."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.priority import standing
from contracts.written import per_cent

TOP = 20
"""Places of a list that count as its first ones."""
# what to do, from this share of load in the drops to avoid on
_CAPACITY, _BOTH = 0.65, 0.35
_FIND = "Find what raised drops beside load."
_NAMED = 3
"""Cells that are named; of the others it is said how many there are."""

Cells = Sequence[Mapping[Hashable, Any]]


def advice(place: Mapping[Hashable, Any]) -> str | None:
    """What to do at a place, in one sentence; None where nothing is wrong, or nothing would help.

    `place`: place_state; drops_avoidable_month and drops_avoidable_load, in drops a month, NaN =
    not known; drop_rate_lo and normal_rate. Capacity is advised only where the place surely drops
    more calls than a typical cell.
    """
    drops = place["drops_avoidable_month"]
    if place["place_state"] != standing.ACT or not drops >= standing.LEAST_DROPS:
        return None
    load = place["drops_avoidable_load"] / drops
    if not place["drop_rate_lo"] > place["normal_rate"]:
        return _FIND if load < _CAPACITY else None
    if load >= _CAPACITY:
        return "Add capacity."
    return "Add capacity and find what else raised drops." if load >= _BOTH else _FIND


def seen(place: Mapping[Hashable, Any], parts: Cells, *, zone: str) -> str:
    """What is seen at a place: its drop rate, in which cells it could drop less, and their rises.

    `place`: place_type, place_state, drop_rate, normal_rate. `parts`: the cells that are spoken of,
    the largest first: cell_id, avoidable_part (0 to 1, NaN = not known), is_treated, knee_pct (NaN
    = no knee), min_visible_ratio and prb_dl_util_bh_pct (NaN = not known), and the rise each is
    still in, as columns of `change_point`; change_id missing = none. `zone`: dates are of this IANA
    zone.
    """
    rate, normal = place["drop_rate"], place["normal_rate"]
    text = f"{per_cent(rate, 2)} of calls dropped, {_against(rate, normal)}"
    is_cell = place["place_type"] == "cell"
    if place["place_state"] == standing.WELL:
        # shares of next to nothing say nothing; a rise is worth a word
        parts = [part for part in parts if _has_rise(part)]
    named, others = _named(parts)
    if is_cell:
        stories = [_of_cell(part, zone) for part in named]
        return " ".join([f"{text}.", *(f"{story[0].upper()}{story[1:]}." for story in stories)])
    stories = [f"{part['cell_id']}: {_of_cell(part, zone)}." for part in named]
    return " ".join([f"{text}{_where(named, others)}.", *stories, *_of_others(others)])


def times(rate: float, normal: float) -> str:
    """How many times the normal rate a rate is, in words; both are shares of calls.

    `rate`, `normal`: 0 to 1; where `normal` is 0 there is no such number.
    """
    return f"{rate / normal:.1f} times " if normal > 0 else "against "


def _against(rate: float, normal: float) -> str:
    return (
        f"{times(rate, normal)}a typical cell's rate" if normal > 0 else "a typical cell drops none"
    )


def since(change: Mapping[Hashable, Any], zone: str) -> str:
    """When a place's rise began, and how large it is, in words.

    `change`: as `seen` takes it. `zone`: IANA zone in which the date is given.
    """
    if not _has_rise(change):
        return "No rise is dated there"
    rise = _up(change, zone) + _after(change)
    return f"{rise[0].upper()}{rise[1:]}"


def _named(parts: Cells) -> tuple[Cells, Cells]:
    """The cells that are named, and the others: the largest are, and all that the action treats."""
    flags = [n < _NAMED or bool(part["is_treated"]) for n, part in enumerate(parts)]
    named = [part for part, is_named in zip(parts, flags, strict=True) if is_named]
    return named, [part for part, is_named in zip(parts, flags, strict=True) if not is_named]


def _where(named: Cells, others: Cells) -> str:
    """In which cells the place's avoidable drops lie, as the end of a sentence; empty = none."""
    if not named:
        return ""
    cell, part = named[0]["cell_id"], named[0]["avoidable_part"]
    if not np.isfinite(part):
        return f"; {cell} drops most calls above that"
    if len(named) == 1 and _share(part) == "100 %":
        return f"; its avoidable drops are all in {cell}"
    return f"; of its avoidable drops {', '.join(_shares(named, others))}"


def _shares(named: Cells, others: Cells) -> Iterator[str]:
    first, *more = named
    share = _share(first["avoidable_part"])
    # most is half or more
    much = f"most ({share})" if first["avoidable_part"] >= 0.5 else share
    yield f"{much} are in {first['cell_id']}"
    for part in more:
        yield f"{_share(part['avoidable_part'])} in {part['cell_id']}"
    if others:
        share = _share(sum(part["avoidable_part"] for part in others))
        yield f"{share} in {_cells(len(others), 'more ')}"


def _share(part: float) -> str:
    return per_cent(part) if part >= 0.005 else "under 1 %"


def _of_cell(part: Mapping[Hashable, Any], zone: str) -> str:
    """What is seen in one cell: the rise it is still in, and from which load on it drops more."""
    knee = part["knee_pct"]
    at_load = f"; it drops more from {knee:.0f} % PRB on" if np.isfinite(knee) else ""
    story = _rise(part, zone) if _has_rise(part) else _no_rise(part)
    return story + at_load


def _has_rise(part: Mapping[Hashable, Any]) -> bool:
    return bool(pd.notna(part["change_id"]))


def _of_others(parts: Cells) -> list[str]:
    """How many of the cells that are not named rose, too; empty where none did."""
    n_risen = sum(map(_has_rise, parts))
    if not n_risen:
        return []
    if n_risen == len(parts):
        return [f"The {_cells(n_risen, 'other ')} rose, too."]
    return [f"{n_risen} of the {_cells(len(parts), 'other ')} rose, too."]


def _cells(n: int, kind: str) -> str:
    return f"{n} {kind}cell{'s' * (n > 1)}"


def _no_rise(part: Mapping[Hashable, Any]) -> str:
    load, least = part["prb_dl_util_bh_pct"], part["min_visible_ratio"]
    full = f"; busy-hour PRB {load:.0f} %" if np.isfinite(load) else ""
    unseen = (
        f"one below ×{least:.1f} could not be seen" if np.isfinite(least) else "none could be seen"
    )
    return f"no rise is dated ({unseen}){full}"


def _rise(change: Mapping[Hashable, Any], zone: str) -> str:
    text = _up(change, zone)
    before, after = change["prb_before_pct"], change["prb_after_pct"]
    if pd.notna(before) and pd.notna(after):
        text += f", busy-hour PRB {before:.0f} to {after:.0f} %"
    return text + _after(change) + "; " + _due_to(change)


def _up(change: Mapping[Hashable, Any], zone: str) -> str:
    day = pd.Timestamp(str(change["change_utc"])).tz_convert(zone)
    return f"up ×{change['ratio']:.1f} since {day:%-d %b %Y}"


def _after(change: Mapping[Hashable, Any]) -> str:
    intervention = change["intervention_id"]
    return f", after intervention {intervention}" if pd.notna(intervention) else ""


def _due_to(change: Mapping[Hashable, Any]) -> str:
    """What the rise is due to, with how sure that is, in words."""
    if change["attribution"] == "undecided" and pd.isna(change["p_load"]):
        return "whether due to load is undecided: not tested against load by the hour"
    share = f"load's part {100 * change['load_share']:.0f} %"
    if change["attribution"] == "load":
        return f"due to load ({share})"
    if change["attribution"] == "other":
        return f"mostly not due to load ({share})"
    return f"whether due to load is undecided ({share}, p(load) {100 * change['p_load']:.0f} %)"
