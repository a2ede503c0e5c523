"""What came of works, in sentences."""

from typing import Any

import pandas as pd

from contracts.written import MISSING
from views.words.looks import look_of
from views.words.numbers import amount, day, number

SAID = {
    "better": "better",
    "worse": "worse",
    "more": "more",
    "less": "less",
    "not_shown": "no effect shown",
    "unknown": "cannot tell",
}
"""What each effect_kind is called."""

HOW = (
    "Expected is what untouched places with such a past did in the same weeks. Places that were "
    "bad by bad luck fall back by themselves, and so do these. p: the share of untouched places "
    "and earlier dates that look as much like an effect."
)
"""How an effect is known."""

PLAIN = (
    "Two plain means, as acceptance sheets have them. Season, growth and luck are in them: a place "
    "chosen for bad weeks looks better without any work."
)
"""What is to be said beside plain means."""

NEXT = (
    "Each kind's mean is drawn towards that of all works, the more the fewer were judged. The "
    "interval is of one more work: it holds how works of one kind differ. It is registered for "
    "each work before it begins, and never changed after."
)
"""How a prediction is made."""


def in_short(effects: pd.DataFrame) -> str:
    """How many works brought what: Of 46 works 17 brought fewer drops, 4 more; ...

    `effects`: answer of effects about the drop rate.
    """
    works = effects[effects["sheet_kind"] == "intervention"]
    n = works["effect_kind"].value_counts()
    known = len(works) - int(n.get("unknown", 0))
    text = (
        f"Of {known} works that can be judged **{n.get('better', 0)}** brought fewer drops, "
        f"**{n.get('worse', 0)}** more; of {n.get('not_shown', 0)} no effect is shown."
    )
    if unknown := int(n.get("unknown", 0)):
        text += f" {unknown} can't be judged, or not yet."
    return text


def of_report(effects: pd.DataFrame) -> str:
    """What came of works that can be judged now: 3 earlier ones are judged now: 1 brought ...

    `effects`: answer of effects about the drop rate, of the report's days; empty gives no text.
    """
    works = effects[(effects["sheet_kind"] == "intervention")]
    n = works["effect_kind"].value_counts()
    known = len(works) - int(n.get("unknown", 0))
    if not known:
        return ""
    return (
        f"Of {known} earlier that can be judged now {n.get('better', 0)} brought fewer drops, "
        f"{n.get('worse', 0)} more."
    )


def title(row: Any) -> str:
    """What was done, and where: Tilt, Leeds 03, LDS03B1, 4 May to 6 May 2026.

    `row`: of effects.
    """
    parts = [_kind(row), *_texts(row.site_name, row.cell_id), _days(row)]
    name = f"Project {row.sheet_id}: " if row.sheet_kind == "project" else ""
    return name + ", ".join(parts)


def where(row: Any) -> str:
    """The place of the works: Leeds 03 LDS03B1; of several places how many.

    `row`: of effects.
    """
    if place := " ".join(_texts(row.site_name, row.cell_id)):
        return place
    return f"{row.n_places_worked} places"


def _kind(row: Any) -> str:
    kind = row.kind if isinstance(row.kind, str) else "works"
    text = kind.replace("_", " ")
    return text[:1].upper() + text[1:]


def _texts(*values: Any) -> list[str]:
    return [value for value in values if isinstance(value, str) and value]


def _days(row: Any) -> str:
    first, last = (pd.Timestamp(each).date() for each in (row.work_from, row.work_until))
    return day(first) if first == last else f"{day(first)} to {day(last)}"


def verdict(row: Any) -> str:
    """What came of it: Better: drops −33 % against what untouched places let expect (...).

    `row`: of effects, by the drop rate.
    """
    if row.effect_kind == "unknown":
        return f"Cannot tell: {row.no_effect_reason}."
    if row.effect_kind == "not_shown":
        return (
            f"No effect is shown: drops {size(row)} against what untouched places let expect, "
            f"between {size_between(row)}."
        )
    return (
        f"{SAID[row.effect_kind].capitalize()}: drops {size(row)} against what untouched places "
        f"let expect ({size_between(row)})."
    )


def verdict_of_work(row: Any) -> str:
    """The verdict beside one intervention: Better: −33 % (−42 % to −12 %); empty where none is.

    `row`: of place_interventions.
    """
    if not isinstance(row.effect_kind, str):
        return ""
    said = SAID[row.effect_kind].capitalize()
    if row.effect_kind == "unknown":
        return f"{said}: {row.no_effect_reason}"
    return f"{said}: {size(row)} ({size_between(row)})"


def size(row: Any) -> str:
    """How large an effect is: −33 %, or +0.4 points; a dash where it is not known.

    `row`: of effects or effect_why.
    """
    if pd.isna(row.effect_size):
        return MISSING
    return _sized(row.effect_size, row.effect_unit)


def size_between(row: Any) -> str:
    """The 90 % interval of an effect; empty where it is not known.

    `row`: of effects or effect_why.
    """
    if pd.isna(row.effect_size):
        return ""
    low, high = (_sized(each, row.effect_unit) for each in (row.effect_size_lo, row.effect_size_hi))
    return f"{low} to {high}"


def _sized(value: float, unit: str) -> str:
    text = f"{value:+.0f} %" if unit == "pct" else f"{value:+.2f} points"
    return text.replace("-", "−").replace("+0 %", "0 %").replace("−0 %", "0 %")


def avoided(row: Any) -> str:
    """Drops that the works avoid: 104 drops a month fewer (35 to 147); empty where not known.

    `row`: of effects or effect_why.
    """
    if pd.isna(row.realised):
        return ""
    way = "fewer" if row.realised >= 0 else "more"
    sign = 1 if row.realised >= 0 else -1
    low, high = sorted((sign * row.realised_lo, sign * row.realised_hi))
    ends = f"{number(low, 'size')} to {number(high, 'size')}"
    return f"{amount(abs(row.realised))} drops a month {way} ({ends})."


def undone_by(row: Any) -> str:
    """How large a drift would undo the verdict; empty where there is none.

    `row`: of effects or effect_why.
    """
    if pd.isna(row.drift_to_undo):
        return ""
    by = f"{row.drift_to_undo:.1f} " + ("%" if row.effect_unit == "pct" else "points")
    return (
        "The verdict would not stand if the place had been drifting away from the untouched ones "
        f"by {by} a month by itself."
    )


def judged(row: Any) -> str:
    """What else was judged with it, and how many of its places; empty where that is plain.

    `row`: of effects.
    """
    texts = []
    if isinstance(row.judged_with, str):
        texts.append(
            f"Judged as one with {row.judged_with.replace(',', ', ')}: their weeks overlap."
        )
    if 0 < row.n_places_judged < row.n_places_worked:
        texts.append(f"{row.n_places_judged} of {row.n_places_worked} places can be judged.")
    return " ".join(texts)


def value(row: Any, name: str) -> str:
    """One figure of a KPI; of a success rate the share that fails.

    `row`: of effect_why. `name`: its column.
    """
    figure = look_of(row.metric).figure
    return number(getattr(row, name), figure)


def kpi_name(row: Any) -> str:
    """What is judged: Drop rate, or Voice set-up success: fails.

    `row`: of effect_why.
    """
    name = row.kpi_name if isinstance(row.kpi_name, str) else look_of(row.metric).title
    fails = row.better == "higher" and row.kpi_unit == "share" and row.effect_unit == "pct"
    return f"{name}: fails" if fails else name


def plain_change(row: Any) -> str:
    """What two plain means say: −41 %.

    `row`: of effect_why.
    """
    return MISSING if pd.isna(row.plain_change_pct) else _sized(row.plain_change_pct, "pct")


def p(row: Any) -> str:
    """The placebo p-value: .02; a dash where it is not known.

    `row`: of effects or effect_why.
    """
    return MISSING if pd.isna(row.p_value) else f"{row.p_value:.3f}".rstrip("0").lstrip("0") or "0"


def foretold(row: Any) -> str:
    """What is expected of the next work: −12 %.

    `row`: of kind_effects or predictions.
    """
    return _sized(row.predicted_size, "pct")


def foretold_between(row: Any) -> str:
    """The 90 % interval of what is expected.

    `row`: of kind_effects or predictions.
    """
    low, high = (_sized(each, "pct") for each in (row.predicted_size_lo, row.predicted_size_hi))
    return f"{low} to {high}"


def came(row: Any) -> str:
    """What came of a work that was foretold: −20 %, as said; empty where it is not judged yet.

    `row`: of predictions.
    """
    if pd.isna(row.effect_size):
        return ""
    return f"{_sized(row.effect_size, 'pct')}, {'as said' if row.is_as_said else 'not as said'}"


def came_between(row: Any) -> str:
    """The 90 % interval of what came of it; empty where it is not judged yet.

    `row`: of predictions.
    """
    if pd.isna(row.effect_size):
        return ""
    low, high = (_sized(each, "pct") for each in (row.effect_size_lo, row.effect_size_hi))
    return f"{low} to {high}"
