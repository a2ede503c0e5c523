"""What to tell a customer of a place, and how a spot without a name is called; no Streamlit."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from views.words.numbers import day, number, rows

_CAUSES = {
    "load": "At busy hours the cells there are asked for more than they can carry.",
    "other": "It is not for want of capacity; its cause is being looked for.",
    "undecided": "Whether it is for want of capacity is not known yet.",
}
_WINDS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
_RECENT_DAYS, _AT_KM = 28, 0.05


def near(site_name: str, distance_km: float, bearing_deg: float) -> str:
    """What a spot is called that has no name: near Leeds 21, 1.2 km NE.

    `site_name`: the nearest site. `distance_km`: from it to the spot. `bearing_deg`: which way, 0
    to 360 from north by east.
    """
    if distance_km < _AT_KM:
        return f"at {site_name}"
    return f"near {site_name}, {away(distance_km, bearing_deg)}"


def away(distance_km: float, bearing_deg: float) -> str:
    """How far a spot is and which way: 1.2 km NE.

    `distance_km`: to it. `bearing_deg`: 0 to 360 from north by east.
    """
    return f"{distance_km:.1f} km {_WINDS[round(bearing_deg / 45) % 8]}"


def action_kind(kind: str) -> str:
    """A kind of intervention as people read it: new_carrier -> new carrier.

    `kind`: of table intervention.
    """
    return kind.replace("_", " ").replace("sw upgrade", "software upgrade")


def care_card(
    ranked: Any, rises: pd.DataFrame, interventions: pd.DataFrame, *, today: pd.Timestamp
) -> list[tuple[str, str]]:
    """What to tell a customer of a place, as heads and sentences: trouble, since, why, planned.

    `ranked`: row of worst_places; None = no list has the place. `rises`: rows of place_changes that
    are in force and speak of it. `interventions`: answer of place_interventions. `today`: day of
    the newest data, on the operator's clock, without a zone.
    """
    lines = [("Known trouble", _trouble(ranked, rises))]
    if len(rises):
        lines.append(("Since", _since(rises, str(today.tz or "UTC"))))
        lines.append(("Why", _why(rises)))
    lines.append(("Planned", _planned(interventions)))
    if done := _done(interventions, today):
        lines.append(("Done lately", done))
    return lines


def _trouble(ranked: Any, rises: pd.DataFrame) -> str:
    if ranked is None:
        return "Yes: calls there drop more often than before." if len(rises) else "None is known."
    rate = _rate(ranked)
    if isinstance(ranked["unsafe_reason"], str):
        return "Not known: the data of this place failed a check."
    if ranked["place_state"] == "act":
        return f"Yes. {rate}"
    if ranked["place_state"] == "high":
        return f"Calls drop there more often than elsewhere, and no remedy is known. {rate}"
    return f"None is known. {rate}"


def _rate(ranked: Any) -> str:
    if pd.isna(ranked["drop_rate"]):
        return ""
    text = f"{number(ranked['drop_rate'], 'share')} of calls dropped in the newest four weeks"
    if pd.notna(ranked["normal_rate"]):
        text += f"; a typical cell drops {number(ranked['normal_rate'], 'share')}"
    return f"{text}."


def _since(rises: pd.DataFrame, timezone: str) -> str:
    days = [
        day(pd.Timestamp(row.change_utc).tz_convert(timezone))
        for row in rows(rises.sort_values("change_utc"))
    ]
    days = list(dict.fromkeys(days))
    if len(days) == 1:
        return f"{days[0]}."
    return f"{days[0]}; more calls drop there since {_listed(days[1:4])} too."


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _why(rises: pd.DataFrame) -> str:
    causes = {cause for cause in rises["attribution"].fillna("undecided") if cause in _CAUSES}
    if len(causes) < 2:
        return "".join(_CAUSES[cause] for cause in causes)
    if "load" in causes:
        return (
            "Some cells there are asked for more than they can carry at busy hours; in others "
            "it is something else, or not known yet."
        )
    return "It is not for want of capacity in all cells; in some that is not known yet."


def _planned(interventions: pd.DataFrame) -> str:
    ahead = interventions[interventions["is_ahead"].fillna(value=False).astype(bool)]
    if len(ahead):
        return " ".join(_one_planned(row) for row in rows(ahead.sort_values("start_day").head(3)))
    late = interventions[interventions["status"] == "planned"]
    if len(late):
        row = next(iter(rows(late)))
        return (
            f"{_named(row)} was planned for {day(row.start_day)} and is not logged as done. "
            "Promise no date."
        )
    return "Nothing is logged as planned there. Promise no date."


def _one_planned(row: Any) -> str:
    why = f": {row.description}" if isinstance(row.description, str) and row.description else ""
    return f"{_named(row)} on {day(row.start_day)}{why}."


def _named(row: Any) -> str:
    where = row.cell_id if isinstance(row.cell_id, str) else row.site_name
    kind = action_kind(str(row.kind))
    return f"{kind[0].upper()}{kind[1:]}{f' at {where}' if isinstance(where, str) else ''}"


def _done(interventions: pd.DataFrame, today: pd.Timestamp) -> str:
    since = today.tz_localize(None).normalize() - pd.Timedelta(days=_RECENT_DAYS)
    done = interventions[interventions["status"] == "done"]
    recent = done[pd.to_datetime(done["start_day"]) >= since]
    return " ".join(
        f"{_named(row)} on {day(row.start_day)}; {came_of(row)}." for row in rows(recent.head(3))
    )


def came_of(row: Any) -> str:
    """What came of an intervention, as far as a change is dated with it.

    `row`: of place_interventions.
    """
    if row.status != "done":
        return ""
    if not isinstance(row.change_id, str):
        return "no change is dated with it"
    more = f", and {row.n_changes - 1} more" if row.n_changes > 1 else ""
    return (
        f"drops went {row.direction} to {number(row.ratio, 'ratio')} "
        f"({number(row.ratio_lo, 'ratio')} to {number(row.ratio_hi, 'ratio')}){more}"
    )
