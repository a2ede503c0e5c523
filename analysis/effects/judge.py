"""What came of works: units after them, against untouched ones with such a past.

Difference-in-differences whose past has weights of its own. A plain difference subtracts the whole
past: a unit that was chosen for bad weeks falls back by itself and the work is praised for it. Here
the weeks after are regressed on several spans before, over the untouched units with the most
similar past and at the same dates (Imbens and Wooldridge 2009, JEL 47, section 6.5.4): what falls
back in them is expected to fall back in the treated one.

How far off such an expectation is, the untouched units show: each is taken for a treated one in
turn, at the date of the work and at one before it (placebo places and dates). Interval and p-value
are both read from those, so that an interval leaves out 0 where the p-value is below .10.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from analysis.arrays import Flags, Floats, Indices
from analysis.effects.panel import Panel, Sums, sums

AFTER_DAYS = 28
PAST = ((-14, 0), (-28, -14), (-56, -28))
"""Spans of days before a work whose values foretell those after it."""
MOST_CONTROLS, LEAST_CONTROLS = 200, 20
_LEAST_COUNT = 10.0
_BEYOND = 0.75
"""In standard deviations of the untouched units: so far beyond all matched ones may a past lie."""


@dataclass(frozen=True)
class When:
    """When works were: they begin on day `start` and are over before day `end`; columns.

    `n_spans`: how many spans of the past are used. `past`: these spans, counted from the start, the
    newest first. `n_after`: days after that are judged. `unit`: what a column is, in words.
    """

    start: int
    end: int
    n_spans: int = len(PAST)
    past: tuple[tuple[int, int], ...] = PAST
    n_after: int = AFTER_DAYS
    unit: str = "days"

    def earlier(self, days: int) -> "When":
        """The same so many days earlier, as if the works had taken no time.

        `days`: whole days.
        """
        return replace(self, start=self.start - days, end=self.start - days)

    @property
    def first_day(self) -> int:
        """Column of the first day of the past."""
        return self.start + self.past[self.n_spans - 1][0]


@dataclass(frozen=True)
class Judged:
    """What came of each treated unit, (unit,); NaN = not known, and `reason` says why."""

    effect: Floats
    """Log of what was over what was expected, or their difference."""
    sd: Floats
    """Its standard error."""
    sd_none: Floats
    """The same if the works did nothing."""
    before: Sums
    """Over the whole past."""
    after: Sums
    expected: Floats
    """Value expected after, a ratio."""
    placebo: Floats
    """Of each matched untouched unit, its effect over its standard error, (unit, placebo)."""
    controls: Indices
    """Rows of the matched units, (unit, control); -1 = none."""
    unit: Indices
    """Row of each treated unit."""
    reason: list[str | None]


def judged(panel: Panel, treated: Indices, when: When, untouched: Indices) -> Judged:
    """What came of works at some units that began and ended on the same days.

    `panel`: the KPI. `treated`: rows of the units. `when`: the days. `untouched`: rows of the units
    that nothing was done at or near, over all days that are looked at.
    """
    units = np.r_[treated, untouched]
    n_treated = len(treated)
    used = when.past[: when.n_spans]
    spans = [sums(panel, units, when.start + a, when.start + b) for a, b in used]
    after = sums(panel, units, when.end, when.end + when.n_after)
    before = sums(panel, units, when.first_day, when.start)
    past = np.column_stack([span.values for span in spans])
    if panel.noise is not None:
        # counts of alike volume are alike in how much of their past is luck
        past = np.column_stack([past, 0.5 * np.log(before.above + 1)])
    is_pool = np.isfinite(past).all(axis=1) & np.isfinite(after.values) & _is_enough(panel, before)
    is_pool[:n_treated] = False
    pool = np.flatnonzero(is_pool)
    after_it = f"the {when.n_after} {when.unit} after it"
    is_enough = _is_enough(panel, before)[:n_treated]
    reason = _reasons(spans, after, is_enough, len(pool), (when.unit, after_it))
    if when.end + when.n_after > panel.above.shape[1]:
        reason = [f"{after_it} are not over"] * n_treated
    asked = np.flatnonzero([each is None for each in reason])
    ours = slice(n_treated)
    result = _nothing(treated, _of(before, ours), _of(after, ours), reason)
    if not len(asked):
        return result
    fit = _fitted(panel, past, after, pool, asked)
    _place(result, fit, asked, units)
    for unit in np.flatnonzero(fit.is_unlike):
        reason[asked[unit]] = "no untouched place had such a past"
    return result


def with_placebo_dates(panel: Panel, treated: Indices, when: When, untouched: Indices) -> Judged:
    """As `judged`, with the placebo effects of an earlier date beside those of the date itself.

    `panel`, `treated`, `when`, `untouched`: as of `judged`. Where the panel begins too late for an
    earlier date, the date itself is all.
    """
    now = judged(panel, treated, when, untouched)
    then = judged(panel, treated, when.earlier(when.n_after), untouched)
    return replace(now, placebo=np.hstack([now.placebo, then.placebo]))


def _of(of: Sums, rows: slice) -> Sums:
    return Sums(of.above[rows], of.below[rows], of.values[rows], of.scatter[rows],
                of.is_known[rows])  # fmt: skip


def _is_enough(panel: Panel, before: Sums) -> Flags:
    """Whether enough was counted before, (unit,)."""
    return (before.above >= _LEAST_COUNT) | (panel.noise is None)


def _reasons(
    spans: list[Sums], after: Sums, is_enough: Flags, n_pool: int, words: tuple[str, str]
) -> list[str | None]:
    """Why each treated unit can't be judged; None = it can, as far as this goes.

    `spans`, `after`: the treated units first. `is_enough`: of the treated, whether enough was
    counted before. `words`: what a column is, and the time after.
    """
    unit_word, after_it = words
    reasons: list[str | None] = []
    for unit in range(len(is_enough)):
        if not all(span.is_known[unit] for span in spans):
            reasons.append(f"too few {unit_word} before it are known")
        elif not after.is_known[unit]:
            reasons.append(f"too few of {after_it} are known")
        elif not is_enough[unit]:
            reasons.append(f"fewer than {_LEAST_COUNT:.0f} were counted before it")
        elif not all(np.isfinite(span.values[unit]) for span in [*spans, after]):
            reasons.append("nothing was counted before or after it")
        elif n_pool < LEAST_CONTROLS:
            reasons.append(f"only {n_pool} untouched places, {LEAST_CONTROLS} are needed")
        else:
            reasons.append(None)
    return reasons


def _nothing(treated: Indices, before: Sums, after: Sums, reason: list[str | None]) -> Judged:
    n = len(treated)

    def none() -> Floats:
        return np.full(n, np.nan)

    return Judged(none(), none(), none(), before, after, none(),
                  np.full((n, MOST_CONTROLS), np.nan),
                  np.full((n, MOST_CONTROLS), -1), treated, reason)  # fmt: skip


def _place(result: Judged, fit: "_Fit", asked: Indices, units: Indices) -> None:
    """Writes a fit into its places among all treated units."""
    good = asked[~fit.is_unlike]
    for into, values in (
        (result.effect, fit.effect), (result.sd, fit.sd), (result.sd_none, fit.sd_none),
        (result.expected, fit.expected),
    ):  # fmt: skip
        into[good] = values[~fit.is_unlike]
    n_controls = fit.z.shape[1]
    result.placebo[good, :n_controls] = fit.z[~fit.is_unlike]
    result.controls[good, :n_controls] = units[fit.controls[~fit.is_unlike]]


# --- the regression -----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Fit:
    """What the regressions say: of each asked unit, (unit,), and its controls, (unit, control)."""

    effect: Floats
    sd: Floats
    sd_none: Floats
    expected: Floats
    z: Floats
    controls: Indices
    is_unlike: Flags


def _fitted(panel: Panel, past: Floats, after: Sums, pool: Indices, asked: Indices) -> _Fit:
    """The regression of each asked unit, over the untouched units with the most similar past.

    `past`: (unit, span). `after`: of the same units. `pool`, `asked`: rows of them.
    """
    standard = past / np.maximum(past[pool].std(axis=0), 1e-9)
    controls = _most_similar(standard, pool, asked)
    # distances from the treated unit: the constant of the regression is then what is expected of it
    away = standard[controls] - standard[asked][:, None, :]
    design = np.concatenate([np.ones((*away.shape[:2], 1)), away], axis=2)
    outcome, of_counting = after.values[controls], after.variance(after.above)[controls]
    other = _other_variance(design, outcome, of_counting)
    variance = of_counting + other[:, None]
    least = _least_squares(design, outcome, 1 / variance)
    foretold = least.beta[:, 0]
    expected = np.exp(foretold) if panel.is_log else foretold
    counted = after.above[asked]
    other_and_fit = other + least.inverse[:, 0, 0]
    none, some = (
        np.sqrt(after.scatter[asked] / np.maximum(count, 0.5) + other_and_fit)
        for count in (expected * after.below[asked], counted)
    )
    return _Fit(
        effect=after.values[asked] - foretold,
        sd=some,
        sd_none=none,
        expected=expected,
        z=least.residual / np.sqrt(variance * np.maximum(1 - least.leverage, 0.05)),
        controls=controls,
        is_unlike=(np.abs(away).min(axis=1) > _BEYOND).any(axis=1),
    )


def _most_similar(past: Floats, pool: Indices, asked: Indices) -> Indices:
    """Rows of the untouched units nearest to each asked one by their past, (asked, control)."""
    n_controls = min(MOST_CONTROLS, len(pool))
    _, near = cKDTree(past[pool]).query(past[asked], k=n_controls)
    return pool[np.reshape(near, (len(asked), n_controls))]


def _other_variance(design: Floats, outcome: Floats, of_counting: Floats) -> Floats:
    """By how much controls differ beyond counting, as a variance, (unit,); above 0."""
    residual = _least_squares(design, outcome, np.ones_like(outcome)).residual
    n_free = max(outcome.shape[1] - design.shape[2], 1)
    squares = (residual**2).sum(axis=1) / n_free
    # where counting explains all, the units still differ by something
    return np.maximum(squares - of_counting.mean(axis=1), 1e-4 * squares + 1e-12)


@dataclass(frozen=True)
class _Least:
    """Weighted least squares of each unit: (unit, term), (unit, term, term), (unit, control)."""

    beta: Floats
    inverse: Floats
    residual: Floats
    leverage: Floats


def _least_squares(design: Floats, outcome: Floats, weight: Floats) -> _Least:
    weighted = design * weight[..., None]
    square = np.swapaxes(weighted, 1, 2) @ design
    # terms that do not vary get no weight of their own
    size = np.trace(square, axis1=1, axis2=2) / square.shape[1]
    inverse = np.linalg.inv(square + 1e-9 * size[:, None, None] * np.eye(square.shape[1]))
    beta = (inverse @ (np.swapaxes(weighted, 1, 2) @ outcome[..., None]))[..., 0]
    residual = outcome - (design @ beta[..., None])[..., 0]
    leverage = np.einsum("uci,uij,ucj->uc", weighted, inverse, design)
    return _Least(beta, inverse, residual, leverage)
