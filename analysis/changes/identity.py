"""Changes that were told before keep their name and the day they were first told."""

import pandas as pd

from geo import hexgrid

# a refit may move a date by so much and still speak of the same change
_SAME = pd.Timedelta(hours=48)
_AFTER_WORK = pd.Timedelta(hours=48)
# hours of works are masked, so a change that came with one may be dated just before it
_BEFORE_WORK = pd.Timedelta(hours=3)


def keep_identity(found: pd.DataFrame, told: pd.DataFrame, *, as_of: pd.Timestamp) -> pd.DataFrame:
    """`found` with change_id and first_reported_utc, taken over from `told` where it is the same.

    The same is: one cell or hexagon, metric and direction, dates at most 48 h apart, nearest first,
    each told change taken once. `told`: table `change_point` of the run before.
    """
    keys = ["place", "metric", "direction"]
    place, told = places_of(found), told.assign(place=places_of(told))
    pairs = (
        found.assign(place=place)
        .reset_index()[["index", *keys, "change_utc"]]
        .merge(
            told[["change_id", "first_reported_utc", *keys, "change_utc"]],
            on=keys,
            suffixes=("", "_told"),
        )
    )
    pairs["apart"] = (pairs["change_utc"] - pairs["change_utc_told"]).abs()
    pairs = pairs[pairs["apart"] <= _SAME].sort_values(["apart", "index"], kind="stable")
    known = _matched(pairs)
    date = found["change_utc"].dt.strftime("%Y%m%dT%H")
    fresh = place + "-" + found["direction"] + "-" + date
    # a change that moved away may have left its date's name to another
    fresh = fresh.where(~fresh.isin(known["change_id"]), fresh + "b")
    return found.assign(
        change_id=known["change_id"].reindex(found.index).fillna(fresh),
        first_reported_utc=known["first_reported_utc"].reindex(found.index).fillna(as_of),
    )


def places_of(changes: pd.DataFrame) -> pd.Series:
    """The cell of each change, or its hexagon as text."""
    if "hex_id" not in changes:
        return changes["cell_id"]
    of_hex = changes["hex_id"].notna()
    texts = hexgrid.as_text(changes.loc[of_hex, "hex_id"])
    named = pd.Series(texts, index=changes.index[of_hex], dtype="str")
    return changes["cell_id"].astype("str").where(~of_hex, named.reindex(changes.index))


def _matched(pairs: pd.DataFrame) -> pd.DataFrame:
    """Nearest pairs first, each change and each name once; indexed by the change."""
    taken, names, rows = set[int](), set[str](), []
    for pair in pairs.to_dict("records"):
        if pair["index"] not in taken and pair["change_id"] not in names:
            taken.add(pair["index"])
            names.add(pair["change_id"])
            rows.append(pair)
    return pd.DataFrame(rows, columns=pairs.columns).set_index("index")


def name_works(found: pd.DataFrame, works: pd.DataFrame, sites: pd.Series) -> pd.Series:
    """The work each change follows, if any: done on its cell or site within its date's interval.

    `sites`: site of each cell by cell_id. A work may end up to 48 h before the interval starts, or
    begin up to 3 h after it ends; the newest one that fits is named. Missing = none fits.
    """
    done = works[works["status"].fillna("done") != "planned"].sort_values("start_utc")
    place = found["cell_id"].map(sites)
    named = pd.Series(None, index=found.index, dtype="str")
    for work in done.to_dict("records"):
        begins = work["start_utc"]
        ends = begins if pd.isna(work["end_utc"]) else work["end_utc"]
        here = (found["cell_id"] == work["cell_id"]) | (place == work["site_id"])
        early, late = found["change_lo_utc"], found["change_hi_utc"]
        when = (late >= begins - _BEFORE_WORK) & (early <= ends + _AFTER_WORK)
        named[here & when] = work["intervention_id"]
    return named
