"""Typed, plausible, in UTC: what each value means, and whether it can be.

A row whose key or required column can't be is refused; any other impossible value is set to
missing in an accepted row. Both leave a line in `refused`: nothing disappears.
"""

from dataclasses import dataclass, field

import pandas as pd

from contracts.complaints import CLASS_OF, UNKNOWN
from contracts.fields import FIELDS
from contracts.settings.sections import Settings
from contracts.source import FromName, Source
from contracts.tables import COUNTED, LINEAGE, TABLES, Table
from ingest.clean import cell_identity
from ingest.clean.columns import typed
from ingest.clean.findings import POSITION, Findings
from ingest.clean.positions import place
from ingest.sources import Raw

# what a counter of 32 bits holds after a reset, and no cell counts in any period
_CALLS, _MOST_CALLS = ("call_attempts", "call_setups", "dropped_calls"), 100_000_000


@dataclass
class Cleaned:
    """Rows accepted, faults of single rows as `refused` has them, and faults of the whole file."""

    accepted: pd.DataFrame
    refused: pd.DataFrame
    faults: list[str]
    absent: dict[str, str] = field(default_factory=dict)
    """Our columns that the file can't give, each with the reason."""


def clean(raw: Raw, source: Source, settings: Settings, *, file: str, file_hash: str) -> Cleaned:
    """The rows of one file as their table's contract wants them, and what was refused of it."""
    of, found = TABLES[source.table], Findings()
    theirs = raw.frame
    ours = pd.DataFrame({"source_row": theirs["source_row"]})
    for name in (*of.columns, *of.read_instead):
        if name in theirs and name not in (*COUNTED, *LINEAGE):
            ours[name] = typed(theirs, FIELDS[name], source, settings, found)
    if source.time_is == "end":
        ours["period_start_utc"] -= pd.to_timedelta(ours["period_s"], unit="s")
    _take_instead(ours)
    _classify(ours, theirs, of, found)
    _relate(ours, theirs, found)
    _name_globally(ours, theirs, found)
    place(ours, theirs, of, settings, found)
    _identify(ours, of, source, file_hash)
    _count_lost(ours, of, found)
    kept = _refuse_incomplete(ours, theirs, of, found)
    ours = ours[kept].assign(source_file=file, file_hash=file_hash)
    refused = _told(found, raw, of, file, file_hash)
    return Cleaned(_shaped(ours, of), refused, found.file, raw.absent)


# ------------------------------------------------------------------------------- whole rows


def _take_instead(ours: pd.DataFrame) -> None:
    """Availability becomes seconds, which add up."""
    if "availability" in ours and "unavail_s" not in ours:
        ours["unavail_s"] = (1 - ours["availability"]) * ours["period_s"]


def _classify(ours: pd.DataFrame, theirs: pd.DataFrame, of: Table, found: Findings) -> None:
    """Class of each complaint by its type; where neither is known it is other, unknown."""
    if of.name != "complaint":
        return
    none = pd.Series(None, index=ours.index, dtype="str")
    kind, stated = ours.get("complaint_type", none), ours.get("complaint_class", none)
    implied = kind.map(CLASS_OF)
    given = [name for name in ("complaint_class", "complaint_type") if name in theirs]
    empty = theirs[given].isna().all(axis=1)
    found.add("value", "complaint_class", theirs, empty, "no category; counted as other")
    strange = stated.notna() & implied.notna() & (stated != implied)
    found.add("value", "complaint_type", theirs, strange, "of another class than complaint_class")
    unknown = strange | (kind.isna() & (stated.isna() | ("complaint_type" in given)))
    ours["complaint_type"] = kind.mask(unknown, UNKNOWN)
    ours["complaint_class"] = stated.fillna(implied).fillna("other")


def _relate(ours: pd.DataFrame, theirs: pd.DataFrame, found: Findings) -> None:
    """Values that contradict each other are missing: which of them is wrong nobody knows."""
    for name in _CALLS:
        if name in ours:
            bad = ours[name] > _MOST_CALLS
            found.add("value", name, theirs, bad, f"above {_MOST_CALLS:,}: a counter gone round")
            ours[name] = ours[name].mask(bad)
    limits = {
        "call_setups": ("call_attempts", 1.0, 0),
        # a call is counted as it starts, a drop as it ends, and calls are handed over
        "dropped_calls": ("call_attempts", 5.0, 20),
        "prb_dl_used": ("prb_dl_avail", 1.02, 0),
        "prb_ul_used": ("prb_ul_avail", 1.02, 0),
        "unavail_s": ("period_s", 1.0, 0),
    }
    for name, (limit, factor, more) in limits.items():
        if name in ours and limit in ours:
            bad = ours[name] > ours[limit] * factor + more
            times = f"{factor:g} times " if factor >= 2 else ""
            found.add("value", name, theirs, bad, f"more than {times}{limit}")
            ours[name] = ours[name].mask(bad)


def _name_globally(ours: pd.DataFrame, theirs: pd.DataFrame, found: Findings) -> None:
    """Global identities in one spelling, and the eNodeB that those of lte name."""
    if "ecgi_or_ncgi" not in ours:
        return
    technology = ours.get("technology", pd.Series("", index=ours.index))
    ids, reason = cell_identity.global_ids(ours["ecgi_or_ncgi"], technology)
    found.add("value", "ecgi_or_ncgi", theirs, reason != "", reason)
    ours["ecgi_or_ncgi"] = ids
    if "enb_id" not in ours:
        ours["enb_id"] = cell_identity.enb_ids(ids).where(technology == "lte")


def _identify(ours: pd.DataFrame, of: Table, source: Source, file_hash: str) -> None:
    if "call_id" in of.columns and "call_id" not in ours:
        ours["call_id"] = file_hash + "-" + ours["source_row"].astype("str")
    if "time_grain" in of.columns:
        rule = source.from_name.get(of.day_of)
        grain = rule.grain if isinstance(rule, FromName) else "instant"
        ours["time_grain"] = ours["time_grain"].fillna(grain) if "time_grain" in ours else grain
    if of.name == "nps" and "survey_weight" not in ours:
        ours["survey_weight"] = 1.0
    if of.name == "pm":
        suspect = ours["suspect"] if "suspect" in ours else pd.Series(False, index=ours.index)
        ours["suspect"] = suspect.astype("boolean").fillna(False)


def _refuse_incomplete(
    ours: pd.DataFrame, theirs: pd.DataFrame, of: Table, found: Findings
) -> pd.Series:
    kept = pd.Series(True, index=ours.index)
    needed = dict.fromkeys((*of.key, *of.required))
    for name in needed:
        # a cell without a position still counts; a row of history without a start is always valid
        if name in ours and name not in (*POSITION, "valid_from"):
            absent = ours[name].isna()
            found.add("row", name, theirs, absent, "missing or impossible, and required")
            kept &= ~absent
    return kept


def _count_lost(ours: pd.DataFrame, of: Table, found: Findings) -> None:
    """How many values of each row were impossible, and how many of them below zero."""
    if not {*COUNTED} <= {*of.columns}:
        return
    values = [part[part["scope"] == "value"] for part in found.rows]
    lost = pd.concat([ours[["source_row"]].iloc[:0].assign(masked_value=""), *values])
    below = lost[lost["masked_value"].str.startswith("-")]
    for name, rows in zip(COUNTED, (lost, below), strict=True):
        ours[name] = ours["source_row"].map(rows["source_row"].value_counts()).fillna(0)


def _shaped(ours: pd.DataFrame, of: Table) -> pd.DataFrame:
    absent = {c: None for c in of.columns if c not in ours}
    return ours.assign(**absent)[list(of.columns)].reset_index(drop=True)


def _told(found: Findings, raw: Raw, of: Table, file: str, file_hash: str) -> pd.DataFrame:
    malformed = raw.malformed.assign(column_name="", scope="row", masked_value="")
    columns = list(TABLES["refused"].columns)
    kept_out = raw.kept_out.assign(masked_value="")
    faults = pd.concat([malformed, kept_out, *found.rows]).assign(
        table_name=of.name, source_file=file, file_hash=file_hash
    )
    # a value that made its row refused is told once: as the row's, with the value's own reason
    faults = faults.sort_values(
        ["source_row", "column_name", "scope"], ascending=[True, True, False]
    )
    faults["scope"] = faults.groupby(["source_row", "column_name"])["scope"].transform("min")
    return faults.drop_duplicates(["source_row", "column_name"])[columns].reset_index(drop=True)
