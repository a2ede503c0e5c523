"""The inventory over time: a cell keeps one id, its newest, and its periods follow one another.

Changes of id that the operator declares (`previous_cell_id`, `stable_cell_key`) are followed. What
only looks like one is noted in `quality`, and never followed.
"""

from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd

from contracts.tables import TABLES
from geo.footprint import valid_on

_EVER, _NEVER = pd.Timestamp("1900-01-01"), pd.Timestamp("2200-01-01")
_CELL_COLUMNS = ("cell_id", "neighbour_cell_id", "start_cell_id", "end_cell_id")
_FOOTPRINT = (
    "operator", "technology", "cell_type", "sector_id", "lat", "lon", "azimuth_deg",
    "h_beamwidth_deg", "power_dbm", "range_m",
)  # fmt: skip
_SAME_ANTENNA = ["site_id", "sector_id", "technology", "carrier"]

Faults = list[tuple[int, str, str]]
"""Row (its index), column, and reason."""


def continued(cells: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Table `cell` with every row under its cell's newest id, and the faults as `refused` has them.

    `cells`: rows of table `cell` as accepted; a missing `valid_from` or `valid_to` is open.

    `known_as` keeps the id of a period that had another one. A period that overlaps a later one of
    its cell ends where that begins. An old id without a row of its own gets one, up to the day of
    its change, with what the new row says of the cell.
    """
    rows = cells.sort_values(["cell_id", "valid_from"], na_position="first", kind="stable")
    rows = _with_span(rows.reset_index(drop=True))
    faults: Faults = []
    changes = _followed(rows, _declared(rows, faults), faults)
    rows = _with_old_rows(rows, changes)
    rows["ends"] = _ends(rows, changes)
    newest = [
        _newest(name, day, changes)
        for name, day in zip(rows["cell_id"], rows["begins"], strict=True)
    ]
    other = rows["cell_id"] != newest
    rows["known_as"] = rows["known_as"].fillna(rows["cell_id"].where(other)).astype("str")
    rows = rows.assign(cell_id=newest).sort_values(["cell_id", "begins"], kind="stable")
    rows["ends"] = _without_overlaps(rows, faults)
    refused = _refused_values(rows, faults)
    rows = rows.assign(valid_from=_dates(rows["begins"]), valid_to=_dates(rows["ends"]))
    return rows[list(TABLES["cell"].columns)].reset_index(drop=True), refused


def undivided(cells: pd.DataFrame) -> pd.DataFrame:
    """The rows with those joined that follow one another and have one footprint.

    `cells`: table `cell` as settled.

    Another id or bandwidth is no other footprint. `valid_to` is that of the last row joined.
    """
    rows = _with_span(cells).sort_values(["cell_id", "begins"], kind="stable", ignore_index=True)
    before = rows.groupby("cell_id")[["ends", *_FOOTPRINT]].shift()
    alike = [
        (rows[name] == before[name]) | (rows[name].isna() & before[name].isna())
        for name in _FOOTPRINT
    ]
    goes_on = (before["ends"] == rows["begins"]) & np.logical_and.reduce(alike)
    lasts = rows.groupby((~goes_on).cumsum())["ends"].transform("last")
    return rows.assign(valid_to=_dates(lasts))[~goes_on][list(cells.columns)].reset_index(drop=True)


def under_newest_ids(
    rows: pd.DataFrame, cells: pd.DataFrame, days: pd.Series | str | None
) -> pd.DataFrame:
    """The rows with each cell under its newest id, by what its id meant on the row's day.

    `rows`: of any table, with columns of cells. `cells`: table `cell` as settled. `days`:
    YYYY-MM-DD of each row, or one for all; None = the newest meaning. Before an id's first period
    it means that one's cell, after its last that one's: counters that still come under an old id
    count for the cell.
    """
    renamed = rows.copy()
    if cells["known_as"].isna().all():
        return renamed
    names = _names(cells)
    columns = [name for name in _CELL_COLUMNS if name in rows]
    cell_places = "place_id" in rows and (rows["place_type"] == "cell").any()
    columns += ["place_id"] * bool(cell_places)
    row_days = pd.Series(str(_NEVER) if days is None else days, index=rows.index)
    for day, part in rows.groupby(row_days):
        meaning = _meanings(names, pd.Timestamp(str(day)))
        for name in columns:
            newest = part[name].map(meaning).dropna()
            if name == "place_id":
                newest = newest[part["place_type"] == "cell"]
            renamed.loc[newest.index, name] = newest
    return renamed


def changed_ids(cells: pd.DataFrame) -> list[list[str]]:
    """Name, first day and cell of every period of an id that ever meant another cell.

    `cells`: table `cell` as settled; empty where no id ever changed.
    """
    return _names(cells).astype("str").to_numpy().tolist()


def blocks_on(cells: pd.DataFrame, day: date) -> pd.Series:
    """Downlink blocks by cell_id of the rows that hold on a day.

    `cells`: table `cell` as settled. `day`: local day. NaN = not known.
    """
    return valid_on(cells, day).set_index("cell_id")["n_prb_dl"]


def names_of_blocks(cells: pd.DataFrame, days: Iterable[str]) -> dict[str, str]:
    """A name for what `blocks_on` gives on each day: the same name, the same blocks.

    `cells`: table `cell` as settled. `days`: local days as YYYY-MM-DD, in any order; '' = before
    any row holds.
    """
    rows = _with_span(cells.dropna(subset=["n_prb_dl"]))
    row = pd.util.hash_pandas_object(rows[["cell_id", "n_prb_dl"]], index=False)
    # sums of hashes wrap around, and so can be taken away again
    changes = pd.concat([row.set_axis(rows["begins"]), (0 - row).set_axis(rows["ends"])])
    since = changes.groupby(level=0).sum().cumsum()
    last = since.index.searchsorted(pd.DatetimeIndex(list(days)), side="right") - 1
    return {day: str(since.iloc[i]) if i >= 0 else "" for day, i in zip(days, last, strict=True)}


def look_alikes(cells: pd.DataFrame) -> pd.DataFrame:
    """Cells that seem to go on under another id, undeclared: old, new, on.

    `cells`: table `cell` as settled; a missing identity or carrier is like no other.

    One ends on the day the other begins, and both have one global identity, or one site, sector,
    technology and carrier; each fits no third.
    """
    rows = _with_span(cells).assign(carrier=cells["band"].fillna(cells["freq_mhz"].astype("str")))
    by_cell = rows.sort_values(["cell_id", "begins"], kind="stable").groupby("cell_id")
    ended, begun = by_cell.tail(1), by_cell.head(1)
    parts = []
    for alike in (["ecgi_or_ncgi"], _SAME_ANTENNA):
        old = ended[ended["ends"] < _NEVER].dropna(subset=alike)
        pairs = old.merge(
            begun.dropna(subset=alike), left_on=["ends", *alike], right_on=["begins", *alike],
            suffixes=("", "_new"),
        )  # fmt: skip
        pairs = pairs[pairs["cell_id"] != pairs["cell_id_new"]]
        alone = ~pairs["cell_id"].duplicated(keep=False)
        alone &= ~pairs["cell_id_new"].duplicated(keep=False)
        parts.append(pairs[alone])
    pairs = pd.concat(parts).drop_duplicates("cell_id").sort_values("cell_id")
    named = pairs.rename(columns={"cell_id": "old", "cell_id_new": "new"})
    return named.assign(on=_dates(named["ends"]))[["old", "new", "on"]].reset_index(drop=True)


def gaps(cells: pd.DataFrame) -> pd.DataFrame:
    """Days between two periods of a cell on which no row of it holds: cell_id, since, until.

    `cells`: table `cell` as settled. `since` and `until` are local days; the gap ends before
    `until`.
    """
    rows = _with_span(cells).sort_values(["cell_id", "begins"], kind="stable")
    later = rows.groupby("cell_id")["begins"].shift(-1)
    is_gap = rows["ends"] < later
    days = pd.DataFrame(
        {"cell_id": rows["cell_id"], "since": _dates(rows["ends"]), "until": _dates(later)}
    )
    return days[is_gap].reset_index(drop=True)


# ---------------------------------------------------------------------------- changes of an id

_Changes = dict[str, list[tuple[pd.Timestamp, str, int]]]
"""Of each id its changes, ascending: since when, under which id, and the row that declares it."""


def _declared(rows: pd.DataFrame, faults: Faults) -> pd.DataFrame:
    """old, new, on and the declaring row's index, by date; what can't be meant is a fault."""
    stated = rows.assign(old=rows["previous_cell_id"], column="previous_cell_id")
    keyed = rows.dropna(subset=["stable_cell_key"])
    keyed = keyed.sort_values(["stable_cell_key", "begins"], kind="stable")
    keyed["old"] = keyed.groupby("stable_cell_key")["cell_id"].shift()
    both = pd.concat([stated, keyed.assign(column="stable_cell_key")])
    both = both.rename(columns={"cell_id": "new", "begins": "on"}).rename_axis("row").reset_index()
    both = both[both["old"].notna() & (both["old"] != both["new"])]
    # later rows of a cell may go on naming the id it had
    again = (both["column"] == "previous_cell_id") & both.duplicated(["column", "old", "new"])
    both = both[~again].drop_duplicates(["old", "new", "on"])
    kept = pd.Series(True, index=both.index)
    for odd, reason in (
        (both["on"] == _EVER, "needs valid_from: since when has the cell this id?"),
        (
            both.duplicated(["old", "on"], keep=False),
            "several cells say they had this id until then",
        ),
        (both.duplicated(["new", "on"]), "the row has another previous id"),
    ):
        guilty = both.loc[kept & odd, ["row", "column"]].to_dict("records")
        faults += [(row["row"], row["column"], f"not followed: {reason}") for row in guilty]
        kept &= ~odd
    return both[kept].sort_values(["on", "old", "new"])


def _followed(rows: pd.DataFrame, declared: pd.DataFrame, faults: Faults) -> _Changes:
    """The declared changes to ids that were nobody's, or had been left by their cell."""
    begun, left = _by_id(rows["cell_id"], rows["begins"]), _by_id(declared["old"], declared["on"])
    changes: _Changes = {}
    for change in declared.to_dict("records"):
        on, new, row = change["on"], change["new"], change["row"]
        last = max((day for day in begun[new] if day < on), default=None)
        if last and not any(last < day <= on for day in left.get(new, ())):
            reason = "not followed: both ids were in use before that day"
            faults.append((row, change["column"], reason))
        else:
            changes.setdefault(change["old"], []).append((on, new, row))
    return changes


def _by_id(ids: pd.Series, days: pd.Series) -> dict[str, list[pd.Timestamp]]:
    days_of: dict[str, list[pd.Timestamp]] = {}
    for name, day in zip(ids, days, strict=True):
        days_of.setdefault(name, []).append(day)
    return days_of


def _with_old_rows(rows: pd.DataFrame, changes: _Changes) -> pd.DataFrame:
    """The rows, and one for each old id that the inventory no longer lists."""
    begun = rows.groupby("cell_id")["begins"].min().to_dict()
    first = [(old, *dated[0]) for old, dated in changes.items()]
    lost = [(old, on, row) for old, on, _, row in first if begun.get(old, _NEVER) >= on]
    old, on, row = (list(part) for part in zip(*lost, strict=True)) if lost else ([], [], [])
    added = rows.loc[row].assign(cell_id=old, begins=_EVER, ends=on, previous_cell_id=None)
    added["derived"] = (added["derived"] + ",valid_from").str.strip(",")
    return pd.concat([rows, added], ignore_index=True) if lost else rows


def _ends(rows: pd.DataFrame, changes: _Changes) -> pd.Series:
    """End of each row, which is no later than the day on which its id changes."""
    change = [
        next((on for on, *_ in changes.get(name, []) if on > begins), _NEVER)
        for name, begins in zip(rows["cell_id"], rows["begins"], strict=True)
    ]
    return rows["ends"].mask(rows["ends"] > (day := pd.Series(change, index=rows.index)), day)


def _newest(name: str, begins: pd.Timestamp, changes: _Changes) -> str:
    for on, new, _ in changes.get(name, []):
        if on > begins:
            return _newest(new, on, changes)
    return name


def _without_overlaps(rows: pd.DataFrame, faults: Faults) -> pd.Series:
    """End of each row; one that says it lasts into a later row of its cell ends where that begins.

    A row without an end is replaced by the next: that is no fault.
    """
    later = rows.groupby("cell_id")["begins"].shift(-1)
    source = rows[["source_file", "source_row"]].groupby(rows["cell_id"]).shift(-1)
    overlaps = (rows["ends"] > later) & (rows["ends"] < _NEVER)
    for row in rows.index[overlaps]:
        file, number = source.loc[row]
        reason = f"lasts into {file} row {number:.0f}, valid from {later[row]:%Y-%m-%d}; ends there"
        faults.append((row, "valid_to", reason))
    return rows["ends"].mask(rows["ends"] > later, later)


def _refused_values(rows: pd.DataFrame, faults: Faults) -> pd.DataFrame:
    """The faults as rows of table `refused`."""
    lineage = rows[["source_file", "file_hash", "source_row"]]
    reasons = pd.DataFrame(faults, columns=["row", "column_name", "reason"])
    refused = lineage.loc[reasons["row"]].reset_index(drop=True).join(reasons.drop(columns="row"))
    refused = refused.assign(table_name="cell", scope="value", masked_value="")
    refused = refused.drop_duplicates(["source_file", "source_row", "column_name"])
    return refused[list(TABLES["refused"].columns)]


# -------------------------------------------------------------------------------------- names


def _names(cells: pd.DataFrame) -> pd.DataFrame:
    """Periods of ids that ever meant a cell with another newest id: name, begins, cell_id."""
    name = cells["known_as"].fillna(cells["cell_id"])
    periods = _with_span(cells).assign(name=name)[name.isin(cells["known_as"].dropna())]
    return periods.sort_values(["name", "begins"], kind="stable")[["name", "begins", "cell_id"]]


def _meanings(names: pd.DataFrame, day: pd.Timestamp) -> dict[str, str]:
    first = names.drop_duplicates("name")
    begun = names[names["begins"] <= day].drop_duplicates("name", keep="last")
    return {**_as_dict(first), **_as_dict(begun)}


def _as_dict(names: pd.DataFrame) -> dict[str, str]:
    return dict(zip(names["name"], names["cell_id"], strict=True))


def _with_span(rows: pd.DataFrame) -> pd.DataFrame:
    """With `begins` and `ends`, far away where they are not given."""
    begins, ends = (
        pd.to_datetime(rows[name]).astype("datetime64[s]") for name in ("valid_from", "valid_to")
    )
    return rows.assign(begins=begins.fillna(_EVER), ends=ends.fillna(_NEVER))


def _dates(days: pd.Series) -> pd.Series:
    is_given = (days > _EVER) & (days < _NEVER)
    return days.dt.date.where(is_given, None).astype("object")
