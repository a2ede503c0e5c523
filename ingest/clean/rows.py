"""The rows of one file cleaned: typed, plausible, in UTC, each accepted or refused.

A row whose key or required column is missing or impossible is refused; any other impossible value
is set to missing in an accepted row. Both leave a line in `refused`: nothing disappears. In this
room `theirs` are the columns as a file has them, under our names, and `ours` those made of them;
both have a row for each row of the file, on one index.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from contracts.complaints import CLASS_OF, UNKNOWN
from contracts.fields import FIELDS
from contracts.settings.sections import Settings
from contracts.source import FromName, Source
from contracts.tables import COUNTED, LINEAGE, TABLES, Table
from ingest.clean import cell_identity, doubts, periods
from ingest.clean.columns import typed
from ingest.clean.findings import POSITION, REQUIRED, Findings
from ingest.clean.losses import Loss, losses, of_width
from ingest.clean.positions import place
from ingest.clean.times import hour_fault, starts_of, without_ends
from ingest.clock import HALF_DAY, local_days
from ingest.sources import Raw

# what a counter of 32 bits holds after a reset, and no cell counts in any period
_CALLS, _MOST_CALLS = ("call_attempts", "call_setups", "dropped_calls"), 100_000_000

# rows of a file whose newest may be mistyped, the share that may be, and how far off they are
_FAR_ROWS, _FAR_SHARE, _FAR = 20, 0.05, pd.Timedelta(days=366)
_FAR_OFF = "more than a year after all others of the file: a mistyped year?"
_LONGEST_OUTAGE = pd.Timedelta(days=366)
_ENDLESS = "more than a year behind its start: a mistyped year? Leave it empty where it is not over"
# columns in which nothing means never, or always: what is given there and can't be read is not that
_ENDS = {
    "outage": ("end_utc",),
    "intervention": ("end_utc",),
    "cell": ("valid_from", "valid_to"),
    "coverage": ("pixel_weight",),
    "nps": ("survey_weight",),
}


@dataclass
class Cleaned:
    """Rows accepted, faults of single rows as `refused` has them, and faults of the whole file."""

    accepted: pd.DataFrame
    """Rows of the source's table."""
    refused: pd.DataFrame
    """Rows of table `refused`: each row refused, each value set to missing, with its reason."""
    faults: list[str]
    """Why the whole file can't be used, in words; empty = it can."""
    absent: dict[str, str] = field(default_factory=dict)
    """Our columns that the file can't give, each with the reason."""
    beside: list[list[str]] = field(default_factory=list)
    """What of the rows refused matters for a cell: its id, the local day, and what, in words."""
    unwrapped: dict[str, int] = field(default_factory=dict)
    """Our columns of identifiers, each with how many were written with marks around them."""
    losses: list[Loss] = field(default_factory=list)
    """Groups of rows that lost most of them."""
    technologies: dict[str, list[str]] = field(default_factory=dict)
    """Ids of cells by the technology that the rows tell; of counters alone."""


def clean(
    raw: Raw,
    source: Source,
    settings: Settings,
    *,
    file: str,
    file_hash: str,
    shared: Collection[str] = (),
) -> Cleaned:
    """The rows of one file as their table's contract wants them, and what was refused of it.

    `raw`: what the reader made of the file. `source`: how the configuration reads it. `settings`:
    the zone of local times, the box of positions, the level of hexagons. `file`, `file_hash`: the
    file's name and content, kept with every row. `shared`: ids of cells that several technologies
    have; rows that tell theirs come under the id with it. InputError where the operator's centroids
    can't be read.
    """
    table, findings = TABLES[source.table], Findings()
    theirs = raw.frame
    ours = pd.DataFrame({"source_row": theirs["source_row"]})
    for name in (*table.columns, *table.read_instead):
        if name in theirs and name not in (*COUNTED, *LINEAGE):
            ours[name] = typed(theirs, FIELDS[name], source, settings, findings)
    findings.file.extend(doubts.faults(ours, source.direct))
    technologies = _technologies(ours) if table.name == "pm" else {}
    if shared and {"cell_id", "technology"} <= {*ours}:
        ours["cell_id"] = cell_identity.kept_apart(ours["cell_id"], ours["technology"], shared)
    _place_periods(ours, theirs, source, findings)
    if table.name != "pm_relation":
        findings.file.extend([*periods.faults(ours, source), *periods.rate_faults(ours, table)])
    _derive_seconds(ours)
    _classify(ours, theirs, table, findings)
    relate(ours, theirs, findings)
    if table.name == "pm_relation":
        _relate_handovers(ours, theirs, findings)
    _name_globally(ours, theirs, findings)
    place(ours, theirs, table, settings, findings)
    if "suspect" in ours:
        # a doubt that can't be read is a doubt
        is_unread = ours["suspect"].isna() & theirs["suspect"].notna()
        ours["suspect"] = ours["suspect"].mask(is_unread, True)
    _fill_in(ours, table, source, file_hash, findings.days.get(table.day_of))
    if table.name == "cell_rate" and table.day_of in ours:
        # a day that begins by another clock's midnight is the local one that holds most of it
        days = local_days(ours[table.day_of] + HALF_DAY, settings.operator.timezone)
        ours["day_local"] = pd.to_datetime(days).dt.date
    _count_lost(ours, table, findings)
    is_complete = _refuse_incomplete(ours, theirs, table, findings)
    has_ends = _refuse_unreadable_ends(ours, theirs, table, findings)
    has_ends &= _refuse_far_rows(ours, theirs, table, findings)
    has_ends &= _refuse_own(ours, theirs, findings)
    lost = losses(theirs, ours, table, findings, settings.operator.timezone)
    lost += of_width(raw.malformed)
    beside = _beside_cells(ours[is_complete & ~has_ends], table, settings)
    ours = ours[is_complete & has_ends].assign(source_file=file, file_hash=file_hash)
    refused = _refused_rows(findings, raw, table, file, file_hash)
    unwrapped = {name: n for name, n in findings.unwrapped.items() if n}
    accepted = _shaped(ours, table)
    return Cleaned(
        accepted, refused, findings.file, raw.absent, beside, unwrapped, lost, technologies
    )


def _technologies(ours: pd.DataFrame) -> dict[str, list[str]]:
    """Ids of cells by technology, where rows tell theirs."""
    if not {"cell_id", "technology"} <= {*ours}:
        return {}
    pairs = ours[["cell_id", "technology"]].dropna().drop_duplicates()
    by_technology = pairs.groupby("technology")["cell_id"]
    return {str(name): sorted(ids) for name, ids in by_technology}


def _place_periods(
    ours: pd.DataFrame, theirs: pd.DataFrame, source: Source, findings: Findings
) -> None:
    """Periods begin where the source says; hours 1 to 24 taken for starts are a fault."""
    if "period_s" not in ours or "period_start_utc" not in ours:
        return
    if source.time_is == "end":
        ours["period_start_utc"] = starts_of(ours["period_start_utc"], ours["period_s"])
        return
    texts = theirs["period_start_utc"]
    if fault := hour_fault(texts, ours["period_start_utc"], ours["period_s"]):
        findings.file.append(f"period_start_utc: {fault}")


def _derive_seconds(ours: pd.DataFrame) -> None:
    """Seconds of unavailability, which add up, of availability, which does not."""
    if "availability" in ours and "unavail_s" not in ours:
        ours["unavail_s"] = (1 - ours["availability"]) * ours["period_s"]


def _classify(ours: pd.DataFrame, theirs: pd.DataFrame, table: Table, findings: Findings) -> None:
    """Class of each complaint by its type; where neither is known it is other, unknown."""
    if table.name != "complaint":
        return
    none = pd.Series(None, index=ours.index, dtype="str")
    kind, stated = ours.get("complaint_type", none), ours.get("complaint_class", none)
    implied = kind.map(CLASS_OF)
    columns = [name for name in ("complaint_class", "complaint_type") if name in theirs]
    is_empty = theirs[columns].isna().all(axis=1)
    findings.add("value", "complaint_class", theirs, is_empty, "no category; counted as other")
    clashes = stated.notna() & implied.notna() & (stated != implied)
    findings.add(
        "value", "complaint_type", theirs, clashes, "of another class than complaint_class"
    )
    is_unknown = clashes | (kind.isna() & (stated.isna() | ("complaint_type" in columns)))
    ours["complaint_type"] = kind.mask(is_unknown, UNKNOWN)
    ours["complaint_class"] = stated.fillna(implied).fillna("other")


def relate(ours: pd.DataFrame, theirs: pd.DataFrame, findings: Findings) -> None:
    """Values that contradict each other are missing: which of them is wrong nobody knows.

    `ours`: typed columns, changed in place. `theirs`: the file's, with source_row. `findings` gets
    a line for each value set to missing.
    """
    for name in _CALLS:
        if name in ours:
            bad = ours[name] > _MOST_CALLS
            findings.add("value", name, theirs, bad, f"above {_MOST_CALLS:,}: a counter gone round")
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
            findings.add("value", name, theirs, bad, f"more than {times}{limit}")
            ours[name] = ours[name].mask(bad)


def _relate_handovers(ours: pd.DataFrame, theirs: pd.DataFrame, findings: Findings) -> None:
    """Of more successes than attempts of a relation, successes are missing."""
    if {"ho_exe_att", "ho_exe_succ"} <= {*ours}:
        bad = ours["ho_exe_succ"] > ours["ho_exe_att"]
        findings.add("value", "ho_exe_succ", theirs, bad, "more than ho_exe_att")
        ours["ho_exe_succ"] = ours["ho_exe_succ"].mask(bad)


def _name_globally(ours: pd.DataFrame, theirs: pd.DataFrame, findings: Findings) -> None:
    """Global identities in one spelling, and the eNodeB that those of lte name."""
    if "ecgi_or_ncgi" not in ours:
        return
    technology = ours.get("technology", pd.Series("", index=ours.index))
    ids, reason = cell_identity.global_ids(ours["ecgi_or_ncgi"], technology)
    findings.add("value", "ecgi_or_ncgi", theirs, reason != "", reason)
    ours["ecgi_or_ncgi"] = ids
    if "enb_id" not in ours:
        ours["enb_id"] = cell_identity.enb_ids(ids).where(technology == "lte")


def _fill_in(
    ours: pd.DataFrame, table: Table, source: Source, file_hash: str, is_day: pd.Series | None
) -> None:
    """Columns that every row has, whether or not the file gives them.

    `is_day`: whether the time of each row is a day without a clock; None = nobody looked.
    """
    if "call_id" in table.columns and "call_id" not in ours:
        ours["call_id"] = file_hash + "-" + ours["source_row"].astype("str")
    if "time_grain" in table.columns:
        rule = source.from_name.get(table.day_of)
        grain = pd.Series("instant", index=ours.index)
        if isinstance(rule, FromName):
            grain[:] = rule.grain
        elif is_day is not None:
            grain[is_day] = "day"
        ours["time_grain"] = ours["time_grain"].fillna(grain) if "time_grain" in ours else grain
    if table.name == "nps" and "survey_weight" not in ours:
        ours["survey_weight"] = 1.0
    if table.name == "pm":
        suspect = ours["suspect"] if "suspect" in ours else pd.Series(False, index=ours.index)
        ours["suspect"] = suspect.astype("boolean").fillna(False)


def _refuse_incomplete(
    ours: pd.DataFrame, theirs: pd.DataFrame, table: Table, findings: Findings
) -> pd.Series:
    """Whether each row has its key and its required columns."""
    is_complete = pd.Series(True, index=ours.index)
    for name in dict.fromkeys((*table.key, *table.required)):
        # a cell without a position still counts; a row of history without a start is always valid
        if name in ours and name not in (*POSITION, "valid_from"):
            is_missing = ours[name].isna()
            findings.add("row", name, theirs, is_missing, REQUIRED)
            is_complete &= ~is_missing
    return is_complete


def _refuse_unreadable_ends(
    ours: pd.DataFrame, theirs: pd.DataFrame, table: Table, findings: Findings
) -> pd.Series:
    """Whether each row's ends can be read where they are given: nothing means "never over"."""
    has_ends = pd.Series(True, index=ours.index)
    for name in _ENDS.get(table.name, ()):
        if name not in theirs:
            continue
        given = without_ends(theirs[name], starts=name == "valid_from")
        is_lost = ours[name].isna() & given.notna()
        findings.add("row", name, theirs, is_lost, "given, and can't be read")
        has_ends &= ~is_lost
    if {"start_utc", "end_utc"} <= {*ours} and table.name in _ENDS:
        is_backward = ours["end_utc"] < ours["start_utc"]
        findings.add("row", "end_utc", theirs, is_backward, "ends before it starts")
        has_ends &= ~is_backward
    if table.name == "outage" and {"start_utc", "end_utc"} <= {*ours}:
        is_endless = ours["end_utc"] - ours["start_utc"] > _LONGEST_OUTAGE
        findings.add("row", "end_utc", theirs, is_endless, _ENDLESS)
        has_ends &= ~is_endless
    return has_ends


def _refuse_own(ours: pd.DataFrame, theirs: pd.DataFrame, findings: Findings) -> pd.Series:
    """Whether each row's neighbour, where it has one, is another cell."""
    if not {"cell_id", "neighbour_cell_id"} <= {*ours}:
        return pd.Series(True, index=ours.index)
    is_own = ours["cell_id"] == ours["neighbour_cell_id"]
    findings.add("row", "neighbour_cell_id", theirs, is_own, "the cell itself")
    return ~is_own


def _refuse_far_rows(
    ours: pd.DataFrame, theirs: pd.DataFrame, table: Table, findings: Findings
) -> pd.Series:
    """Whether each row's time is near others: a mistyped year would make all the rest old."""
    is_near = pd.Series(True, index=ours.index)
    times = ours[table.day_of].dropna() if table.day_of in ours else pd.Series(dtype="object")
    if len(times) < _FAR_ROWS:
        return is_near
    ordered = times.sort_values()
    steps = ordered.diff()
    newest = steps[-max(int(_FAR_SHARE * len(ordered)), 1) :]
    if not (newest > _FAR).any():
        return is_near
    is_near.loc[ordered.loc[newest[newest > _FAR].index[0] :].index] = False
    findings.add("row", table.day_of, theirs, ~is_near, _FAR_OFF)
    return is_near


def _beside_cells(rows: pd.DataFrame, table: Table, settings: Settings) -> list[list[str]]:
    """What is to be said beside the cells of events whose end can't be read."""
    if table.name not in _ENDS or not {"cell_id", "start_utc"} <= {*rows} or rows.empty:
        return []
    days = local_days(rows["start_utc"], settings.operator.timezone)
    text = (
        f"its {table.name} from this day on has an end that can't be read: the row is refused, and "
        "the hours of it are searched like any other"
    )
    named = rows["cell_id"].notna()
    pairs = zip(rows["cell_id"][named], days[named], strict=True)
    return [[str(cell), str(day), text] for cell, day in pairs]


def _count_lost(ours: pd.DataFrame, table: Table, findings: Findings) -> None:
    """How many values of each row were impossible, and how many of them below zero."""
    if not {*COUNTED} <= {*table.columns}:
        return
    values = [part[part["scope"] == "value"] for part in findings.rows]
    masked = pd.concat([ours[["source_row"]].iloc[:0].assign(masked_value=""), *values])
    negative = masked[masked["masked_value"].str.startswith("-")]
    for name, rows in zip(COUNTED, (masked, negative), strict=True):
        ours[name] = ours["source_row"].map(rows["source_row"].value_counts()).fillna(0)


def _shaped(ours: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The table's columns in its order; None where there is nothing for one."""
    absent = [name for name in table.columns if name not in ours]
    # all at once: a frame looks itself over at every new column
    nothing = np.full((len(ours), len(absent)), None, dtype=object)
    whole = pd.concat([ours, pd.DataFrame(nothing, ours.index, absent)], axis=1)
    return whole[list(table.columns)].reset_index(drop=True)


def _refused_rows(
    findings: Findings, raw: Raw, table: Table, file: str, file_hash: str
) -> pd.DataFrame:
    """Rows of table `refused`, one for each row of the file and column."""
    malformed = raw.malformed.assign(column_name="", scope="row", masked_value="")
    columns = list(TABLES["refused"].columns)
    kept_out = raw.kept_out.assign(masked_value="")
    faults = pd.concat([malformed, kept_out, *findings.rows]).assign(
        table_name=table.name, source_file=file, file_hash=file_hash
    )
    if faults.empty:
        return faults[columns].reset_index(drop=True)
    # a value that made its row refused counts once: as the row's, with the value's own reason;
    # "row" is less than "value", and the value's own reason stands first
    faults = faults.sort_values(
        ["source_row", "column_name", "scope"], ascending=[True, True, False]
    )
    faults["scope"] = faults.groupby(["source_row", "column_name"])["scope"].transform("min")
    return faults.drop_duplicates(["source_row", "column_name"])[columns].reset_index(drop=True)
