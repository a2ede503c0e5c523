"""Associations in words."""

import numpy as np

_WHEN = ("in the same month", "one month later", "two months later", "three months later",
            "four months later", "five months later", "six months later")  # fmt: skip
_OUTCOMES = {
    "network": "complainants about the network",
    "device": "complainants about devices",
    "account": "complainants about bills and accounts",
    "other": "complainants about other things",
    "detractors": "detractors",
    "promoters": "promoters",
}

_AMONG_MANY = (
    " if it had been looked at alone; of the many relations that were looked at together, "
    "one like it can be chance"
)


def outcome_words(outcome_class: str) -> str:
    """An outcome as it stands in a sentence.

    `outcome_class`: a class of complaints, detractors, promoters, or nps for the score.
    """
    return _OUTCOMES.get(outcome_class, f"complainants of class {outcome_class}")


def reading(words: str, outcome_class: str, lag: int, kind: str, effect: tuple[float, ...]) -> str:
    """One association as a sentence.

    `words`: the KPI and by how much it moves, such as "drop rate a tenth higher". `outcome_class`:
    as of `outcome_words`. `lag`: months by which the outcome follows. `kind`: value of
    association_kind. `effect`: what goes with it, and the ends of its interval: per cent more
    cases, or points of NPS.
    """
    value, low, high = effect
    if np.isnan(value):
        return "Not known."
    is_score = outcome_class == "nps"
    outcome = "NPS" if is_score else outcome_words(outcome_class)
    if kind == "none":
        span = f"{_number(low)} to {_number(high)} {'points' if is_score else '%'}"
        # looked at alone it may leave out zero; what was looked at is the whole family
        rest = _AMONG_MANY if low > 0 or high < 0 else ""
        return (f"Whether {words} goes with more or fewer {outcome} {_WHEN[lag]} can't be seen: "
                f"{span}{rest}.")  # fmt: skip
    more, span = (_score if is_score else _cases)(value, low, high)
    sentence = f"{words} goes with {more} {outcome} {_WHEN[lag]}, {span}"
    sentence = sentence[0].upper() + sentence[1:]
    if kind == "control_too":
        return f"{sentence}; complaints about bills may move as much, so do not rely on it."
    return f"{sentence}."


def _cases(value: float, low: float, high: float) -> tuple[str, str]:
    if value < 0:
        return f"{_number(-value)} % fewer", f"{_number(-high)} to {_number(-low)} %"
    return f"{_number(value)} % more", f"{_number(low)} to {_number(high)} %"


def _score(value: float, low: float, high: float) -> tuple[str, str]:
    if value < 0:
        return f"{_number(-value)} points less of", f"{_number(-high)} to {_number(-low)}"
    return f"{_number(value)} points more of", f"{_number(low)} to {_number(high)}"


def _number(value: float) -> str:
    """One digit behind the point; from 10 up none."""
    return f"{value:.0f}" if abs(value) >= 10 else f"{value:.1f}"
