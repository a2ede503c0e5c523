"""How a metric is written and coloured; no Streamlit, no data."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts.fields import FIELDS

Figure = Literal["share", "part", "percent", "count", "ratio", "points", "plain", "size"]
Colours = npt.NDArray[np.uint8]

MISSING = "–"


@dataclass(frozen=True)
class Look:
    """How one metric appears: its title, how its numbers are written, which way is bad."""

    metric: str
    title: str
    figure: Figure
    unit: str = ""
    bad: Literal["high", "low"] = "high"
    centre: float | None = None
    """Value between good and bad, drawn neutral; None = one colour that only deepens."""
    counted: tuple[str, str] = ("", "")
    """What numerator and denominator count; empty = not worth a line."""
    joint: str = " about "
    """Between the title and a class within the metric."""


_CALLS = ("dropped", "calls")
_PEOPLE = ("complainants", "subscribers")
# in the order in which they are offered
_LOOKS = (
    Look("drops_excess_month", "Excess drops", "count", "drops a month", centre=0, counted=_CALLS),
    Look("drop_rate", "Drop rate", "share", "of calls dropped", counted=_CALLS),
    Look("call_drop_rate", "Reported drop rate", "share", "of reported calls dropped",
         counted=("reported dropped", "reports")),
    Look("prb_dl_util_bh_pct", "Busy-hour load", "percent", "of downlink PRB in use"),
    Look("change_ratio", "Latest change", "ratio", "of the level before", centre=1),
    Look("complaints_per_1000", "Complaints", "plain", "per 1,000 subscribers a month",
         counted=_PEOPLE),
    Look("complaints_per_10k_attempts", "Complaints by calls", "plain", "per 10,000 call attempts",
         counted=("complainants", "call attempts")),
    Look("nps", "NPS", "points", "points", bad="low", centre=0, counted=("", "answers")),
    Look("rating_mean", "Call rating", "plain", "1 worst to 5 best", bad="low",
         counted=("", "ratings")),
    Look("cells_serving", "Cells serving", "size", "cells reach the hexagon", joint=": "),
)  # fmt: skip
LOOKS = {look.metric: look for look in _LOOKS}


def look_of(metric: str) -> Look:
    """How a metric appears; one without a look of its own goes by its name and unit."""
    if metric in LOOKS:
        return LOOKS[metric]
    unit = FIELDS[metric].unit if metric in FIELDS else ""
    return Look(metric, metric.replace("_", " ").capitalize(), "plain", unit)


# ------------------------------------------------------------------------------------- in words


def number(value: float | None, figure: Figure) -> str:
    """A value as people read it: 1.84 %, 71 %, +1,234, ×1.9, -12; a dash for missing."""
    if value is None or not math.isfinite(value):
        return MISSING
    return _WRITTEN[figure](value).replace("-", "−")


_WRITTEN: dict[Figure, Callable[[float], str]] = {
    "share": lambda v: f"{100 * v:.{1 if v >= 0.1 else 2}f} %",
    "part": lambda v: f"{100 * v:.0f} %",
    "percent": lambda v: f"{v:.0f} %",
    "count": lambda v: _signed(v, 0 if abs(v) >= 10 else 1),
    "ratio": lambda v: f"×{v:.2g}" if v < 10 else f"×{v:.0f}",
    "points": lambda v: _signed(v, 0),
    "size": lambda v: f"{v:,.0f}",
    "plain": lambda v: f"{v:,.{0 if abs(v) >= 100 else 1}f}",
}


def amount(value: float | None) -> str:
    """A count without a sign: 1,234, or 3.2 where it is small; a dash for missing."""
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{value:,.{0 if value >= 10 or value == round(value) else 1}f}"


def interval(low: float | None, high: float | None, figure: Figure) -> str:
    """A 90 % interval: 1.6 % to 2.1 %; empty where there is none."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return f"{number(low, figure)} to {number(high, figure)}"


def ranked_by(places: pd.DataFrame) -> tuple[str, str]:
    """Column that an answer of worst_places is ranked by, and what it is, in words."""
    if places["benefit_month"].notna().any():
        return "benefit_month", "dropped calls a month that relief from load and a fix would spare"
    return "drops_excess_month", "drops a month above the network's normal rate"


def in_short(reason: str) -> str:
    """The reason of a place without the figures that stand beside it: what to do, what is seen."""
    advice, figures, rest = reason.partition(": about ")
    return f"{advice}. {rest.partition('. ')[2]}" if figures else reason


def between(row: Any, name: str) -> str:
    """The 90 % interval of a count that is never below 0: 310 to 420; empty if it is not known."""
    low, high = row[f"{name}_lo"], row[f"{name}_hi"]
    return "" if pd.isna(low) else f"{low:,.0f} to {high:,.0f}".replace("-", "−")


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
    one, low, high = (_brief(row[f"drops_per_cost{end}"]) for end in ("", "_lo", "_hi"))
    return f"{one} ({low} to {high})" if one else ""


def _brief(value: float) -> str:
    """Two digits of a small number, whole ones of a large one; empty if it is not known."""
    if not math.isfinite(value):
        return ""
    return f"{value:,.0f}" if value >= 10 or value == 0 else f"{float(f'{value:.2g}'):g}"


def sure(p: float | None) -> str:
    """A probability, never a certainty: 78 %, over 99 %, under 1 %; empty if it is not known."""
    if p is None or math.isnan(p):
        return ""
    if round(100 * p) in (0, 100):
        return "over 99 %" if p > 0.5 else "under 1 %"
    return f"{100 * p:.0f} %"


def unsafe(row: Any) -> str:
    """Why a figure is not to be relied on, as it stands before it; else empty.

    `row`: with unsafe_reason, missing where nothing failed.
    """
    why = row["unsafe_reason"]
    return f"Not to be relied on: {why}. " if isinstance(why, str) else ""


def day(value: date) -> str:
    """A calendar day: 9 Jun 2025."""
    return f"{value.day} {value:%b %Y}"


def period(grain: str, start: date, end: date) -> str:
    """A period: 9 Jun 2025; week of 9 Jun 2025; June 2025; 3 Mar 2025 to 1 May 2025."""
    match grain:
        case "day":
            return day(start)
        case "week":
            return f"week of {day(start)}"
        case "month":
            return f"{start:%B %Y}"
        case _ if start == end:
            return day(start)
        case _:
            return f"{day(start)} to {day(end)}"


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


def rows(frame: pd.DataFrame) -> Iterable[Any]:
    """The rows of a frame, each with its columns as attributes."""
    return frame.itertuples()


def _signed(value: float, decimals: int) -> str:
    text = f"{value:+,.{decimals}f}"
    return text if text.strip("+-0.,") else "0"


# ------------------------------------------------------------------------------------- in colour

# Lightness (OKLab) goes in even steps, so that the eye and every kind of colour vision see
# even steps of the value; chroma and hue only help. On dark ground the order of light turns.
# Of two sides the good one is the quieter: the eye goes to where it hurts.
_DEEPENING = {
    "light": "f9f0c2 eed494 e7b567 e09439 d77206 c45403 b32f01 9b0015 760023",
    "dark": "2b235d 522c71 7d357b aa3f78 d44d67 f16c4e ff943a febf50 fce765",
}
_TWO_SIDED = {
    "light": "5a93bb 7dacca a1c4d9 c7dce8 f4f3f0 e7bea9 d2886e b9503d 990116",
    "dark": "4d829d 4a7086 455f6e 404e57 3e3d3b 745149 a66850 d8834f ffa659",
}
_LOG = ("ratio", "size")
_ONE_SIDE, _BOTH_SIDES = (0.02, 0.98), (0.1, 0.9)
_FAINTEST, _FULL = 110, 230
UNKNOWN = (140, 140, 140, 75)
"""Colour of a hexagon whose value is not released: grey, faint, in no scale."""


@dataclass(frozen=True)
class Scale:
    """From values to colours, between two limits; outside them the end colours hold."""

    look: Look
    low: float
    high: float
    stops: tuple[str, ...]

    def place(self, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Where values lie between the limits: 0 lowest colour, 1 highest, NaN unknown."""
        known, low, high = (self._line(x) for x in (values, self.low, self.high))
        return np.clip((known - low) / (high - low), 0, 1)

    def colours(self, values: npt.ArrayLike) -> Colours:
        """Red, green, blue of each value, shape (n, 3); NaN becomes grey."""
        return self.at(self.place(values))

    def at(self, places: npt.ArrayLike) -> Colours:
        """Red, green, blue at places 0..1 along the scale, shape (n, 3); NaN becomes grey."""
        stops = np.array([[int(s[i : i + 2], 16) for i in (0, 2, 4)] for s in self.stops], float)
        where = np.asarray(places, float) * (len(stops) - 1)
        mixed = [np.interp(where, range(len(stops)), channel) for channel in stops.T]
        rgb = np.column_stack(mixed)
        rgb[np.isnan(where)] = UNKNOWN[:3]
        return rgb.round().astype(np.uint8)

    def opacities(self, lows: npt.ArrayLike, highs: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Alpha of each value, 0..255: full for a sure one, faint where the interval is wide.

        Wide as the scale shows it: an interval wholly beyond an end leaves no doubt of the colour.
        """
        # no interval = nothing known against the value
        unsure = np.nan_to_num(np.abs(self.place(highs) - self.place(lows)), nan=0.0)
        return (_FULL - (_FULL - _FAINTEST) * unsure).round().astype(np.int64)

    def ticks(self, n: int = 5) -> list[tuple[float, str]]:
        """Places 0..1 along the scale and what stands there; the ends say that they are open."""
        at = np.linspace(0, 1, n)
        low, high = self._line(self.low), self._line(self.high)
        values = low + at * (high - low)
        texts = [number(float(v), self.look.figure) for v in self._back(values)]
        texts[0], texts[-1] = f"≤ {texts[0]}", f"≥ {texts[-1]}"
        return list(zip(at.tolist(), texts, strict=True))

    def _line(self, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        known = np.asarray(values, float)
        # twice and half are equally far from unchanged, ten and a hundred from one
        return np.log(np.maximum(known, 1e-6)) if self.look.figure in _LOG else known

    def _back(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.exp(values) if self.look.figure in _LOG else values


def scale(hexes: pd.DataFrame, look: Look, theme: str) -> Scale | None:
    """Colours between two percentiles of what is drawn; None = nothing to colour.

    `hexes`: value, and denominator, by which the percentiles are weighted: the scale spreads over
    calls or people, not over empty country. `theme`: light or dark. A two-sided scale reaches
    equally far to both sides of its centre.
    """
    known = hexes[np.isfinite(hexes["value"].to_numpy(float))]
    if known.empty:
        return None
    weights = known["denominator"].fillna(0).to_numpy(float)
    low, high = np.quantile(
        known["value"].to_numpy(float), _ONE_SIDE if look.centre is None else _BOTH_SIDES,
        method="inverted_cdf",
        weights=weights if weights.sum() > 0 else np.ones(len(known)),
    ).tolist()  # fmt: skip
    if look.centre is not None:
        low, high = _around(look, low, high)
    if high - low < 1e-9:
        low, high = low - abs(low) / 10 - 1e-3, high + abs(high) / 10 + 1e-3
    family = _DEEPENING if look.centre is None else _TWO_SIDED
    stops = tuple(family[theme].split())
    return Scale(look, low, high, stops if look.bad == "high" else stops[::-1])


def _around(look: Look, low: float, high: float) -> tuple[float, float]:
    centre = look.centre or 0.0
    if look.figure == "ratio":
        reach = max(high / centre, centre / max(low, 1e-6), 1.1)
        return centre / reach, centre * reach
    reach = max(high - centre, centre - low)
    return centre - reach, centre + reach


UNRELEASED = {
    "few": "<5 cases",
    "hidden": "hidden to protect persons",
    "unsafe": "not to be trusted",
}
"""What a hexagon without a released value stands for, by `shown`."""
