"""Changes that were reported before keep their name and the day they were first reported."""

import pandas as pd

from geo import hexgrid

# a refit may move a date by so much and still speak of the same change
_SAME = pd.Timedelta(hours=48)
# a change may come so long after an intervention
_AFTER = pd.Timedelta(hours=48)
# its hours are masked, so a change that came with it may be dated just before it
_BEFORE = pd.Timedelta(hours=3)


def keep_identity(
    changes: pd.DataFrame, earlier: pd.DataFrame, *, as_of: pd.Timestamp
) -> pd.DataFrame:
    """The changes with change_id and first_reported_utc, taken over from `earlier` where it is one.

    One change is: one cell or hexagon, metric and direction, dates at most 48 h apart, nearest
    first, each earlier change taken once. `changes`: cell_id or hex_id, metric, direction and
    change_utc. `earlier`: table `change_point` of the run before. `as_of`: end of this run's data.
    """
    place = places_of(changes)
    matches = _matches(_pairs(changes.assign(place=place), earlier))
    date = changes["change_utc"].dt.strftime("%Y%m%dT%H")
    new_ids = place + "-" + changes["direction"] + "-" + date
    # a change that moved away may have left its date's name to another
    new_ids = new_ids.where(~new_ids.isin(matches["change_id"]), new_ids + "b")
    ids, reported = (
        matches[name].reindex(changes.index) for name in ("change_id", "first_reported_utc")
    )
    return changes.assign(change_id=ids.fillna(new_ids), first_reported_utc=reported.fillna(as_of))


def _pairs(changes: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """Each change, as `index`, with the earlier ones it may be, nearest first."""
    keys = ["place", "metric", "direction"]
    left = changes.reset_index()[["index", *keys, "change_utc"]]
    right = earlier.assign(place=places_of(earlier))
    right = right[["change_id", "first_reported_utc", *keys, "change_utc"]]
    pairs = left.merge(right, on=keys, suffixes=("", "_earlier"))
    pairs["distance"] = (pairs["change_utc"] - pairs["change_utc_earlier"]).abs()
    pairs = pairs[pairs["distance"] <= _SAME]
    return pairs.sort_values(["distance", "index"], kind="stable")


def places_of(changes: pd.DataFrame) -> pd.Series:
    """The cell of each change, or its hexagon as text.

    `changes`: rows with cell_id; where some are of hexagons, with hex_id too (missing = a cell's).
    """
    if "hex_id" not in changes:
        return changes["cell_id"]
    is_hex = changes["hex_id"].notna()
    texts = hexgrid.as_text(changes.loc[is_hex, "hex_id"])
    hex_texts = pd.Series(texts, index=changes.index[is_hex], dtype="str")
    return changes["cell_id"].astype("str").where(~is_hex, hex_texts.reindex(changes.index))


def _matches(pairs: pd.DataFrame) -> pd.DataFrame:
    """Nearest pairs first, each change and each name once; indexed by the change."""
    taken_changes, taken_ids, rows = set[int](), set[str](), []
    for pair in pairs.to_dict("records"):
        if pair["index"] not in taken_changes and pair["change_id"] not in taken_ids:
            taken_changes.add(pair["index"])
            taken_ids.add(pair["change_id"])
            rows.append(pair)
    return pd.DataFrame(rows, columns=pairs.columns).set_index("index")


def interventions_of(
    changes: pd.DataFrame, interventions: pd.DataFrame, sites: pd.Series
) -> pd.Series:
    """The intervention each change follows: done on its cell or site within its date's interval.

    `changes`: cell_id, change_lo_utc and change_hi_utc. `interventions`: the table of that name.
    `sites`: site of each cell by cell_id. An intervention may end up to 48 h before the interval
    starts, or begin up to 3 h after it ends; the newest one that fits is named. Missing = none.
    """
    is_done = interventions["status"].fillna("done") != "planned"
    done = interventions[is_done].sort_values("start_utc")
    site = changes["cell_id"].map(sites)
    earliest, latest = changes["change_lo_utc"], changes["change_hi_utc"]
    ids = pd.Series(None, index=changes.index, dtype="str")
    for row in done.to_dict("records"):
        start = row["start_utc"]
        end = start if pd.isna(row["end_utc"]) else row["end_utc"]
        is_here = (changes["cell_id"] == row["cell_id"]) | (site == row["site_id"])
        is_then = (latest >= start - _BEFORE) & (earliest <= end + _AFTER)
        ids[is_here & is_then] = row["intervention_id"]
    return ids
