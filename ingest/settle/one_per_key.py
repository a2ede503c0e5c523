"""One row of each key: which of several counts, and what becomes of the others."""

from collections.abc import Sequence

import pandas as pd

from contracts.tables import COUNTED, LINEAGE, TABLES, Table


def settle(
    pieces: pd.DataFrame, of: Table, *, moved: Sequence[str] = ()
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row per key, in the key's order, and the refused repetitions.

    `moved`: keys (the first column of them) whose newest row lies on another day.

    Kept is the row the source does not doubt, then the one that arrived last; the order in which
    files are listed does not matter. Counters that its file does not give at all come from the next
    row of its key: such a row is part of the kept one, and not refused.
    """
    ordered = newest_first(pieces, of)
    again = ordered.duplicated(list(of.key)) | ordered[of.key[0]].isin(moved)
    if of.name == "pm" and again.any():
        ordered, part = _combined(ordered, of)
        again &= ~part
        ordered, again = ordered[~part], again[~part]
    kept, refused = ordered[~again], _repetitions(ordered[again], of)
    if of.name == "pm":
        covering = _covers_shorter(kept)
        told = _repetitions(kept[covering], of, "covers shorter periods that were delivered too")
        kept, refused = kept[~covering], pd.concat([refused, told], ignore_index=True)
    return kept.reset_index(drop=True), refused


def newest_first(rows: pd.DataFrame, of: Table) -> pd.DataFrame:
    """The rows by their key; of each key first the one that counts before the others."""
    doubt = ["suspect"] if "suspect" in of.columns else []
    order = [*of.key, *doubt, "loaded_utc", "source_file", "source_row"]
    rising = [True] * len(of.key) + [True] * len(doubt) + [False, False, True]
    return rows.sort_values(order, ascending=rising, kind="stable")


def _combined(ordered: pd.DataFrame, of: Table) -> tuple[pd.DataFrame, pd.Series]:
    """The rows with the first of each key filled up, and which others are part of it by that.

    A file that gives a column anywhere on the day decides on it: an older delivery does not fill
    what a newer one left empty. Rows of one file (several sources may read it) share no column.
    """
    columns = [c for c in ordered if c not in (*of.key, *LINEAGE, *COUNTED, "suspect")]
    group, file = ordered.groupby(list(of.key)).ngroup(), ordered["source_file"]
    first, known = ~group.duplicated(), ordered[columns].notna().astype("int8")
    given = known.groupby(file).max().reindex(file).set_axis(ordered.index)
    elsewhere = given.groupby(group).cumsum() - given.groupby([group, file]).cumsum()
    before = known.groupby([group, file]).cumsum() - known
    new = (known > 0) & (elsewhere == 0)
    new[((known > 0) & (before > 0)).any(axis=1)] = False
    new[ordered["suspect"] != ordered["suspect"].groupby(group).transform("first")] = False
    part = new.any(axis=1) & ~first
    filling = new[part].any()
    columns = list(filling[filling].index)
    filled = ordered[columns].where(new[columns]).groupby(group).first()
    ordered = ordered.copy()
    ordered.loc[first, columns] = filled.reindex(group[first]).to_numpy()
    counted = [name for name in COUNTED if name in ordered]
    lost = ordered[counted].where(first | part, 0).groupby(group).transform("sum")
    ordered.loc[first, counted] = lost[first]
    return ordered, part


def _covers_shorter(pm: pd.DataFrame) -> pd.Series:
    """Whether a shorter period of the same cell starts within a row's own: counted once, finely."""
    covering = pd.Series(False, index=pm.index)
    for length in sorted(pm["period_s"].unique())[1:]:
        shorter = pm.loc[pm["period_s"] < length, ["cell_id", "period_start_utc"]]
        mine = pm.loc[pm["period_s"] == length, ["cell_id", "period_start_utc"]]
        found = pd.merge_asof(
            mine.reset_index().sort_values("period_start_utc"),
            shorter.assign(inner=shorter["period_start_utc"]).sort_values("period_start_utc"),
            on="period_start_utc",
            by="cell_id",
            direction="forward",
        ).set_index("index")
        end = found["period_start_utc"] + pd.to_timedelta(length, unit="s")
        covering |= (found["inner"] < end).reindex(pm.index, fill_value=False)
    return covering


def _repetitions(again: pd.DataFrame, of: Table, reason: str = "") -> pd.DataFrame:
    told = again[["source_file", "file_hash", "source_row"]].assign(
        table_name=of.name,
        column_name="",
        scope="row",
        masked_value="",
        reason=reason or f"repeats the key ({', '.join(of.key)}) of a newer row",
    )
    return told[list(TABLES["refused"].columns)].reset_index(drop=True)
