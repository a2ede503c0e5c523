"""Which value, format, hour, class, day or cell of a file loses most of its rows?

Losses that have something in common are no stray rows: what is left of the column then says
something else than the column did, however small the share of all rows.
"""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from contracts.fields import FIELDS
from contracts.tables import Table
from ingest.clean.cell_identity import TOTALS
from ingest.clean.findings import POSITION, REQUIRED, Findings
from ingest.privacy import door

_CLASSES = (
    "complaint_class", "complaint_type", "survey_type", "wave", "channel", "technology", "kind",
    "call_type", "outcome", "vendor", "region",
)  # fmt: skip
# columns whose losses have notes of their own
_APART = (*POSITION, "complaint_class", "complaint_type", "postcode", "place_text")
# what a group must lose of its rows
_MOST = 0.5
# what is no day may be anything, a person's number too, and is not kept
_DATE = (
    r"(?:19|20)\d\d[-./]?(?:\d{1,2}|[A-Za-z]{3,9})[-./]?\d{1,2}"
    r"|\d{1,2}[-./](?:\d{1,2}|[A-Za-z]{3,9})[-./](?:(?:19|20)\d\d|\d\d)"
)
# groups kept of one column and kind, and days of a group
_KEPT, _DAYS = 20, 3
_PLAIN = r"[+-]?9+(?:[.,]9+)?"

_OF_WIDTH = r"\d+ columns, the header has \d+"

Loss = dict[str, Any]
"""A group that lost rows: column, kind, group, n_lost, n_rows, days (some local days), reason."""


def losses(
    theirs: pd.DataFrame, ours: pd.DataFrame, table: Table, findings: Findings, zone: str
) -> list[Loss]:
    """Groups of a file's rows that lost most of them in some column.

    `theirs` and `ours`: the file's columns before and after cleaning, on one index. `table`: whose
    rows they are. `findings`: what was refused and set to missing. `zone`: IANA zone of local hours
    and days. A value that is not given is not lost. Kinds: value, format, hour, class, day, cell,
    file. Values of persons' tables are shown by their shape.
    """
    if not findings.rows:
        return []
    found: list[Loss] = [*_empty(theirs, table)]
    lost_rows = pd.concat(findings.rows)
    # a value that is given and lost has a reason of its own
    is_apart = lost_rows["column_name"].isin(_APART) | lost_rows["reason"].isin([TOTALS, REQUIRED])
    lost_rows = lost_rows[~is_apart]
    groups = _groups(theirs, ours, table, zone)
    for column, rows in lost_rows.groupby("column_name", sort=False):
        if column not in theirs:
            continue
        is_given = theirs[column].notna()
        is_lost = is_given & theirs["source_row"].isin(rows["source_row"])
        reason = str(rows["reason"].mode()[0])
        for kind, group in {**_of_texts(theirs[column], table), **groups}.items():
            if kind != column:
                lost = _lost(group.where(is_given), is_lost, groups.get("day"))
                found += [{"column": column, "kind": kind, **row, "reason": reason} for row in lost]
    return found


def _empty(theirs: pd.DataFrame, table: Table) -> Iterator[Loss]:
    """Columns of the key that most rows leave empty, as merged cells of a sheet do."""
    for name in dict.fromkeys((*table.key[:1], *table.required)):
        n = int(theirs[name].isna().sum()) if name in theirs else 0
        if name not in POSITION and n > _MOST * len(theirs):
            yield {"column": name, "kind": "file", "group": "file", "n_lost": n} | {
                "n_rows": len(theirs),
                "days": [],
                "reason": "empty, and required; of merged cells only the first is filled",
            }


def of_width(malformed: pd.DataFrame) -> list[Loss]:
    """Rows of another width than the header's: what one unquoted mark does to every row with it.

    `malformed`: source_row and reason of the rows that a reader could not take apart.
    """
    reasons = malformed["reason"].astype("str")
    counts = reasons[reasons.str.fullmatch(_OF_WIDTH)].value_counts()
    return [
        {"column": "rows", "kind": "format", "group": str(reason), "n_lost": int(n)}
        | {"n_rows": int(n), "days": [], "reason": "another width than the header's"}
        for reason, n in counts.items()
    ]


def _of_texts(raw: pd.Series, table: Table) -> dict[str, pd.Series]:
    """The texts of a column as groups: each by itself, and by its shape."""
    texts = raw.astype("str").mask(raw.isna())
    shapes = door.masked(texts).mask(raw.isna())
    shapes = shapes.str.replace(r"9+", "9", regex=True).str.replace(r"x+", "x", regex=True)
    values = texts.map(_hidden(texts)) if table.name in door.PERSONS else texts
    # numbers that can be read have no format in common
    return {"value": values, "format": shapes.mask(shapes.str.fullmatch(_PLAIN, na=False))}


def _hidden(texts: pd.Series) -> dict[str, str]:
    """Each distinct text as its shape and a number, so that no text of a person is kept."""
    distinct = pd.Series(texts.dropna().unique(), dtype="str")
    numbers = pd.Series(range(1, len(distinct) + 1)).astype("str")
    return dict(zip(distinct, door.masked(distinct) + " #" + numbers, strict=True))


def _groups(
    theirs: pd.DataFrame, ours: pd.DataFrame, table: Table, zone: str
) -> dict[str, pd.Series]:
    """Hour, day, class and cell of each row, and the file; missing = not known."""
    groups = {}
    if table.day_of in ours:
        clock = ours[table.day_of].dt.tz_convert(zone)
        texts = theirs[table.day_of].astype("str").mask(theirs[table.day_of].isna())
        # where the time itself is lost its text still tells
        hour = texts.str.extract(r"(\d{1,2})[:.]\d{2}")[0].str.zfill(2)
        day = texts.str.extract(f"^({_DATE})(?!\\d)")[0]
        groups["hour"] = clock.dt.strftime("%H").fillna(hour)
        groups["day"] = clock.dt.strftime("%Y-%m-%d").fillna(day)
    for name in _CLASSES:
        if name in theirs and pd.api.types.is_string_dtype(theirs[name]):
            groups[name] = _named(theirs[name], name, table)
    if "cell_id" in ours:
        groups["cell"] = _named(ours["cell_id"], "cell_id", table)
    return {**groups, "file": pd.Series("file", index=theirs.index)}


def _named(classes: pd.Series, name: str, table: Table) -> pd.Series:
    """Classes as they are called; of persons' tables those that are none of ours by their shape."""
    if table.name not in door.PERSONS:
        return classes
    texts = classes.astype("str").mask(classes.isna())
    return texts.where(texts.isin(FIELDS[name].choices), texts.map(_hidden(texts)))


def _lost(group: pd.Series, is_lost: pd.Series, days: pd.Series | None) -> Iterator[Loss]:
    """Groups that lost most of their rows, those that lost most before the others.

    `group`: name of each row's group, missing = none. `days`: local day of each row.
    """
    n_lost = group[is_lost].value_counts().head(_KEPT)
    n_rows = group[group.isin(n_lost.index)].value_counts().reindex(n_lost.index)
    for name in n_lost.index[n_lost > _MOST * n_rows]:
        its_days = [] if days is None else days[is_lost & (group == name)].dropna().unique()
        yield {
            "group": str(name),
            "n_lost": int(n_lost.loc[name]),
            "n_rows": int(n_rows.loc[name]),
            "days": sorted(map(str, its_days))[:_DAYS],
        }
