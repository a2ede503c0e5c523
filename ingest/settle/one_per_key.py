"""One row of each key: which of several counts, and what becomes of the others."""

from collections.abc import Sequence

import pandas as pd

from contracts.tables import COUNTED, LINEAGE, TABLES, Table

_COVERS = "covers shorter periods that were delivered too"


def one_per_key(
    pieces: pd.DataFrame, table: Table, *, moved: Sequence[str] = ()
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row per key, in the key's order, and the refused repetitions as rows of `refused`.

    Kept is the row that the source does not doubt, then the one that arrived last. The order in
    which files are listed does not matter. Counters that its file does not give at all come from
    the next row of its key: such a row is part of the kept one, and is not refused.

    `pieces`: accepted rows of one day, of all files, in any order.
    `table`: which table they are of.
    `moved`: keys (the first column of them) whose newest row lies on another day.
    """
    ordered = newest_first(pieces, table)
    is_again = ordered.duplicated(list(table.key)) | ordered[table.key[0]].isin(moved)
    if table.name == "pm" and is_again.any():
        ordered, is_part = _combined(ordered, table)
        ordered, is_again = ordered[~is_part], is_again[~is_part]
    kept, refused = ordered[~is_again], _repetitions(ordered[is_again], table)
    if table.name == "pm":
        is_covering = _covers_shorter(kept)
        covering = _repetitions(kept[is_covering], table, _COVERS)
        kept, refused = kept[~is_covering], pd.concat([refused, covering], ignore_index=True)
    return kept.reset_index(drop=True), refused


def newest_first(rows: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The rows by their key; of each key first the one that counts before the others.

    `rows`: accepted rows in any order. `table`: which table they are of.
    """
    doubt = ["suspect"] if "suspect" in table.columns else []
    order = [*table.key, *doubt, "loaded_utc", "source_file", "source_row"]
    ascending = [True] * len(table.key) + [True] * len(doubt) + [False, False, True]
    return rows.sort_values(order, ascending=ascending, kind="stable")


def _combined(ordered: pd.DataFrame, table: Table) -> tuple[pd.DataFrame, pd.Series]:
    """The rows with the first of each key filled up, and which other rows are part of it so.

    ordered: as `newest_first` gives them.
    """
    key = ordered.groupby(list(table.key)).ngroup()
    is_first, is_filling = ~key.duplicated(), _filling(ordered, key, table)
    is_part = is_filling.any(axis=1) & ~is_first
    # columns that nothing is filled into stay as they are, their types too
    filled_columns = is_filling[is_part].any()
    columns = list(filled_columns[filled_columns].index)
    filled = ordered[columns].where(is_filling[columns]).groupby(key).first()
    ordered = ordered.copy()
    ordered.loc[is_first, columns] = filled.reindex(key[is_first]).to_numpy()
    # values lost in any row of the key are lost in the one that it became
    counted = [name for name in COUNTED if name in ordered]
    lost = ordered[counted].where(is_first | is_part, 0).groupby(key).transform("sum")
    ordered.loc[is_first, counted] = lost[is_first]
    return ordered, is_part


def _filling(ordered: pd.DataFrame, key: pd.Series, table: Table) -> pd.DataFrame:
    """Whether each value is the one that counts of its key and column, (row, counter).

    A file that gives a column anywhere on the day decides on it: an older delivery does not fill
    what a newer one left empty. Rows of one file (several sources may read it) share no column.

    key: number of each row's key, (row,).
    """
    taken = (*table.key, *LINEAGE, *COUNTED, "suspect")
    columns = [name for name in ordered if name not in taken]
    file = ordered["source_file"]
    has_value = ordered[columns].notna().astype("int8")
    is_given = has_value.groupby(file).max().reindex(file).set_axis(ordered.index)
    # rows of the key from here up whose file gives the column: all of them, less the own file's
    newer = is_given.groupby(key).cumsum() - is_given.groupby([key, file]).cumsum()
    is_filling = (has_value > 0) & (newer == 0)
    # rows of the key and file before this one that have a value: then this is a repetition
    same_file = has_value.groupby([key, file]).cumsum() - has_value
    is_filling[((has_value > 0) & (same_file > 0)).any(axis=1)] = False
    # what the source doubts does not fill what it does not doubt
    is_doubted_otherwise = ordered["suspect"] != ordered["suspect"].groupby(key).transform("first")
    is_filling[is_doubted_otherwise] = False
    return is_filling


def _covers_shorter(pm: pd.DataFrame) -> pd.Series:
    """Whether a shorter period of the same cell starts within a row's own: counted once, finely."""
    is_covering = pd.Series(False, index=pm.index)
    for length in sorted(pm["period_s"].unique())[1:]:
        shorter = pm.loc[pm["period_s"] < length, ["cell_id", "period_start_utc"]]
        longer = pm.loc[pm["period_s"] == length, ["cell_id", "period_start_utc"]]
        pairs = pd.merge_asof(
            longer.reset_index().sort_values("period_start_utc"),
            shorter.assign(inner=shorter["period_start_utc"]).sort_values("period_start_utc"),
            on="period_start_utc",
            by="cell_id",
            direction="forward",
        ).set_index("index")
        end = pairs["period_start_utc"] + pd.to_timedelta(length, unit="s")
        is_covering |= (pairs["inner"] < end).reindex(pm.index, fill_value=False)
    return is_covering


def _repetitions(again: pd.DataFrame, table: Table, reason: str = "") -> pd.DataFrame:
    refused = again[["source_file", "file_hash", "source_row"]].assign(
        table_name=table.name,
        column_name="",
        scope="row",
        masked_value="",
        reason=reason or f"repeats the key ({', '.join(table.key)}) of a newer row",
    )
    return refused[list(TABLES["refused"].columns)].reset_index(drop=True)
