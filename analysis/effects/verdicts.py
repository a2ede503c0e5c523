"""What came of each work, and of works that are one project, in figures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Flags, Floats, Indices
from analysis.effects import judge
from analysis.effects.judge import Judged, When
from analysis.effects.panel import Panel
from analysis.effects.sheets import Works, is_alone
from analysis.uncertainty.draws import CORRELATION

_CANDIDATES = 5000
"""Untouched units that are looked at for similar ones, of each date; more add nothing."""
_COVERAGE = 0.9
_DAYS_A_MONTH = 30.4375


@dataclass(frozen=True)
class Verdict:
    """What came of works at one or more places together; NaN = not known.

    `reason`: why nothing is known, None = something is. `effect` with its interval: logarithm of
    what was over what was expected, or their difference.
    """

    effect: float
    low: float
    high: float
    p_value: float
    n_placebo: int
    n_controls: int
    n_treated: int
    value_before: float
    value_after: float
    value_expected: float
    counted: float
    expected_count: float
    n_months_between: float
    """From the middle of the past to that of the days after."""
    reason: str | None


@dataclass(frozen=True)
class OfDays:
    """One place's days around its works, by `event_day`: -1 = the last before, 1 = the first after.

    `expected`: what the matched untouched places lead to expect, scaled so that all days before
    together have what was counted, and all days after what is expected of them. `variance`: of the
    logarithm of a day's count.
    """

    event_day: Indices
    above: Floats
    below: Floats
    expected: Floats
    variance: Floats


@dataclass(frozen=True)
class Member:
    """One place's part of a verdict."""

    judged: Judged
    row: int
    when: When


def of_works(panel: Panel, works: Sequence[Works], rows: Indices, flags: Flags) -> list[Member]:
    """What came of each of the works, in their order.

    `panel`: the KPI, of the kind of place that the works are at. `rows`: of the place of each.
    `flags`: as of `sheets.touched`, of the panel's units.
    """
    return of_dates(
        panel, [When(each.start, each.end, each.n_spans) for each in works], rows, flags
    )


def of_dates(panel: Panel, whens: Sequence[When], rows: Indices, flags: Flags) -> list[Member]:
    """As `of_works`, of works by their dates.

    `whens`: of each of the works. `panel`, `rows`, `flags`: as of `of_works`.
    """
    members: dict[int, Member] = {}
    for when in dict.fromkeys(whens):
        which = [number for number, other in enumerate(whens) if other == when]
        treated = rows[which]
        untouched = _thinned(np.flatnonzero(is_alone(flags, when)))
        found = judge.with_placebo_dates(panel, treated, when, untouched)
        members |= {number: Member(found, place, when) for place, number in enumerate(which)}
    return [members[number] for number in range(len(whens))]


def _thinned(units: Indices) -> Indices:
    """The units, or evenly spread ones where there are more than are looked at."""
    if len(units) <= _CANDIDATES:
        return units
    return units[np.linspace(0, len(units) - 1, _CANDIDATES).astype(np.intp)]


def verdict_of(panel: Panel, members: Sequence[Member], refused: str | None = None) -> Verdict:
    """What came of one or more works together.

    `panel`: the KPI. `members`: one or more of `of_works`. Those that can't be judged are left out,
    unless none can. `refused`: why nothing is to be said of them all the same; None = it is.
    """
    known = [each for each in members if each.judged.reason[each.row] is None]
    if refused or not known:
        return _unknown(members, refused)
    effect, sd_none, sd, sums = _together(panel, known)
    placebo = np.concatenate([each.judged.placebo[each.row] for each in known])
    placebo = np.abs(placebo[np.isfinite(placebo)])
    half = _quantile(placebo) * sd
    is_as_large = placebo >= abs(effect) / sd_none
    return Verdict(
        effect=effect,
        low=effect - half,
        high=effect + half,
        p_value=float((1 + is_as_large.sum()) / (1 + len(placebo))),
        n_placebo=len(placebo),
        n_controls=int(sum((each.judged.controls[each.row] >= 0).sum() for each in known)),
        n_treated=len(known),
        value_before=sums[0] / sums[1],
        value_after=sums[2] / sums[3],
        value_expected=sums[4] / sums[3],
        counted=sums[2],
        expected_count=sums[4],
        n_months_between=float(np.mean([_months_between(each.when) for each in known])),
        reason=None,
    )


def _together(panel: Panel, known: Sequence[Member]) -> tuple[float, float, float, list[float]]:
    """Effect, its errors without and with an effect, and sums: before, after, expected."""
    columns = np.array([
        (
            each.judged.before.above[each.row], each.judged.before.below[each.row],
            each.judged.after.above[each.row], each.judged.after.below[each.row],
            each.judged.expected[each.row] * each.judged.after.below[each.row],
            each.judged.effect[each.row], each.judged.sd_none[each.row], each.judged.sd[each.row],
        )
        for each in known
    ])  # fmt: skip
    sums = columns[:, :5].sum(axis=0)
    expected = columns[:, 4]
    weight = (expected if panel.is_log else columns[:, 3]) / (
        expected.sum() if panel.is_log else columns[:, 3].sum()
    )
    sd_none, sd = (_error(weight * columns[:, at]) for at in (6, 7))
    if len(known) == 1:
        effect = columns[0, 5]
    elif panel.is_log:
        effect = np.log(weight @ np.exp(columns[:, 5]))
    else:
        effect = weight @ columns[:, 5]
    return float(effect), sd_none, sd, [float(each) for each in sums]


def _error(errors: Floats) -> float:
    """Standard error of a sum whose parts share some of the days' and the region's luck."""
    squares = (1 - CORRELATION) * (errors**2).sum() + CORRELATION * errors.sum() ** 2
    return float(np.sqrt(squares))


def _quantile(placebo: Floats) -> float:
    """By how many of its errors nine in ten placebo effects are off, at most.

    Of n placebos the ceil(.9 (n + 1)) smallest, so that the share holds for the next one too (Vovk
    and others 2005, Algorithmic Learning in a Random World, section 2.2).
    """
    rank = int(np.ceil(_COVERAGE * (len(placebo) + 1)))
    return float(np.sort(placebo)[min(rank, len(placebo)) - 1])


def _months_between(when: When) -> float:
    n_before, n_after = (when.start - when.first_day) / 2, when.n_after / 2
    n_columns = n_before + (when.end - when.start) + n_after
    return n_columns / (_DAYS_A_MONTH if when.unit == "days" else 1.0)


def _unknown(members: Sequence[Member], refused: str | None) -> Verdict:
    """No verdict; the plain figures before and after, where they are known."""
    first = members[0]
    before, after = first.judged.before, first.judged.after
    is_one = len(members) == 1
    values = [
        float(each.above[first.row] / each.below[first.row])
        if is_one and each.is_known[first.row] and each.below[first.row] > 0
        else np.nan
        for each in (before, after)
    ]
    return Verdict(
        effect=np.nan,
        low=np.nan,
        high=np.nan,
        p_value=np.nan,
        n_placebo=0,
        n_controls=0,
        n_treated=0,
        value_before=values[0],
        value_after=values[1],
        value_expected=np.nan,
        counted=np.nan,
        expected_count=np.nan,
        n_months_between=np.nan,
        reason=refused or first.judged.reason[first.row],
    )


def days_of(panel: Panel, member: Member) -> OfDays | None:
    """One place's days around its works, beside what is expected; None = not known.

    `panel`: the KPI, of counts. `member`: of `of_works`.
    """
    one, row, when = member.judged, member.row, member.when
    if one.reason[row] is not None or panel.noise is None:
        return None
    days_before = np.arange(max(when.first_day, 0), when.start)
    columns = np.r_[days_before, np.arange(when.end, when.end + when.n_after)]
    controls = one.controls[row][one.controls[row] >= 0]
    unit = one.unit[row]
    above, below = (each[:, columns][[*controls, unit]] for each in (panel.above, panel.below))
    index = np.nansum(above[:-1], axis=0) / np.maximum(np.nansum(below[:-1], axis=0), 1)
    tries = np.nan_to_num(below[-1])
    is_after = columns >= when.end
    expected = index * tries
    for part, total in (
        (~is_after, np.nansum(above[-1][~is_after])),
        (is_after, one.expected[row] * tries[is_after].sum()),
    ):
        expected[part] *= total / max(expected[part].sum(), 1e-9)
    event_day = np.where(is_after, columns - when.end + 1, columns - when.start)
    other = one.sd_none[row] ** 2 - one.after.scatter[row] / max(
        one.expected[row] * one.after.below[row], 0.5
    )
    of_day = panel.noise.phi[unit] / np.maximum(expected, 0.5) + max(other, 0.0) * is_after
    return OfDays(event_day, np.nan_to_num(above[-1]), tries, expected, of_day)
