"""What goes with what customers say, in sentences."""

from typing import Any

import pandas as pd

from contracts.written import per_cent
from views.words.numbers import interval, number

OUTCOMES = {
    "network": "Network complaints",
    "device": "Device complaints",
    "other": "Other complaints",
    "account": "Bills: the control",
    "detractors": "Detractors",
    "promoters": "Promoters",
    "nps": "NPS",
}
"""What customers say, by outcome_class, in the order in which it is shown."""

CANNOT = (
    "It speaks of places, not of persons: who complained need not be who had the trouble. Whatever "
    "else moves with a KPI in the same places and months, and with these complaints but not with "
    "those about bills, is in it. Where a KPI is counted in a wrong hexagon the relation looks "
    "flatter than it is. A relation that is not seen may still be there: its interval says how "
    "large."
)
"""What an association can't say."""

_VERDICTS = {
    "network": "It survives all looks together, and it is more than complaints about bills do.",
    "control_too": "It survives all looks together, but no network causes complaints about bills.",
    "control": "This is the control, and it moves: no network causes complaints about bills, so "
    "something else moves with this KPI.",
    "none": "Nothing is sure: among so many looks, chance alone gives as much.",
}


def outcome(outcome_class: str) -> str:
    """What customers say, as a heading: Network complaints.

    `outcome_class`: that of table association.
    """
    return OUTCOMES.get(outcome_class, f"Complaints: {outcome_class}")


def verdict(row: Any) -> str:
    """What is to be made of one association.

    `row`: of associations. One that is not known says why.
    """
    if row.association_kind == "unknown":
        why = row.unsafe_reason
        return f"Not known: {why}." if isinstance(why, str) else "Not known."
    return _VERDICTS[row.association_kind]


def counted_in(row: Any) -> str:
    """Where it was looked at, and which places were left out.

    `row`: of associations, one that is known.
    """
    text = f"{row.n_places:.0f} places over {row.n_months:.0f} months."
    if not row.n_places_dropped > 0:
        return text
    known = row.n_places + row.n_places_dropped
    return (
        f"{text} {row.n_places_dropped:.0f} of {known:.0f} places are left out: without a "
        "case, or known in one month alone, they tell nothing of what moves with it."
    )


def effect(row: Any, name: str = "effect_pct") -> str:
    """What goes with a tenth more of the KPI: 3.1 % (1.0 to 5.2); a dash where it is not known.

    `row`: of associations. `name`: effect_pct, or beyond_pct for what is beyond the control.
    """
    value, low, high = (getattr(row, name + end) for end in ("", "_lo", "_hi"))
    if pd.isna(value):
        return number(None, "plain")
    unit = " points" if row.outcome_class == "nps" else " %"
    return f"{number(value, 'plain')}{unit} ({interval(low, high, 'plain')})"


def beyond(row: Any) -> str:
    """How much of it is beyond what complaints about bills do; empty for the control itself.

    `row`: of associations, one that is known.
    """
    if row.outcome_class == "account":
        return ""
    if pd.isna(row.beyond_pct):
        return "There are too few complaints about bills for a control: what else moves is in it."
    sure = row.beyond_pct_lo > 0 or row.beyond_pct_hi < 0
    rest = "" if sure else " Its interval holds zero: bills may move as much."
    return f"Beyond what complaints about bills do: {effect(row, 'beyond_pct')}.{rest}"


def foreseen(row: Any) -> str:
    """How much of what differs between places is foreseen, beside two naive guesses.

    `row`: of associations. Empty where there were too few months to hold some back.
    """
    if pd.isna(row.explained_ahead):
        return "There are too few months to say how much the network foresees."
    naive = max(row.explained_place_mean, row.explained_last_month)
    guesses = (
        f"a place's own past alone foresees {_share(row.explained_place_mean)}, its month "
        f"before {_share(row.explained_last_month)}; with this KPI added "
        f"{_share(row.explained_ahead)}"
    )
    gain = 100 * (row.explained_ahead - max(naive, 0.0))
    adds = f"it adds {gain:.0f} points" if gain >= 1 else "it adds nothing to a forecast"
    return f"Of what differs between places in the newest months, {guesses}: {adds}."


def ranked(row: Any) -> str:
    """The rank correlation of places' means, and how many independent places it stands on.

    `row`: of associations. Empty where it is not known.
    """
    if pd.isna(row.rank_correlation):
        return ""
    p = "under .001" if row.rank_p < 0.001 else f"{row.rank_p:.3f}".removeprefix("0")
    return (
        f"Between places, rank correlation {row.rank_correlation:+.2f} (p {p}): neighbours are "
        f"alike, so they are worth {row.n_effective:.0f} independent ones."
    ).replace("-", "−")


def in_short(rows: pd.DataFrame) -> str:
    """How many associations were looked at, how many survive, and how many are to be relied on.

    `rows`: answer of associations.
    """
    known = rows[rows["association_kind"] != "unknown"]
    kinds = known["association_kind"].value_counts()
    trusted, doubted = (int(kinds.get(kind, 0)) for kind in ("network", "control_too"))
    survive = trusted + doubted + int(kinds.get("control", 0))
    return (
        f"{len(known):,} relations were looked at together. **{survive}** survive, and "
        f"**{trusted}** of these are more than complaints about bills do."
    )


def elsewhere(row: Any) -> str:
    """How much of complaints or detractors is not about the network, as a sentence.

    `row`: of network_shares, with a share that is known.
    """
    what = "what makes detractors" if row.metric == "nps" else "what people complain of"
    place = row.region or "the whole network"
    span = interval(row.elsewhere_lo, row.elsewhere_hi, "part")
    text = f"{span} of {what} in {place} is not about drops and load"
    if row.network_share_lo > 0:
        return f"{text}."
    least = per_cent(row.network_share_visible)
    return f"{text}; that they matter at all is not seen (from {least} on it would be)."


def classes(row: Any) -> str:
    """What complaints are said to be about; empty where a class is hidden, and of detractors.

    `row`: of network_shares.
    """
    shares = {
        "the network": row.network_class_share,
        "devices": row.device_class_share,
        "bills": row.account_class_share,
        "other things": row.other_class_share,
    }
    if any(pd.isna(share) for share in shares.values()):
        return ""
    return ", ".join(f"{about} {per_cent(share)}" for about, share in shares.items())


def _share(share: float) -> str:
    return "less than one rate for all would" if share < 0 else per_cent(share)
